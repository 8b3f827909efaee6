import { describe, expect, it } from 'vitest'
import { answer, DAY, DAY_ZERO, voiding } from '../../testing/learner-log.ts'
import { bothStages, TopologyDriver } from '../../testing/topology-driver.ts'
import type { WindowState } from './state.ts'

const SMALL = { min: 16, max: 100, days: 90 }
const at = (id: string, days: number, topic = 'algebra') =>
  answer(id, { occurred_at: DAY_ZERO + Math.round(days * DAY), topics: [topic], source_sequence: 0 })
const daily = (n: number, from = 0, topic = 'algebra') =>
  Array.from({ length: n }, (_, i) => at(`${topic}${from + i}`, from + i, topic))
const drive = () => new TopologyDriver(bothStages(SMALL))
const row = (d: TopologyDriver, topic = 'algebra') => d.currentFeatures().get(`student-1/${topic}`)!

describe('a ring that forgets', () => {
  it('keeps the windows exact and the total, where only events beyond the longest window leave', () => {
    const d = drive().events(...daily(300))
    expect(row(d)).toMatchObject({ approximate: false, attempts_total: 300 })
    expect(row(d).windows.map((w) => w.attempts)).toEqual([7, 30, 90])
    expect(d.state<WindowState>('features', 'student-1').ring.n).toBeLessThan(160)
  })

  it('flags rows while a full ring lacks events of their windows, and no longer', () => {
    const burst = Array.from({ length: 300 }, (_, i) => at(`b${i}`, i / 1000))
    const d = drive().events(...burst)
    expect(row(d)).toMatchObject({ approximate: true, attempts_total: 300 })
    expect(row(d).windows[2]!.attempts).toBeLessThanOrEqual(SMALL.max)
    d.events(at('later', 80))
    expect(row(d).approximate).toBe(true)
    d.events(at('much later', 91))
    expect(row(d)).toMatchObject({ approximate: false, attempts_total: 302 })
  })

  it('flags a row of a dormant topic whose window reaches behind the ring, and not the others', () => {
    const d = drive().events(...daily(40, 0, 'ratios'), ...daily(100, 200), voiding('v', 'ratios39'))
    expect(d.features().at(-1)!.disposition).toBe('too_old')
    d.events(at('late', 215, 'ratios'), at('new', 301))
    expect(row(d, 'ratios')).toMatchObject({ approximate: false, previous_at: DAY_ZERO + 39 * DAY, attempts_total: 41 })
    d.events(voiding('v2', 'late', { occurred_at: DAY_ZERO + 302 * DAY }))
    expect(row(d, 'ratios')).toMatchObject({ approximate: true, as_of: DAY_ZERO + 39 * DAY, attempts_total: 40 })
    expect(row(d).approximate).toBe(false)
  })

  it('says too_old of an event from before the ring, is stale from there on, and counts it nowhere', () => {
    const d = drive().events(...daily(300))
    const before = row(d)
    d.events(at('old', 100.5))
    const f = d.features().at(-1)!
    expect(f).toMatchObject({ disposition: 'too_old', ops: [] })
    expect(row(d)).toEqual(before)
    expect(d.scores().at(-1)).toMatchObject({ stale: true, predictions: [], rows: [] })
    d.events(at('next', 301))
    expect(d.scores().at(-1)).toMatchObject({ stale: true })
    expect(d.state<WindowState>('features', 'student-1').stale).toBe(true)
    expect(row(d).attempts_total).toBe(301)
  })

  it('flags the rows of a topic that lack an event from before the ring', () => {
    const d = drive().events(
      ...Array.from({ length: 300 }, (_, i) => at(`b${i}`, 10 + i / 1000)),
      at('old', 5, 'ratios'),
    )
    expect(row(d, 'ratios')).toMatchObject({ approximate: true, attempts_total: 0 })
  })

  it('counts nothing twice when an old event arrives again', () => {
    const events = daily(300)
    const d = drive().events(...events, events[10]!, events[299]!)
    expect(
      d
        .features()
        .slice(-2)
        .map((f) => f.disposition),
    ).toEqual(['too_old', 'duplicate'])
    d.events(at('next', 300))
    expect(row(d).attempts_total).toBe(301)
    expect(row(d).windows.map((w) => w.attempts)).toEqual([7, 30, 90])
    expect(d.currentScores().get('student-1/algebra')!.opportunities).toBe(301)
  })

  it('asks for a rebuild where a void may aim at what left, and applies it should the event come after all', () => {
    const d = drive().events(...daily(300), voiding('v', 'algebra5'), voiding('w', 'not yet'))
    expect(
      d
        .features()
        .slice(-2)
        .map((f) => f.disposition),
    ).toEqual(['too_old', 'too_old'])
    d.events(at('not yet', 300))
    expect(d.features().at(-1)!.disposition).toBe('voided')
    expect(row(d).attempts_total).toBe(300)
  })
})
