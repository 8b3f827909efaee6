import { describe, expect, it } from 'vitest'
import { studentStarts } from '../../evaluation/answer-log.ts'
import type { MasteryLabel } from '../../evaluation/learner.ts'
import { answersOf, logOf } from '../../evaluation/testing/answers.ts'
import { ELO_LEARNER } from '../elo/learner.ts'
import { baseOf } from './bases.ts'
import { askedLog } from './labels.ts'
import { treesLearner } from './learner.ts'

const log = logOf(answersOf(6, { students: 40, answers: 30 }))
const bases = [baseOf(ELO_LEARNER)]
const learner = treesLearner('trees', '', bases, { folds: 3, rounds: 30 })
const starts = studentStarts(log)
/** Each student is judged on a topic after the tenth answer. */
const labels = (value: (s: number) => number): MasteryLabel[] =>
  log.students.map((student, s) => ({
    student,
    topic: log.topics[0]!,
    at: log.at[starts[s]! + 10]! + 1,
    value: value(s),
  }))

describe('judgements as examples', () => {
  it('are asked behind what their student had answered by then, and of nobody else', () => {
    const [one, two] = labels(() => 0.7)
    const asked = askedLog(log, [one!, { ...two!, at: log.at[starts[1]!]! }, { ...one!, student: 'nobody' }])
    expect([...asked.value]).toEqual([0.7, 0.7])
    expect([...asked.student]).toEqual([0, 1])
    const [first, second] = [...studentStarts(asked.log)].slice(1)
    expect(second! - first!).toBe(1)
    for (let r = 0; r < first! - 1; r++) {
      expect([asked.log.item[r], asked.log.correct[r], asked.log.at[r]]).toEqual([
        log.item[r],
        log.correct[r],
        log.at[r],
      ])
      expect(log.at[r]).toBeLessThan(one!.at)
    }
    expect([asked.log.item[first! - 1], asked.log.topic[asked.log.topicStart[first! - 1]!]]).toEqual([-1, 0])
  })

  it('move what is said of topics towards them, by their weight, and leave a fit without them as it is', async () => {
    const run = { seed: 3 }
    const plain = learner.encode(await learner.fit(log, run))
    const none = await learner.fit(log, { ...run, labels: { labels: labels(() => 0.05), weight: 0 } })
    expect(Buffer.from(learner.encode(none)).equals(Buffer.from(plain))).toBe(true)
    const asked = askedLog(
      log,
      labels(() => 0.05),
    )
    const last = [...studentStarts(asked.log)].slice(1).map((end) => end - 1)
    const said = async (weight: number) => {
      const artefact = await learner.fit(log, { ...run, labels: { labels: labels(() => 0.05), weight } })
      const p = await learner.predict(artefact, asked.log, run)
      return last.reduce((sum, r) => sum + p[r]!, 0) / last.length
    }
    const [no, some, much] = [await said(0), await said(2), await said(20)]
    expect(some).toBeLessThan(no - 0.02)
    expect(much).toBeLessThan(some - 0.02)
  })
})
