import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { exactRows } from '../../testing/exact.ts'
import { command, DAY_ZERO, eventInput, MINUTE, shuffled, troublesomeLog } from '../../testing/learner-log.ts'
import { bothStages, type Input, RING, TopologyDriver } from '../../testing/topology-driver.ts'

const student = 'student-1'
/** Answers of one student, none of which voids or corrects another. */
const answers = (seed: number): LearningEvent[] =>
  troublesomeLog(seed, 60)
    .filter((e) => e.supersedes === null && e.occurred_at <= e.observed_at)
    .map((e) => ({ ...e, student }))

function rowsAfter(log: readonly Input[]) {
  const driver = new TopologyDriver(bothStages(RING)).send(...log)
  const scores = [...driver.currentScores()].map(
    ([key, { as_of, opportunities, scores, uncertainty }]) =>
      [key, { as_of, opportunities, scores, uncertainty }] as const,
  )
  return { features: exactRows(driver.currentFeatures()), scores: exactRows(new Map(scores)) }
}

const at = (i: number) => DAY_ZERO + i * MINUTE
const voidOf = (id: string, target: string, i: number) =>
  command(id, 'void', { student, target_event_id: target, issued_at: at(i) })
const regradeOf = (id: string, target: string, score: number, i: number) =>
  command(id, 'correction', { student, target_event_id: target, score, issued_at: at(i) })

describe('voids and corrections', () => {
  it('that are voided themselves leave no trace in windows and scores', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.nat(), fc.boolean(), (seed, pick, regrade) => {
        const events = answers(seed)
        const target = events[pick % events.length]!.event_id
        const change = regrade ? regradeOf('change', target, 0.25, 1) : voidOf('change', target, 1)
        const log = events.map(eventInput)
        expect(rowsAfter([...log, change, voidOf('back', 'change', 2)])).toEqual(rowsAfter(log))
      }),
      { numRuns: 60, seed: 7 },
    )
  })

  it('come to the same wherever they arrive among the events, also before their targets', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.array(fc.nat(), { minLength: 1, maxLength: 6 }),
        fc.nat(1000),
        (seed, picks, order) => {
          const events = answers(seed)
          const changes = picks.map((pick, i): Input => {
            const target = events[pick % events.length]!.event_id
            return i % 2 === 0 ? voidOf(`change ${i}`, target, i) : regradeOf(`change ${i}`, target, (pick % 5) / 4, i)
          })
          const log = events.map(eventInput)
          const mixed = rowsAfter(shuffled([...log, ...changes], order))
          const after = rowsAfter([...log, ...changes])
          expect(mixed.scores).toEqual(after.scores)
          expect(mixed.features).toEqual(after.features)
        },
      ),
      { numRuns: 60, seed: 8 },
    )
  })
})
