import { describe, expect, it } from 'vitest'
import { riiid } from './riiid.ts'
import { readAll } from './testing/read-all.ts'
import { describeWithData, sharedData } from './testing/shared-data.ts'

const HEADER =
  'row_id,timestamp,user_id,content_id,content_type_id,task_container_id,answered_correctly,prior_question_elapsed_time,prior_question_had_explanation,part,tag,tags'
const EPOCH = Date.UTC(2019, 0, 1)

/** Rows from timestamp on. */
const read = (...rows: string[]) => readAll(riiid, [HEADER, ...rows.map((row, i) => `${i},${row}`)].join('\n'))

describe('riiid', () => {
  it('reads a question', () => {
    const { events } = read('1500,u,7,0,3,1.0,,,5,-1,51 131 51')
    expect(events[0]).toMatchObject({
      student: 'p-u',
      kind: 'practice_attempt',
      role: 'evidence',
      item: '7',
      topics: ['51', '131'],
      context: '3',
      occurred_at: EPOCH + 1500,
      correct: true,
      score: 1,
      attempt_number: 1,
      response_time_ms: null,
      source_system: 'riiid',
    })
  })

  it('attaches what the next bundle of the user tells of the one before', () => {
    const { events, outcomes } = read(
      '0,u,1,0,0,1,,,5,-1,1',
      '0,u,2,0,0,0,,,5,-1,1',
      '0,v,1,0,0,1,,,5,-1,1',
      '10,u,9,1,1,-1,,,2,-1,',
      '20,u,3,0,2,1,24333.4,True,5,-1,1',
      '30,v,3,0,2,1,,False,5,-1,1',
      '40,u,1,0,3,1,900,0,5,-1,1',
    )
    expect(outcomes.length).toBe(7)
    expect(events.map((e) => [e.student, e.item, e.response_time_ms, e.actions, e.attempt_number])).toEqual([
      ['p-u', '1', 24333, { view_explanation: 1 }, 1],
      ['p-u', '2', 24333, { view_explanation: 1 }, 1],
      ['p-u', 'lecture-9', null, { view_lecture: 1 }, null],
      ['p-v', '1', null, {}, 1],
      ['p-u', '3', 900, {}, 1],
      ['p-u', '1', null, {}, 2],
      ['p-v', '3', null, {}, 1],
    ])
    expect(events.map((e) => e.source_sequence)).toEqual([2, 3, 5, 4, 6, 8, 7])
    expect(new Set(events.map((e) => e.event_id)).size).toBe(7)
  })

  it('gives a lecture before any question at once', () => {
    const { events } = read('0,u,1,1,0,-1,,,4,188,')
    expect(events[0]).toMatchObject({ kind: 'video_interaction', role: 'context', topics: ['part-4'], correct: null })
  })

  it.each([
    ['5,17,3 4', ['3', '4']],
    ['5,17,', ['17']],
    ['5,188,', ['part-5']],
    ['5,-1,-1', ['part-5']],
    ['-1,-1,', []],
    [',,', []],
  ])('takes part, tag, tags %s for topics', (columns, topics) => {
    expect(read(`0,u,1,0,0,1,,,${columns}`).events[0]!.topics).toEqual(topics)
  })

  it('does with the columns of the competition alone', () => {
    const header = 'timestamp,user_id,content_id,content_type_id,task_container_id,answered_correctly'
    expect(readAll(riiid, `${header}\n5,u,1,0,0,0\n`).events[0]).toMatchObject({ topics: [], correct: false })
    expect(() => readAll(riiid, 'timestamp,user_id\n')).toThrow(/lacks content_id/)
    expect(() => readAll(riiid, header, { options: { map: 'x' } })).toThrow(/it has none/)
  })

  it.each([
    ['x,u,1,0,0,1,,,5,-1,1', 'bad_time'],
    ['0,,1,0,0,1,,,5,-1,1', 'missing_student'],
    ['0,u,,0,0,1,,,5,-1,1', 'missing_item'],
    ['0,u,1,2,0,1,,,5,-1,1', 'bad_content_type'],
    ['0,u,1,0,0,,,,5,-1,1', 'bad_correct'],
    ['0,u,1,0,0,-1,,,5,-1,1', 'bad_correct'],
    ['0,u,1,0,0,1,fast,,5,-1,1', 'bad_number'],
    ['0,u,1,0,0,1,-4,,5,-1,1', 'bad_number'],
    ['0,u,1,0,0,1', 'column_count'],
    ['0,"u,1,0,0,1', 'column_count'],
  ])('rejects %j', (row, code) => {
    const { rejects, outcomes } = read(row)
    expect(outcomes.length).toBe(1)
    expect(rejects).toMatchObject([{ code, line: 2, raw: `0,${row}` }])
  })
})

// Rows, right, wrong, lectures, users, answers with a response time and their sum: counted with Python's csv module.
const FILES = [
  ['riiid_sample_39872rows.csv', 39_872, 25_812, 13_403, 657, 299, 38_831, 1_052_170_531],
  ['user_1283420.csv', 7569, 6196, 1280, 93, 1, 7473, 202_165_390],
] as const

const PATHS = FILES.map(([file]) => `riiid_sample/${file}`)
describeWithData('riiid on real extracts', PATHS, () => {
  it.each(FILES)('%s', (file, rows, right, wrong, lectures, users, timed, total) => {
    const { events } = readAll(riiid, sharedData(`riiid_sample/${file}`))
    expect(events.length).toBe(rows)
    expect(events.filter((e) => e.correct === true).length).toBe(right)
    expect(events.filter((e) => e.correct === false).length).toBe(wrong)
    expect(events.filter((e) => e.kind === 'video_interaction').length).toBe(lectures)
    expect(new Set(events.map((e) => e.student)).size).toBe(users)
    expect(events.filter((e) => e.response_time_ms !== null).length).toBe(timed)
    expect(events.reduce((sum, e) => sum + (e.response_time_ms ?? 0), 0)).toBe(total)
    expect(new Set(events.map((e) => e.event_id)).size).toBe(rows)
    expect(events.every((e) => e.topics.length > 0)).toBe(true)
  })
})
