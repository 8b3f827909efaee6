import { describe, expect, it } from 'vitest'
import { rapidThreshold } from '../items/rapid.ts'
import { TimeHistogram } from '../items/time-histogram.ts'
import { simulateSchool } from '../school/school.ts'
import { RAPID_BELOW } from '../school/sources.ts'
import { EffortTally } from './response-time-effort.ts'

describe('response-time effort', () => {
  it('is the share of answers that took the threshold or more', () => {
    const tally = new EffortTally()
    const other = new EffortTally()
    for (let i = 0; i < 20; i++) (i < 10 ? tally : other).add(i < 3 ? 1999 : 2000, 2000)
    tally.add(5, null)
    tally.add(Number.NaN, 2000)
    expect(tally.verdict).toBe('insufficient')
    tally.merge(other)
    expect([tally.timed, tally.rapid, tally.effort, tally.verdict]).toEqual([20, 3, 0.85, 'low effort'])
    expect([new EffortTally().effort, new EffortTally().verdict]).toEqual([null, 'insufficient'])
  })

  it('finds the rapid guessers of the simulated school, and nobody else', () => {
    const school = simulateSchool({ seed: 3, students: 200, events: 40_000, tenant: 'school', pseudonym: (s) => s })
    const seen = new Set<string>()
    const answers: { student: string; item: string; ms: number; correct: boolean }[] = []
    for (const r of school.records()) {
      if (r.type !== 'event' || r.event.role !== 'evidence' || seen.has(r.event.event_id)) continue
      seen.add(r.event.event_id)
      const { student, item, response_time_ms: ms, score } = r.event
      answers.push({ student, item: item!, ms: ms!, correct: score! >= 0.5 })
    }
    const thresholds = new Map<string, number | null>()
    for (const [item, list] of Map.groupBy(answers, (a) => a.item)) {
      const times = new TimeHistogram()
      for (const a of list) times.add(a.ms, a.correct)
      thresholds.set(item, rapidThreshold(times).chosen)
    }
    let hits = 0
    let alarms = 0
    let planted = 0
    const efforts = new Map<string, EffortTally>()
    for (const a of answers) {
      const threshold = thresholds.get(a.item)!
      // The school's own answers: a guess never takes longer, an earnest answer never less.
      const guess = a.ms < RAPID_BELOW
      if (guess) planted++
      if (a.ms < threshold) alarms++
      if (guess && a.ms < threshold) hits++
      let tally = efforts.get(a.student)
      if (tally === undefined) efforts.set(a.student, (tally = new EffortTally()))
      tally.add(a.ms, threshold)
    }
    // Measured: precision 0.999, recall 0.896 with some fifty answers to an item; 0.996 and 0.997 with four hundred.
    expect(hits / alarms).toBeGreaterThan(0.99)
    expect(hits / planted).toBeGreaterThan(0.85)
    const found = [...efforts].filter(([, t]) => t.verdict === 'low effort').map(([student]) => student)
    expect(found.sort()).toEqual(school.students.filter((s) => s.profile === 'guesser').map((s) => s.id))
  })
})
