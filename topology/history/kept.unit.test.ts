import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareStates } from '../reconcile/states.ts'
import { Findings } from '../reconcile/tally.ts'
import { inForce } from '../stages/scoring/in-force.ts'
import { SCORE_META } from '../stages/scoring/meta.ts'
import { SCORE_STATE } from '../stages/scoring/state.ts'
import { evictLearned, learnBase } from '../stages/scoring/trim.ts'
import type { RingLimits } from '../stages/windowing/apply.ts'
import { compareOrder } from '../stages/windowing/ring.ts'
import { WINDOW_STATE } from '../stages/windowing/state.ts'
import { exact } from '../testing/exact.ts'
import { answer, command, DAY, DAY_ZERO, MINUTE, troublesomeLog } from '../testing/learner-log.ts'
import type { Input } from '../testing/topology-driver.ts'
import { type FoldedHistory, featureRowsOf, foldHistory, type HistoryRecord, scoreRowsOf } from './fold.ts'
import { keptOf } from './keep.ts'
import { type HistoryCheckpoint, readKept, writeKept } from './kept.ts'

const RING: RingLimits = { min: 12, max: 60, days: 20 }
const DAYS = [3, 7, 20]
const scoring = SCORE_META.empty('')
const options = { ring: RING, days: DAYS, scoring }
const STUDENT = 'student-1'

const records = (inputs: readonly Input[]): HistoryRecord[] =>
  inputs.flatMap((input, offset) =>
    input.subject === 'learning-event' || input.subject === 'student-command'
      ? [{ ...input, offset: offset * 3 } as HistoryRecord]
      : [],
  )
const asInput = (value: LearningEvent): Input => ({ subject: 'learning-event', value })

/** The fold over all records, made in as many parts as there are cuts: each from the bytes of the checkpoint before. */
function inParts(log: readonly HistoryRecord[], cuts: readonly number[]): FoldedHistory {
  let from: HistoryCheckpoint | null = null
  let behind = 0
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    const asOf: number = log[cut]?.offset ?? log.at(-1)!.offset + 1
    const known: readonly HistoryRecord[] = log.filter((r) => r.offset < asOf && r.offset >= (from?.asOf ?? 0))
    const part: FoldedHistory = foldHistory(STUDENT, known, options, from)
    behind += part.behind
    from = readKept(writeKept(keptOf(part, options, asOf)), STUDENT)
  }
  const last = foldHistory(STUDENT, log, options, from)
  last.behind += behind
  return last
}

/** Everything that a fold comes to. The models' checkpoints are brought to one place first: it may not move back. */
function outcome(f: FoldedHistory, upTo: FoldedHistory): string[] {
  const features = featureRowsOf(f, DAYS)
  const scores = scoreRowsOf(f, scoring)
  const { ring, baseEnd } = f.scores
  const end = upTo.scores.baseEnd
  let count = 0
  while (count < ring.n && compareOrder(ring.t[count]!, ring.seq[count]!, ring.id[count]!, end.t, end.seq, end.id) <= 0)
    count++
  if (count > 0 && compareOrder(baseEnd.t, baseEnd.seq, baseEnd.id, end.t, end.seq, end.id) < 0)
    learnBase(f.scores, count, inForce(scoring).params)
  evictLearned(f.scores, count)
  const kept = keptOf(f, options, 1e6)
  return [
    ...features.map(exact),
    ...scores.map(exact),
    exact([f.firstOffset, f.lastOffset, f.conflicts.length, kept.events]),
    Buffer.from(WINDOW_STATE.encode(kept.windows)).toString('base64'),
    Buffer.from(SCORE_STATE.encode(kept.scores)).toString('base64'),
    exact([kept.rows, kept.met.windows, [...kept.expired.events].sort(), [...kept.expired.opportunities].sort()]),
  ]
}

/** Arrival: event time, put off by up to `late` places. */
function arrival(events: readonly LearningEvent[], late: readonly number[]): LearningEvent[] {
  return events
    .map((event, i) => ({ event, at: i + (late[i % late.length] ?? 0) }))
    .sort((a, b) => a.at - b.at)
    .map(({ event }) => event)
}

const logOf = fc
  .record({
    seed: fc.integer({ min: 1, max: 1e6 }),
    late: fc.array(fc.integer({ min: 0, max: 7 }), { minLength: 1, maxLength: 9 }),
    twice: fc.array(fc.integer({ min: 0, max: 199 }), { maxLength: 12 }),
  })
  .map(({ seed, late, twice }) => {
    const events = troublesomeLog(seed, 200).filter((e) => e.student === STUDENT)
    const sent = arrival(events, late)
    // Repeats of anything, also of what has expired.
    for (const i of twice) sent.splice(sent.length - (i % 20), 0, events[i % events.length]!)
    return records(sent.map(asInput))
  })

describe('a fold from a checkpoint', () => {
  it('gives the bits of the fold over everything, wherever it is cut, or says what it left out', () => {
    let equal = 0
    let cutAway = 0
    fc.assert(
      fc.property(logOf, fc.array(fc.nat(80), { minLength: 1, maxLength: 4 }), (log, cuts) => {
        const parts = inParts(log, cuts)
        if (parts.behind > 0) return
        equal++
        if (parts.from!.expired.events.size > 0) cutAway++
        const whole = foldHistory(STUDENT, log, options)
        const found = new Findings()
        compareStates(whole, { windows: parts.windows, knowledge: parts.scores }, found, true)
        expect(found.differences).toEqual([])
        const rows = featureRowsOf(parts, DAYS).filter((r) => !r.approximate)
        expect(featureRowsOf(whole, DAYS).filter((r) => rows.some((x) => x.topic === r.topic))).toEqual(rows)
        if (rows.length === featureRowsOf(parts, DAYS).length)
          expect(outcome(parts, whole)).toEqual(outcome(whole, parts))
      }),
      { numRuns: 300, seed: 11 },
    )
    expect(equal).toBeGreaterThan(100)
    expect(cutAway).toBeGreaterThan(50)
  })

  /** One answer every second day; beyond twelve of them those of more than twenty days ago leave the ring. */
  const steady = Array.from({ length: 40 }, (_, i) =>
    answer(`e${i}`, {
      occurred_at: DAY_ZERO + i * 2 * DAY,
      score: (i * 7) % 5 < 3 ? 1 : 0,
      item: `item-${i % 5}`,
      opportunity_key: `key ${i}`,
      authority: 'client',
    }),
  ).map(asInput)
  const then = (...more: Input[]) => {
    const log = records([...steady, ...more])
    const parts = inParts(log, [30])
    return { parts, whole: foldHistory(STUDENT, log, options) }
  }
  const differs = ({ parts, whole }: ReturnType<typeof then>) =>
    exact(scoreRowsOf(parts, scoring)) !== exact(scoreRowsOf(whole, scoring))

  it('knows a repeat and a conflict of what has expired', () => {
    const { parts, whole } = then(steady[2]!, asInput(answer('e3', { occurred_at: DAY_ZERO + 6 * DAY, score: 0.25 })))
    expect([parts.behind, parts.duplicates, parts.conflicts]).toEqual([0, 1, [41 * 3]])
    expect([whole.duplicates, whole.conflicts]).toEqual([1, [41 * 3]])
    expect(outcome(parts, whole)).toEqual(outcome(whole, parts))
  })

  it.each<[string, Input]>([
    ['an event from before its ring', asInput(answer('late', { occurred_at: DAY_ZERO + MINUTE, score: 0 }))],
    ['a void of what left its ring', command('v', 'void', { target_event_id: 'e4' })],
    [
      'better evidence of an opportunity that left its ring',
      asInput(answer('grade', { occurred_at: DAY_ZERO + 90 * DAY, opportunity_key: 'key 5', score: 0 })),
    ],
  ])('says that it leaves out %s', (_, late) => {
    const found = then(late)
    expect(found.parts.behind).toBe(1)
    expect(differs(found)).toBe(true)
    expect(exact(scoreRowsOf(found.parts, scoring))).toBe(
      exact(scoreRowsOf(foldHistory(STUDENT, records(steady), options), scoring)),
    )
  })

  it('waits for a target that has not come, and does without the evidence that what expired outranks', () => {
    const more = [
      command('v', 'void', { target_event_id: 'yet to come' }),
      asInput(answer('yet to come', { occurred_at: DAY_ZERO + 81 * DAY, score: 0 })),
      asInput(
        answer('again', { occurred_at: DAY_ZERO + 82 * DAY, opportunity_key: 'key 5', score: 0, authority: 'client' }),
      ),
    ]
    const { parts, whole } = then(...more)
    expect(parts.behind).toBe(0)
    expect(outcome(parts, whole)).toEqual(outcome(whole, parts))
  })

  it('keeps nothing of a student who was erased after it, and the floor of one who was erased before', () => {
    const erase = command('erase', 'erase', { issued_at: DAY_ZERO + 100 * DAY })
    const readmit = command('readmit', 'readmit', { issued_at: DAY_ZERO + 101 * DAY })
    const late = asInput(answer('late', { occurred_at: DAY_ZERO + 99 * DAY }))
    const later = asInput(answer('later', { occurred_at: DAY_ZERO + 110 * DAY }))
    const after = records([...steady, erase, readmit, later])
    const { from, windows } = inParts(after, [30])
    expect([from, windows.ring.n, windows.sets.topics.names]).toEqual([null, 1, ['algebra']])
    const before = records([...steady, erase, readmit, later, late])
    const parts = inParts(before, [42])
    expect([parts.erased, parts.behind, parts.windows.erasure?.floor]).toEqual([1, 0, DAY_ZERO + 101 * DAY])
    expect(outcome(parts, parts)).toEqual(outcome(foldHistory(STUDENT, before, options), parts))
  })

  it('refuses bytes of another format', () => {
    expect(() => readKept(Buffer.from([9, 9, 9]), STUDENT)).toThrow('has format 9, this build reads 1')
  })
})
