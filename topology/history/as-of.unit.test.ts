import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import { describe, expect, it } from 'vitest'
import { SCORE_META } from '../stages/scoring/meta.ts'
import { answer, command, DAY, DAY_ZERO, eventInput, troublesomeLog, voiding } from '../testing/learner-log.ts'
import { bothStages, type Input, RING, TopologyDriver } from '../testing/topology-driver.ts'
import { foldAsOf, rowsAsOf } from './as-of.ts'
import { foldHistory, type HistoryRecord } from './fold.ts'

const scoresAsOf = (...given: Parameters<typeof foldAsOf>) => {
  const folded = foldAsOf(...given)
  return folded && rowsAsOf(folded, given[2], given[4])
}

const DAYS = [7, 30, 90]
const options = { ring: RING, days: DAYS, scoring: SCORE_META.empty('') }

const records = (inputs: readonly (LearningEvent | Input)[]): HistoryRecord[] =>
  inputs.map((input, offset) => ({ ...('subject' in input ? input : eventInput(input)), offset }) as HistoryRecord)

describe('scores as of a time', () => {
  it('after everything are those that the stream ends with', () => {
    const student = 'student-1'
    const events = troublesomeLog(5, 150)
    const driver = new TopologyDriver(bothStages(RING)).send(
      ...events.map((value) => ({ subject: 'learning-event' as const, value })),
    )
    const own = records(events.filter((e) => e.student === student))
    const now = DAY_ZERO + 400 * DAY
    const found = scoresAsOf(student, own, options, null, now)!
    const streamed = [...driver.currentScores()].filter(([key]) => key.startsWith(`${student}/`)).map(([, row]) => row)
    const shown = (r: (typeof streamed)[number]) => [r.topic, r.as_of, r.opportunities, r.scores, r.uncertainty]
    const byTopic = (a: unknown[], b: unknown[]) => (String(a[0]) < String(b[0]) ? -1 : 1)
    expect(found.map((f) => shown(f.score)).sort(byTopic)).toEqual(streamed.map(shown).sort(byTopic))
    // Long after the last event: the windows are empty, what was learned is not.
    for (const { features, next } of found) {
      expect(features!.windows.map((w) => w.attempts)).toEqual([0, 0, 0])
      expect(features!.as_of).toBe(now)
      expect(next.get('blend')).toBeGreaterThan(0)
    }
  })

  it('know nothing of later events, whatever these were', () => {
    const at = (day: number) => ({ occurred_at: DAY_ZERO + day * DAY, observed_at: DAY_ZERO + day * DAY })
    const early = Array.from({ length: 12 }, (_, i) =>
      answer(`e${i}`, { student: 's', score: i % 3 > 0 ? 1 : 0, ...at(i) }),
    )
    const late = Array.from({ length: 9 }, (_, i) => answer(`l${i}`, { student: 's', score: i % 2, ...at(20 + i) }))
    const asOf = DAY_ZERO + 15 * DAY
    const alone = scoresAsOf('s', records(early), options, null, asOf)!
    expect(alone.length).toBeGreaterThan(0)
    for (const more of [late, late.map((e) => ({ ...e, correct: false, score: 0, topics: ['geometry'] }))])
      expect(scoresAsOf('s', records([...early, ...more]), options, null, asOf)).toEqual(alone)
    expect(scoresAsOf('s', records(early), options, null, DAY_ZERO - DAY)).toEqual([])
    const inSeven = alone.reduce((n, { features }) => n + features!.windows[0]!.attempts, 0)
    expect(inSeven).toBe(early.filter((e) => e.occurred_at > asOf - 7 * DAY).length)
  })

  it('take corrections as they are known now', () => {
    const early = Array.from({ length: 6 }, (_, i) =>
      answer(`e${i}`, {
        student: 's',
        occurred_at: DAY_ZERO + i * DAY,
        observed_at: DAY_ZERO + i * DAY,
        correct: false,
        score: 0,
      }),
    )
    const voided = early.map((e, i) =>
      command(`c${i}`, 'void', { student: 's', target_event_id: e.event_id, issued_at: DAY_ZERO + 30 * DAY }),
    )
    const asOf = DAY_ZERO + 10 * DAY
    expect(scoresAsOf('s', records(early), options, null, asOf)!.length).toBeGreaterThan(0)
    expect(scoresAsOf('s', records([...early, ...voided]), options, null, asOf)).toEqual([])
    const taken = early.map((e, i) => voiding(`v${i}`, e.event_id, { student: 's', occurred_at: DAY_ZERO + 30 * DAY }))
    expect(scoresAsOf('s', records([...early, ...taken]), options, null, asOf)).toEqual([])
  })

  it('are refused where a checkpoint reaches beyond the time', () => {
    const whole = records(
      Array.from({ length: 5 }, (_, i) =>
        answer(`e${i}`, { student: 's', occurred_at: DAY_ZERO + i * DAY, observed_at: DAY_ZERO + i * DAY }),
      ),
    )
    const { windows, scores } = foldHistory('s', whole, options)
    // Only what is asked of it; the fold from a checkpoint has tests of its own.
    const kept = { windows, scores, asOf: 5 } as unknown as Parameters<typeof scoresAsOf>[3]
    expect(scoresAsOf('s', [], options, kept, DAY_ZERO + 2 * DAY)).toBeNull()
  })
})
