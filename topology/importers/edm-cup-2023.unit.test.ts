import { describe, expect, it } from 'vitest'
import { edmCup2023 } from './edm-cup-2023.ts'
import { readAll } from './testing/read-all.ts'
import { describeWithData, sharedData } from './testing/shared-data.ts'

const ROW = {
  user_id: 'u',
  item_id: 'i',
  skill_ids: ['4.NBT.A.1', '4.NBT.A.1'],
  timestamp: 1_630_610_155_519,
  correct: 1,
  action_sequence_id: 's',
  latency_ms: 91_582,
  help_requested: true,
}
const read = (...rows: object[]) => readAll(edmCup2023, JSON.stringify(rows, null, 1))

describe('edm-cup-2023', () => {
  it('reads an answer', () => {
    expect(read(ROW).events[0]).toMatchObject({
      student: 'p-u',
      kind: 'practice_attempt',
      role: 'evidence',
      item: 'i',
      topics: ['4.NBT.A.1'],
      session: 's',
      context: 's',
      occurred_at: 1_630_610_155_519,
      correct: true,
      attempt_number: 1,
      hints: null,
      help_requests: 1,
      response_time_ms: 91_582,
      source_sequence: 2,
      source_system: 'edm-cup',
    })
  })

  it('counts attempts within an action sequence, and reads newline-delimited JSON', () => {
    const rows = [
      ROW,
      { ...ROW, correct: false },
      { ...ROW, action_sequence_id: 't' },
      { ...ROW, user_id: 3, item_id: 4 },
    ]
    const { events } = readAll(edmCup2023, rows.map((row) => JSON.stringify(row)).join('\n'))
    expect(events.map((e) => [e.student, e.item, e.attempt_number, e.correct])).toEqual([
      ['p-u', 'i', 1, true],
      ['p-u', 'i', 2, false],
      ['p-u', 'i', 1, true],
      ['p-3', '4', 1, true],
    ])
    expect(new Set(events.map((e) => e.event_id)).size).toBe(4)
    expect(new Set(events.map((e) => e.opportunity_key)).size).toBe(4)
  })

  it('leaves out what the row leaves out', () => {
    const { events } = read({ user_id: 'u', item_id: 'i', timestamp: 5, correct: 0 }, { ...ROW, help_requested: false })
    expect(events[0]).toMatchObject({
      topics: [],
      context: null,
      session: null,
      response_time_ms: null,
      help_requests: null,
    })
    expect(events[1]!.help_requests).toBe(0)
  })

  it.each([
    [{ ...ROW, user_id: '' }, 'missing_student'],
    [{ ...ROW, item_id: null }, 'missing_item'],
    [{ ...ROW, timestamp: '2021' }, 'bad_time'],
    [{ ...ROW, correct: 0.5 }, 'bad_correct'],
    [{ ...ROW, correct: undefined }, 'bad_correct'],
    [{ ...ROW, skill_ids: 'x' }, 'bad_topics'],
    [{ ...ROW, skill_ids: [{}] }, 'bad_topics'],
    [{ ...ROW, latency_ms: -1 }, 'bad_number'],
    [[ROW], 'bad_json'],
  ])('rejects %j', (row, code) => {
    expect(read(row).outcomes).toMatchObject([{ type: 'reject', code, line: 2 }])
  })

  it('rejects what is no JSON, with its text, and goes on', () => {
    const { rejects, events } = readAll(edmCup2023, `[{"user_id": }, ${JSON.stringify(ROW)}, null]`)
    expect(rejects.map((r) => [r.code, r.raw])).toEqual([
      ['bad_json', '{"user_id": }'],
      ['bad_json', 'null'],
    ])
    expect(events.length).toBe(1)
  })
})

const PATH = 'edmcup2023_sample/pipeline_sample.json'

describeWithData('edm-cup-2023 on the real sample', [PATH], () => {
  it('gives every element as an event', () => {
    // Counted with Python's json module.
    const { events, outcomes } = readAll(edmCup2023, sharedData(PATH), { chunk: 1000 })
    expect(outcomes.length).toBe(200)
    expect(events.filter((e) => e.correct).length).toBe(122)
    expect(events.filter((e) => e.help_requests === 1).length).toBe(28)
    expect(events.filter((e) => e.attempt_number === 1).length).toBe(122)
    expect(new Set(events.map((e) => e.event_id)).size).toBe(200)
  })
})
