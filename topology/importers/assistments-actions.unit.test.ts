import { describe, expect, it } from 'vitest'
import { assistmentsActions } from './assistments-actions.ts'
import { readAll } from './testing/read-all.ts'
import { describeWithData, sharedData } from './testing/shared-data.ts'

const HEADER = 'user_id,seq,skill_id,correct,attempt_count,first_action,ms_first_response'
const read = (...rows: string[]) => readAll(assistmentsActions, [HEADER, ...rows].join('\r\n'))

describe('assistments-actions', () => {
  it('reads one opportunity per row', () => {
    const { events } = read('14,0,2_37_2,1,1,0,26271', '14,1,2,0,3,1,-5', '15,0,,0,2,2,900')
    const base = Date.UTC(2009, 8, 1)
    expect(events.map((e) => [e.student, e.occurred_at - base, e.topics, e.correct, e.hints, e.actions])).toEqual([
      ['p-14', 0, ['2', '37'], true, 0, { attempts: 1, first_attempt: 1 }],
      ['p-14', 60_000, ['2'], false, 1, { attempts: 3, first_hint: 1 }],
      ['p-15', 120_000, [], false, 0, { attempts: 2, first_scaffold: 1 }],
    ])
    expect(events.map((e) => [e.response_time_ms, e.first_action_ms])).toEqual([
      [26271, 26271],
      [null, null],
      [900, 900],
    ])
    expect(events.map((e) => [e.item, e.attempt_number])).toEqual([
      [null, 1],
      [null, 1],
      [null, 1],
    ])
    expect(new Set(events.map((e) => e.opportunity_key)).size).toBe(3)
    expect(new Set(events.map((e) => e.event_id)).size).toBe(3)
  })

  it.each([
    [',0,2,1,1,0,5', 'missing_student'],
    ['1,x,2,1,1,0,5', 'bad_number'],
    ['1,0,2,,1,0,5', 'bad_correct'],
    ['1,0,2,1,,0,5', 'bad_number'],
    ['1,0,2,1,1,3,5', 'bad_number'],
    ['1,0,2,1,1,,5', 'bad_number'],
    ['1,0,2,1,1,0,', 'bad_number'],
    ['1,0,2,1,1,0', 'column_count'],
  ])('rejects %j', (row, code) => {
    expect(read(row).outcomes).toMatchObject([{ type: 'reject', code, line: 2, raw: row }])
  })

  it('refuses other headers', () => {
    expect(() => readAll(assistmentsActions, 'user_id,seq\n')).toThrow(/lacks skill_id, correct/)
  })
})

const PATH = 'assist2009_rt_actions/assist2009_rt_actions.csv'

describeWithData('assistments-actions on the real set', [PATH], () => {
  it('gives every row as an event', () => {
    // Counted with Python's csv module.
    const { events, outcomes } = readAll(assistmentsActions, sharedData(PATH))
    expect(outcomes.length).toBe(283_104)
    expect(events.length).toBe(283_104)
    expect(events.filter((e) => e.correct).length).toBe(186_322)
    expect(events.filter((e) => e.hints === 1).length).toBe(21_565)
    expect(events.filter((e) => e.actions['first_scaffold'] === 1).length).toBe(6223)
    expect(events.filter((e) => e.response_time_ms === null).length).toBe(5)
    expect(events.filter((e) => e.topics.length > 1).length).toBe(40_857 + 4501 + 1679)
    expect(new Set(events.map((e) => e.student)).size).toBe(4163)
    expect(new Set(events.map((e) => e.event_id)).size).toBe(283_104)
  })
})
