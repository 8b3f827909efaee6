import { goldAnswers } from '@mastery/jobs/src/training/gold-answers.ts'
import { trainingCut } from '@mastery/topology/evaluation/fingerprint.ts'
import { hash53 } from '@mastery/topology/events/hash.ts'
import { kindIndex } from '@mastery/topology/events/kinds.ts'
import { partitionOf } from '@mastery/topology/partition.ts'
import { SCORE_STATE, type ScoreState } from '@mastery/topology/stages/scoring/state.ts'
import { command, eventInput, shuffled, troublesomeLog } from '@mastery/topology/testing/learner-log.ts'
import { afterEach, describe, expect, it } from 'vitest'
import { World } from './world.ts'

let world: World
afterEach(() => world?.close())

const STUDENTS = ['student-0', 'student-1', 'student-2']

async function folded(student: string): Promise<ScoreState> {
  const { state, profile } = world.installation
  const partition = partitionOf(student, profile.partitions)
  const scope = { stage: 'scoring', generation: 0, topic: 'learning.features', partition } as const
  const [bytes] = await state.load(scope, [student])
  return SCORE_STATE.decode(bytes!, student)
}

describe('answers from gold', () => {
  it('are those that the models folded, in their order, but for corrected ones', async () => {
    world = await World.open()
    const log = troublesomeLog(5, 600)
    const voided = log.filter((e) => e.score !== null && e.supersedes === null).slice(10, 20)
    await world.send([
      ...shuffled(log, 3).map(eventInput),
      ...voided.map((e, i) => command(`void ${i}`, 'void', { student: e.student, target_event_id: e.event_id })),
    ])
    const targets = new Set([...log.flatMap((e) => e.supersedes ?? []), ...voided.map((e) => e.event_id)])
    const touched = new Set([...targets].map(hash53))
    // An opportunity is left out where any piece of evidence for it was touched: which of them stands for it then is
    // for the windows to say.
    const shared = new Map<string, string[]>()
    for (const e of log) {
      if (e.opportunity_key === null) continue
      const key = `${e.student}/${e.opportunity_key}`
      shared.set(key, [...(shared.get(key) ?? []), e.event_id])
    }
    for (const ids of shared.values())
      if (ids.some((id) => targets.has(id))) for (const id of ids) touched.add(hash53(id))

    const { log: answers } = await goldAnswers(world.gold, 0)
    let compared = 0
    for (const student of STUDENTS) {
      const { ring, sets } = await folded(student)
      const expected: unknown[] = []
      for (let i = 0; i < ring.n; i++) {
        const topics = sets.sets[ring.set[i]!]!.map((t) => sets.topics.names[t]!)
        // What a teacher judged is evidence for the models, and no answer.
        if (ring.kind[i] === kindIndex('teacher_feedback')) continue
        if (!touched.has(ring.id[i]!) && topics.length > 0)
          expected.push([ring.t[i]!, ring.score[i]! >= 500_000, [...topics].sort().join()])
      }
      const found: unknown[] = []
      const s = answers.students.indexOf(student)
      for (let r = 0; r < answers.size; r++) {
        if (answers.student[r] !== s) continue
        const topics = [...answers.topic.subarray(answers.topicStart[r]!, answers.topicStart[r + 1]!)]
        found.push([
          answers.at[r]!,
          answers.correct[r] === 1,
          topics
            .map((t) => answers.topics[t]!)
            .sort()
            .join(),
        ])
      }
      expect(found.length).toBeGreaterThan(40)
      const missing = expected.filter((e) => !found.some((f) => JSON.stringify(f) === JSON.stringify(e)))
      expect(missing).toEqual([])
      compared += expected.length
    }
    expect(compared).toBeGreaterThan(150)
    expect(answers.size).toBeLessThanOrEqual(log.length)
  })

  it('carry the same fingerprint as long as they are the same', async () => {
    world = await World.open()
    const log = troublesomeLog(6, 200)
    await world.send(log.slice(0, 150).map(eventInput))
    const first = await goldAnswers(world.gold, 0)
    const again = await goldAnswers(world.gold, 0)
    const cut = trainingCut(first.log, 'gold', first.offsets)
    expect(trainingCut(again.log, 'gold', again.offsets)).toEqual(cut)
    await world.send(log.slice(150).map(eventInput))
    const later = await goldAnswers(world.gold, 0)
    expect(trainingCut(later.log, 'gold', later.offsets).data_sha256).not.toBe(cut.data_sha256)
    expect(trainingCut(later.log, 'gold', later.offsets).subjects_sha256).toBe(cut.subjects_sha256)
    const half = await goldAnswers(world.gold, 0, { to: first.log.at[10]! })
    expect([...half.log.at].every((at) => at < first.log.at[10]!)).toBe(true)
    expect(half.log.size).toBeGreaterThan(0)
  })
})
