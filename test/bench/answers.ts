import { createHash } from 'node:crypto'
import { trainingCut } from '@mastery/topology/evaluation/fingerprint.ts'
import { loaderFormat } from '@mastery/topology/evaluation/loaders/formats.ts'
import { Random } from '@mastery/topology/school/random.ts'
import { figure, Stopwatch } from './measure.ts'
import type { Case } from './scenario.ts'

/** As "npx mastery train" keeps them. */
const MOST_ANSWERS = 5_000_000
const QUESTIONS = 13_500
const ANSWERS_PER_USER = 250
const CHUNK = 20_000

/** Rows of Riiid's train.csv joined with its questions, users one after the other as there: as text, piece by piece. */
function* rows(count: number): Generator<string> {
  const random = new Random(11)
  const about = Array.from({ length: QUESTIONS }, (_, q) => {
    const tags = [q % 188, (q * 7) % 188].slice(0, 1 + (q % 2))
    return `"${tags.join(' ')}",${1 + (q % 7)}`
  })
  yield 'timestamp,user_id,content_id,content_type_id,task_container_id,answered_correctly,prior_question_elapsed_time,prior_question_had_explanation,tags,part\n'
  let lines: string[] = []
  let user = 115
  let left = 0
  let at = 0
  for (let r = 0; r < count; r++) {
    if (left === 0) {
      user += 1 + (r % 5000)
      left = 1 + Math.floor(2 * ANSWERS_PER_USER * random.uniform())
      at = 0
    }
    left--
    const x = random.uniform()
    const question = Math.floor(x * QUESTIONS)
    at += 20_000 + (question % 1000)
    lines.push(
      `${at},${user},${question},0,${left},${question % 3 === 0 ? 0 : 1},${17_000 + (question % 7000)}.0,True,${about[question]}`,
    )
    if (lines.length < CHUNK) continue
    yield `${lines.join('\n')}\n`
    lines = []
  }
  if (lines.length > 0) yield `${lines.join('\n')}\n`
}

/** Reads so many rows as answers, of a sample of students where there are too many, and puts them in their sequences. */
function reading(count: number): Case {
  return async ({ quick, note }) => {
    const records = quick ? count / 100 : count
    const bound = { most: quick ? MOST_ANSWERS / 100 : MOST_ANSWERS, seed: 1 }
    const source = loaderFormat('riiid').source({ options: {}, columns: [], skipRejects: false, bound })
    const file = source.open({ fileName: 'train.csv', companions: {} })
    const watch = new Stopwatch()
    watch.start()
    let bytes = 0
    let next = records / 10
    let sent = 0
    for (const text of rows(records)) {
      file.push(text)
      bytes += text.length
      sent += CHUNK
      // The signal and other work of a real reader come in here.
      if (sent < next) continue
      next += records / 10
      await new Promise((r) => setImmediate(r))
      const { rss, heapUsed, arrayBuffers } = process.memoryUsage()
      note(
        `${Math.min(sent, records).toLocaleString('en')} rows; MiB resident ${Math.round(rss / 2 ** 20)}, heap ${Math.round(heapUsed / 2 ** 20)}, columns ${Math.round(arrayBuffers / 2 ** 20)}`,
      )
    }
    file.end()
    const { log, sampled } = source.build()
    const lap = await watch.stop()
    const cut = trainingCut(log, '')
    return [
      figure({ scenario: 'answers', what: `${records.toLocaleString('en')} rows into sequences`, records }, lap, {
        text_mib: Math.round(bytes / 2 ** 20),
        answers_kept: log.size,
        students_kept: log.students.length,
        share_of_students: sampled === null ? 1 : sampled.share,
        sequences: createHash('sha256').update(cut.data_sha256).digest('hex').slice(0, 12),
      }),
    ]
  }
}

export const cases = { '1M': reading(1_000_000), '10M': reading(10_000_000), '100M': reading(100_000_000) }
