import type { OpsMetric } from '@mastery/schemas/src/generated/ops-metric.gen.ts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { policyOf } from '../../testing/alert-log.ts'
import {
  alertsOf,
  EVERY,
  MINUTE,
  noticesOf,
  OpsRecords,
  took,
  type WatchRecord,
  watched,
} from '../../testing/watch-log.ts'

const START = Date.parse('2026-10-05T08:00:00Z')
const RULES = policyOf({
  rules: [
    { id: 'gone', kind: 'pipeline', measure: 'silence' },
    { id: 'lag', kind: 'pipeline', measure: 'lag', enter: 100, leave: 50, hold: '1m', cooldown: '10m' },
    { id: 'slow', kind: 'pipeline', measure: 'latency_p99', hold: '1m' },
    { id: 'failing', kind: 'pipeline', measure: 'errors', for: 0, hold: '1m', no_data: '5m' },
    { id: 'unreadable', kind: 'data_quality', measure: 'rejected', to: ['operator', 'teacher'] },
    { id: 'items', kind: 'item_health', cooldown: '20m' },
    { id: 'inputs', kind: 'data_quality', measure: 'drift', to: ['teacher'] },
  ],
})
const OTHERS = policyOf({
  rules: [
    { id: 'lag', kind: 'pipeline', measure: 'lag', parts: ['gold'] },
    { id: 'items', kind: 'item_drift' },
  ],
})

const happening = fc.record({
  what: fc.constantFrom('metric', 'metric', 'metric', 'metric', 'metric', 'look', 'look', 'rules', 'roster', 'active'),
  /** Seconds after the last. */
  after: fc.constantFrom(0, 1, 15, 15, 60, 400),
  part: fc.constantFrom('scoring', 'gold', 'collector'),
  process: fc.nat(1),
  last: fc.constantFrom(false, false, false, false, true),
  lag: fc.constantFrom(0, 60, 120, 1000),
  ms: fc.constantFrom(40, 900),
  errors: fc.constantFrom(0, 0, 50),
  operations: fc.constantFrom(0, 10, 200),
  rejected: fc.constantFrom(0, 100),
  items: fc.subarray(['a', 'b', 'c', 'd']),
  kind: fc.constantFrom('item_health', 'item_drift', 'data_drift'),
  version: fc.nat(1),
})
type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never

function logOf(steps: readonly Happening[]): OpsRecords {
  const log = new OpsRecords().roster().policy(RULES)
  let now = START
  steps.forEach((s, i) => {
    now += s.after * 1000
    if (s.what === 'rules') log.policy(s.version === 0 ? RULES : OTHERS, `p${i}`)
    else if (s.what === 'roster') log.roster()
    else if (s.what === 'active')
      log.marker({ action: 'activate', subject: 'generation', name: 'pipeline', version: String(s.version) })
    else if (s.what === 'look')
      log.look(
        now,
        s.kind,
        s.items.map((subject) => ({ subject, topic: subject < 'c' ? 'fractions' : 'area' })),
      )
    else {
      const given: Partial<OpsMetric> = {
        service: s.part,
        part: s.part,
        instance: `host ${s.process}`,
        last: s.last,
        lag: s.lag,
        operations: s.operations,
        errors: Math.min(s.errors, s.operations),
        latency: took(s.ms, s.operations),
      }
      if (s.part === 'collector')
        given.sources = [{ tenant: 'school', source: 'canvas', accepted: 100, rejected: s.rejected }]
      log.metric(now, given)
    }
  })
  return log
}

const steps = fc.array(happening, { minLength: 5, maxLength: 80 })

/** Readers see the first generation all the time. */
const seen = (all: readonly Happening[]) =>
  all.map((s) => (s.what === 'active' ? { ...s, what: 'metric' as const } : s))

/** Notices and alerts without the place of the record that they came with. */
function decided(records: readonly WatchRecord[], options: Parameters<typeof watched>[1] = {}): string[] {
  const driver = watched(records, options)
  return [...alertsOf(driver), ...noticesOf(driver)].map(({ origin_offset: _o, ...x }) => JSON.stringify(x))
}

describe('what is decided', () => {
  it('does not hang on where the state goes through its bytes, nor on records that come again', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 7 }), (all, cut) => {
        const { all: records } = logOf(all)
        const once = decided(records)
        expect(decided(records, { cut: (_s, n) => n % cut === 0 })).toEqual(once)
        // A writer that did not hear that its append was taken sends it again.
        expect(decided(records.flatMap((r) => [r, r]))).toEqual(once)
        // An owner of the partition that was replaced sends a stretch again behind what its successor has sent.
        const again = records.flatMap((r, i) => [r, ...(i % 5 === 4 ? records.slice(i - 3, i + 1) : [])])
        expect(decided(again)).toEqual(once)
      }),
      { numRuns: 150, seed: 31 },
    )
  })

  it('tells of every episode in order: that it fires, and at most once that it is over, to those who were told', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const told = new Map<string, string[]>()
        for (const n of noticesOf(watched(logOf(seen(all)).all))) {
          const key = `${n.alert_id} ${n.recipient}`
          told.set(key, [...(told.get(key) ?? []), `${n.kind}#${n.sequence}`])
        }
        for (const kinds of told.values()) {
          expect(kinds[0]).toMatch(/^firing#/)
          expect(kinds.filter((k) => k.startsWith('resolved')).length).toBeLessThanOrEqual(1)
          if (kinds.some((k) => k.startsWith('resolved'))) expect(kinds.at(-1)).toMatch(/^resolved#/)
          const sequences = kinds.map((k) => Number(k.split('#')[1]))
          expect(sequences).toEqual([...new Set(sequences)].sort((a, b) => a - b))
        }
      }),
      { numRuns: 200, seed: 32 },
    )
  })

  it('is the same in every generation, and told by none but the one that readers see', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const { all: records } = logOf(seen(all))
        const shown = watched(records)
        const hidden = watched(records, { generation: 3 })
        expect(noticesOf(hidden)).toEqual([])
        const states = (d: typeof shown) => alertsOf(d).map((a) => [a.alert_id, a.sequence, a.before, a.state, a.now])
        expect(states(hidden)).toEqual(states(shown))
      }),
      { numRuns: 100, seed: 33 },
    )
  })
})

describe('a value that wavers around its threshold', () => {
  it('is told of once, however it wavers above where it ends', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 51, max: 149 }), { minLength: 20, maxLength: 200 }), (values) => {
        const log = new OpsRecords().roster().policy(RULES)
        log.metrics(START, START + 5 * MINUTE, { lag: 200 })
        for (const [i, lag] of values.entries()) log.metric(START + 5 * MINUTE + (i + 1) * EVERY, { lag })
        expect(noticesOf(watched(log.all)).map((n) => [n.rule, n.kind])).toEqual([['lag', 'firing']])
      }),
      { numRuns: 50, seed: 34 },
    )
  })
})

describe('few operations', () => {
  it('begin nothing, whatever became of them', () => {
    const share = fc.record({ operations: fc.nat(4), failed: fc.nat(4), ms: fc.constantFrom(1, 10_000_000) })
    fc.assert(
      fc.property(fc.array(share, { minLength: 1, maxLength: 60 }), (all) => {
        const log = new OpsRecords().roster().policy(RULES)
        all.forEach(({ operations, failed, ms }, i) => {
          const few = { operations, errors: Math.min(failed, operations), latency: took(ms, operations) }
          const rejected = Math.min(failed, operations)
          const sources = [{ tenant: 'school', source: 's', accepted: operations - rejected, rejected }]
          // Four in a quarter of a minute are 84 in five minutes and one; 160 in the hour and ten minutes that there are.
          if (i < 40) log.metric(START + (i + 1) * EVERY, { ...few, sources })
        })
        expect(alertsOf(watched(log.all))).toEqual([])
      }),
      { numRuns: 100, seed: 35 },
    )
  })
})
