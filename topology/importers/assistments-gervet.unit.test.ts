import { describe, expect, it } from 'vitest'
import { assistmentsGervet } from './assistments-gervet.ts'
import { readAll } from './testing/read-all.ts'
import { describeWithData, sharedData } from './testing/shared-data.ts'

const HEADER = 'user_id\titem_id\ttimestamp\tcorrect\tskill_id'
const read = (rows: string[], options: Record<string, string> = {}) =>
  readAll(assistmentsGervet, [HEADER, ...rows].map((row) => row.replaceAll(' ', '\t')).join('\n'), { options })

describe('assistments-gervet', () => {
  it('keeps file order by a synthetic clock where there is none, and counts attempts', () => {
    const { events } = read(['5 16 0 0 41', '5 16 0 1 41', '6 16 0 1 ', '5 17 0 1 41'])
    const base = Date.UTC(2009, 8, 1)
    expect(events.map((e) => e.occurred_at)).toEqual([base, base + 60_000, base + 120_000, base + 180_000])
    expect(events.map((e) => e.attempt_number)).toEqual([1, 2, 1, 1])
    expect(events.map((e) => e.topics)).toEqual([['41'], ['41'], [], ['41']])
    expect(new Set(events.map((e) => e.opportunity_key)).size).toBe(4)
    expect(events[0]).toMatchObject({ student: 'p-5', item: '16', kind: 'practice_attempt', role: 'evidence' })
    expect(events[0]).toMatchObject({ correct: false, score: 0, score_rule: 'binary', source_system: 'assistments' })
    expect(events[0]!.observed_at).toBe(base)
  })

  it('counts seconds from the epoch where there is a clock', () => {
    const { events } = read(['7 809 389 0 70', '7 806 450 0 70'], { epoch: '2004-09-01T00:00:00Z', source: 'a17' })
    expect(events[0]!.occurred_at).toBe(Date.UTC(2004, 8, 1) + 389_000)
    expect(events[1]!.occurred_at).toBe(Date.UTC(2004, 8, 1) + 450_000)
    expect(events[0]!.event_id).toMatch(/^a17:/)
    expect(read(['1 1 0 1 1', '1 2 9 1 1'], { clock: 'seconds' }).events[1]!.occurred_at).toBe(
      Date.UTC(2009, 8, 1) + 9000,
    )
  })

  it.each([
    [' 1 0 1 1', 'missing_student'],
    ['1  0 1 1', 'missing_item'],
    ['1 1 x 1 1', 'bad_time'],
    ['1 1 0 2 1', 'bad_correct'],
    ['1 1 0 1', 'column_count'],
    ['1 1 5 1 1', 'mixed_clock'],
  ])('rejects %j', (row, code) => {
    const { rejects, events } = read(['1 1 0 1 1', row])
    expect(events.length).toBe(1)
    expect(rejects).toMatchObject([{ code, line: 3, raw: row.replaceAll(' ', '\t') }])
  })

  it('refuses other headers and options', () => {
    expect(() => readAll(assistmentsGervet, 'user_id,item_id\n')).toThrow(/lacks user_id, item_id, timestamp/)
    expect(() => read([], { clock: 'sun' })).toThrow(/Option clock is 'sun'/)
    expect(() => read([], { epoch: 'then' })).toThrow(/Option epoch is 'then'/)
    expect(() => read([], { map: 'x' })).toThrow(/no option 'map'/)
  })
})

const SETS = [
  // Rows, right answers and users counted with awk.
  ['assist2009_gervet/preprocessed_data_test.csv', 58_266, 38_456, 623],
  ['statics2011_gervet/preprocessed_data_test.csv', 33_600, 25_954, 57],
  ['assist2017_gervet_testusers/preprocessed_data_test.csv', 90_586, 38_239, 342],
] as const

const PATHS = SETS.map(([path]) => path)
describeWithData('assistments-gervet on the real sets', PATHS, () => {
  it.each(SETS)('%s', (path, rows, correct, users) => {
    const { events, outcomes } = readAll(assistmentsGervet, sharedData(path))
    expect(outcomes.length).toBe(rows)
    expect(events.length).toBe(rows)
    expect(events.filter((e) => e.correct).length).toBe(correct)
    expect(new Set(events.map((e) => e.student)).size).toBe(users)
    expect(new Set(events.map((e) => e.event_id)).size).toBe(rows)
    expect(new Set(events.map((e) => e.opportunity_key)).size).toBe(rows)
    const last = new Map<string, number>()
    for (const e of events) {
      expect(e.occurred_at).toBeGreaterThanOrEqual(last.get(e.student) ?? 0)
      last.set(e.student, e.occurred_at)
    }
  })
})
