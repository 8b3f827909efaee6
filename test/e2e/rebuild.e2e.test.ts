import { rebuildStale } from '@mastery/jobs/src/rebuild/job.ts'
import { rebuildStudents } from '@mastery/jobs/src/rebuild/rebuild.ts'
import { staleStudents } from '@mastery/jobs/src/rebuild/stale.ts'
import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import { featureRowsOf, foldHistory, type HistoryRecord, scoreRowsOf } from '@mastery/topology/history/fold.ts'
import { SCORE_META } from '@mastery/topology/stages/scoring/meta.ts'
import { answer, command, DAY, DAY_ZERO, MINUTE, shuffled } from '@mastery/topology/testing/learner-log.ts'
import type { Input } from '@mastery/topology/testing/topology-driver.ts'
import { afterEach, describe, expect, it } from 'vitest'
import { World } from './world.ts'

const asInput = (value: LearningEvent): Input => ({ subject: 'learning-event', value })
const pseudonym = (i: number) => i.toString(16).padStart(32, '0')

let world: World
afterEach(() => world.close())

/** `count` answers of a student, a few hours apart: beyond 1,024 of them the oldest leave the ring. */
function answers(student: string, count: number): LearningEvent[] {
  return Array.from({ length: count }, (_, i) =>
    answer(`${student.slice(-4)}-${i}`, {
      student,
      occurred_at: DAY_ZERO + i * 7 * 60 * MINUTE,
      source_sequence: i,
      item: `item-${i % 97}`,
      topics: [i < 60 ? 'early' : ['algebra', 'fractions', 'ratios'][i % 3]!],
      score: (i * 7919) % 11 < 7 ? 1 : 0,
    }),
  )
}

/** Gold's current rows of a student against the fold of all that was sent, to the bit. */
async function differences(student: string, sent: readonly Input[]): Promise<string[]> {
  const { windows } = world.installation.profile
  const scoring = SCORE_META.empty('')
  const records = sent
    .map((input, offset) => ({ ...input, offset }))
    .filter((r) => 'student' in r.value && r.value.student === student) as HistoryRecord[]
  const f = foldHistory(student, records, { ...windows, scoring })
  const features = await world.gold.query<Record<string, unknown>>(
    `SELECT topic_id AS topic, toUnixTimestamp64Milli(as_of) AS as_of, attempts_total, attempts_7d, correct_30d, score_micro_90d,
      trend_per_day, decayed_accuracy, approximate FROM student_topic_features FINAL WHERE student_id = {student:String} ORDER BY topic`,
    { student },
  )
  const wanted = featureRowsOf(f, windows.days).map((r) => ({
    topic: r.topic,
    as_of: r.as_of,
    attempts_total: r.attempts_total,
    attempts_7d: r.windows[0]!.attempts,
    correct_30d: r.windows[1]!.correct,
    score_micro_90d: r.windows[2]!.score_micro,
    trend_per_day: r.trend_per_day,
    decayed_accuracy: r.decayed_accuracy,
    approximate: r.approximate,
  }))
  const scores = await world.gold.query<Record<string, unknown>>(
    `SELECT topic_id AS topic, toUnixTimestamp64Milli(as_of) AS as_of, opportunities, mastery_scores, uncertainty, stale
      FROM student_mastery_rows FINAL WHERE student_id = {student:String} ORDER BY topic`,
    { student },
  )
  const wantedScores = scoreRowsOf(f, scoring).map((r) => ({
    topic: r.topic,
    as_of: r.as_of,
    opportunities: r.opportunities,
    mastery_scores: r.scores.map((s) => s.mastery),
    uncertainty: r.uncertainty,
    stale: false,
  }))
  const text = (rows: { topic?: unknown }[]) => rows.map((r) => JSON.stringify(r)).sort()
  const [a, b] = [
    [...text(features), ...text(scores)],
    [...text(wanted), ...text(wantedScores)],
  ]
  return a.length === b.length ? a.filter((line, i) => line !== b[i]) : [...a, '---', ...b]
}

describe('a rebuild', () => {
  it('brings students with late events and a file imported twice to the fold in event order', async () => {
    world = await World.open()
    const students = [1, 2, 3, 4, 5].map(pseudonym)
    // The first three get everything twice; of the others the oldest answers come last.
    const sent: Input[] = []
    for (const [i, student] of students.entries()) {
      const all = answers(student, i < 3 ? 1300 : 1200).map(asInput)
      sent.push(...(i < 3 ? [...all, ...all] : [...all.slice(40), ...shuffled(all.slice(0, 40), 7)]))
    }
    await world.send(sent)
    const parts = world.parts()
    const stale = await staleStudents(parts)
    expect(stale.map((s) => s.student)).toEqual(students)
    expect((await differences(students[3]!, sent)).length).toBeGreaterThan(0)

    expect(await rebuildStale(parts)).toEqual({ wanted: 5, installed: 5, left: {} })
    await world.drained()
    expect(await staleStudents(parts)).toEqual([])
    for (const student of students) expect(await differences(student, sent)).toEqual([])

    // Once more: the third copy of an old answer asks again, and ends there again.
    const third = asInput(answers(students[0]!, 1)[0]!)
    await world.send([third])
    expect(await rebuildStale(parts)).toEqual({ wanted: 1, installed: 1, left: {} })
    await world.drained()
    expect(await differences(students[0]!, [...sent, third])).toEqual([])
    expect(await staleStudents(parts)).toEqual([])
  })

  it('tries again while new answers come in', async () => {
    world = await World.open()
    const student = pseudonym(77)
    const all = answers(student, 1400).map(asInput)
    const sent: Input[] = all.slice(100, 1200)
    await world.send(sent)
    const late = all.slice(0, 100)
    await world.send(late)
    sent.push(...late)
    const rest = all.slice(1200)
    // The first try always meets a record that came after it had read.
    const parts = world.parts()
    const append = parts.log.append.bind(parts.log)
    let tries = 0
    const log = new Proxy(parts.log, {
      get: (target, name) =>
        name === 'append'
          ? async (records: Parameters<typeof append>[0]) => {
              if (tries++ < 2) {
                const more = rest.splice(0, 50)
                sent.push(...more)
                await world.append(more)
              }
              await append(records)
            }
          : (Reflect.get(target, name).bind?.(target) ?? Reflect.get(target, name)),
    })
    const results = await rebuildStudents({ ...parts, log }, [{ student }], { reason: 'test' })
    expect(results.get(student)).toMatchObject({ outcome: 'installed', attempts: 3 })
    await world.drained()
    expect(await differences(student, sent)).toEqual([])
  })

  it('leaves an erased student erased, and says who is unknown', async () => {
    world = await World.open()
    const student = pseudonym(9)
    const issued_at = DAY_ZERO + 400 * DAY
    await world.send([...answers(student, 30).map(asInput), command('erase-9', 'erase', { student, issued_at })])
    const parts = world.parts()
    const results = await rebuildStudents(parts, [{ student }, { student: pseudonym(10) }], { reason: 'test' })
    expect(results.get(student)).toMatchObject({ outcome: 'erased' })
    expect(results.get(pseudonym(10))).toMatchObject({ outcome: 'unknown' })
    await world.send([asInput(answers(student, 31)[30]!)])
    const rows = await world.gold.query<{ n: number }>(
      'SELECT count() AS n FROM student_mastery_rows FINAL WHERE student_id = {student:String} AND opportunities > 0 AND last_updated > {at:DateTime64(3)}',
      { student, at: issued_at / 1000 },
    )
    expect(rows[0]!.n).toBe(0)
  })
})
