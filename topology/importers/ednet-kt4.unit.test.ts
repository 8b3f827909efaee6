import { describe, expect, it } from 'vitest'
import { ednetKt4 } from './ednet-kt4.ts'
import { readAll } from './testing/read-all.ts'
import { describeWithData, sharedData } from './testing/shared-data.ts'

const HEADER = 'timestamp,action_type,item_id,cursor_time,source,user_answer,platform'
const QUESTIONS = `question_id,bundle_id,explanation_id,correct_answer,part,tags,deployed_at
q1,b1,e1,a,5,1;2;2,0
q2,b1,e1,b,5,-1,0
q3,b3,e3,c,-1,,0
q4,b4,e4,,2,7,0
`
const LECTURES = 'lecture_id,part,tags,video_length,deployed_at\nl1,5,9,10000,-1\nl2,4,-1,-1,-1\n'

/** Rows as `time action item answer cursor source`, of which the tail may be left out. */
function read(rows: string[], given: { fileName?: string; options?: Record<string, string>; lectures?: string } = {}) {
  const lines = rows.map((row) => {
    const [time, action, item, answer = '', cursor = '', source = 'sprint'] = row.split(' ')
    return [time, action, item, cursor === '-' ? '' : cursor, source, answer === '-' ? '' : answer, 'web'].join(',')
  })
  const { lectures = LECTURES, fileName = 'data/u42.csv', options = {} } = given
  const companions = { questions: QUESTIONS, ...(lectures === '' ? {} : { lectures }) }
  return readAll(ednetKt4, [HEADER, ...lines].join('\n'), { fileName, options, companions })
}

describe('ednet-kt4', () => {
  it('scores the last answer before the submit, at the time of the submit', () => {
    const { events, outcomes } = read([
      '1000 enter b1',
      '1500 play_audio b1 - 0',
      '2000 respond q2 a',
      '2500 erase_choice q1 d',
      '3000 respond q1 a',
      '4000 respond q2 b',
      '5000 submit b1',
    ])
    expect(outcomes.length).toBe(7)
    expect(events.map((e) => [e.item, e.occurred_at, e.observed_at, e.correct, e.response_time_ms])).toEqual([
      ['q1', 5000, 5000, true, 2000],
      ['q2', 5000, 5000, true, 3000],
    ])
    expect(events[0]).toMatchObject({
      student: 'p-u42',
      topics: ['1', '2'],
      context: 'b1',
      attempt_number: 1,
      hints: null,
    })
    expect(events[0]).toMatchObject({ kind: 'practice_attempt', role: 'evidence', first_action_ms: 500, score: 1 })
    expect(events[0]!.actions).toEqual({ play_audio: 1, erase_choice: 1, 'option:a': 1 })
    expect(events[1]!.actions).toEqual({ play_audio: 1, answer_changes: 1, 'option:b': 1 })
    expect(events[1]!.topics).toEqual(['part-5'])
    expect(events.map((e) => e.source_sequence)).toEqual([6, 7])
  })

  it('counts attempts and takes diagnosis for a quiz', () => {
    const { events } = read([
      '1 enter b3 - - diagnosis',
      '2 respond q3 a - diagnosis',
      '3 submit b3',
      '4 enter b3',
      '5 respond q3 c',
      '6 submit b3',
    ])
    expect(events.map((e) => [e.kind, e.correct, e.attempt_number, e.topics])).toEqual([
      ['quiz_attempt', false, 1, []],
      ['practice_attempt', true, 2, []],
    ])
    expect(new Set(events.map((e) => e.event_id)).size).toBe(2)
    expect(new Set(events.map((e) => e.opportunity_key)).size).toBe(2)
  })

  it.each([
    ['quit', ['30 quit b1']],
    ['another enter', ['30 enter b3', '40 submit b3']],
    ['the end of the file', []],
  ])('gives answers left without a submit at their own times: %s', (_, tail) => {
    const { events } = read(['10 enter b1', '20 respond q1 a', '25 respond q2 b', ...tail])
    expect(events.map((e) => [e.item, e.occurred_at])).toEqual([
      ['q1', 20],
      ['q2', 25],
    ])
  })

  it('gives an answer outside of its bundle by itself', () => {
    const { events } = read(['10 respond q1 b', '20 enter b3', '30 respond q1 a', '40 submit b3'])
    expect(events.map((e) => [e.occurred_at, e.correct, e.response_time_ms, e.attempt_number])).toEqual([
      [10, false, null, 1],
      [30, true, null, 2],
    ])
  })

  it('gives no grade where the questions file has no right answer, and no negative durations', () => {
    const { events } = read(['10 enter b4', '5 respond q4 a', '20 submit b4'])
    expect(events[0]).toMatchObject({ role: 'context', correct: null, score: null, score_rule: null, topics: ['7'] })
    expect(events[0]).toMatchObject({ response_time_ms: null, first_action_ms: null })
  })

  it('gives one context event for a lecture, with the share watched', () => {
    const { events, outcomes } = read([
      '0 enter l1',
      '100 play_video l1 - 0',
      '4100 pause_video l1 - 4000',
      '5000 play_video l1 - 2000',
      '8000 pause_video l1 - 5000',
      '9000 pause_video l1 - 6000',
      '9100 play_video l1 - 9000',
      '9900 change_speed l1',
      '20000 quit l1',
    ])
    expect(outcomes.length).toBe(9)
    expect(events).toHaveLength(1)
    expect(events[0]).toMatchObject({
      kind: 'video_interaction',
      role: 'context',
      item: 'l1',
      topics: ['9'],
      correct: null,
    })
    expect(events[0]).toMatchObject({ occurred_at: 20000, first_action_ms: 100, video_coverage: 0.6 })
    expect(events[0]!.actions).toEqual({ play_video: 3, pause_video: 3, change_speed: 1, view_lecture: 1 })
  })

  it('knows no share watched without a length, and ends a lecture that was not left at its last action', () => {
    const rows = ['0 enter l2', '100 play_video l2 - 0', '200 play_video l2 - x']
    expect(read(rows).events[0]).toMatchObject({ occurred_at: 200, video_coverage: null, topics: ['part-4'] })
    expect(read(rows, { lectures: '' }).events[0]).toMatchObject({ video_coverage: null, topics: [] })
  })

  it('gives one context event for an explanation, audio of its bundle included', () => {
    const { events } = read(['0 enter e1', '5 play_audio b1 - 0', '9 quit e1', '10 enter e1', '11 quit e1'])
    expect(events.map((e) => [e.kind, e.item, e.actions, e.first_action_ms])).toEqual([
      ['other', 'e1', { play_audio: 1, view_explanation: 1 }, 5],
      ['other', 'e1', { view_explanation: 1 }, null],
    ])
    expect(new Set(events.map((e) => e.event_id)).size).toBe(2)
  })

  it.each([
    ['5 pay p1', /^pay: no learning action/],
    ['5 enter p1', /^enter: neither/],
    ['5 submit b1', /^submit: of an item that is not open/],
    ['5 play_audio b1', /^play_audio: outside/],
    ['5 erase_choice q9', /^erase_choice: outside/],
  ])('skips %j with a reason', (row, reason) => {
    const { skips, outcomes } = read([row])
    expect(outcomes.length).toBe(1)
    expect(skips[0]!.reason).toMatch(reason)
  })

  it.each([
    ['5 respond q9 a', 'unknown_question'],
    ['5 respond q1', 'missing_answer'],
    ['soon respond q1 a', 'bad_time'],
    ['5  b1', 'missing_action'],
    ['5 enter "b1', 'column_count'],
    ['5 enter b1,b2', 'column_count'],
  ])('rejects %j', (row, code) => {
    const { rejects, outcomes } = read([row])
    expect(outcomes.length).toBe(1)
    expect(rejects).toMatchObject([{ code, line: 2 }])
  })

  it('refuses what does not fit', () => {
    expect(() => read([], { fileName: 'log.csv' })).toThrow(/option student=<id>/)
    expect(read(['1 respond q1 a'], { fileName: 'log.csv', options: { student: 'x' } }).events[0]!.student).toBe('p-x')
    expect(() => readAll(ednetKt4, HEADER, { fileName: 'u1.csv' })).toThrow(/needs the file 'questions'/)
    const context = { tenant: 't', pseudonym: (id: string) => id }
    const input = { header: HEADER, fileName: 'u1.csv', companions: {}, options: {}, context }
    expect(() => ednetKt4.open(input)).toThrow(/companion 'questions'/)
    const kt1 = 'timestamp,solving_id,question_id,user_answer,elapsed_time'
    const companions = { questions: QUESTIONS }
    expect(() => readAll(ednetKt4, kt1, { fileName: 'u1.csv', companions })).toThrow(/lacks action_type, item_id/)
    expect(() => read([], { lectures: 'lecture_id\n' })).toThrow(/lacks part, tags, video_length/)
    expect(() => read([], { lectures: `${LECTURES}l3,1\n` })).toThrow(/Line 4 of the lectures file/)
    expect(() => readAll(ednetKt4, HEADER, { fileName: 'u1.csv', companions: { questions: '' } })).toThrow(
      /lacks question_id/,
    )
  })
})

// rows, answers, right ones, replaced ones, lectures, explanations: counted with Python's csv module.
const FILES = [
  ['u1.csv', 3995, 504, 349, 80, 29, 550],
  ['u3.csv', 34, 8, 3, 0, 0, 1],
  ['u5.csv', 1018, 205, 134, 93, 9, 130],
  ['u6.csv', 25, 7, 1, 0, 0, 0],
  ['u7.csv', 8267, 1060, 685, 280, 112, 1164],
  ['u8.csv', 57, 12, 5, 1, 0, 4],
  ['u9.csv', 435, 34, 12, 62, 10, 34],
  ['u10.csv', 5, 1, 1, 0, 0, 1],
] as const

const PATHS = [...FILES.map(([file]) => `ednet_kt4_sample/${file}`), 'ednet_kt4_sample/questions.csv']
describeWithData('ednet-kt4 on the real sample', PATHS, () => {
  it.each(FILES)('%s', (file, rows, answers, right, replaced, lectures, explanations) => {
    const companions = {
      questions: sharedData('ednet_kt4_sample/questions.csv'),
      lectures: sharedData('ednet_kt4_sample/lectures.csv'),
    }
    const { events, outcomes, rejects, skips } = readAll(ednetKt4, sharedData(`ednet_kt4_sample/${file}`), {
      fileName: file,
      companions,
    })
    expect(outcomes.length).toBe(rows)
    expect(rejects).toEqual([])
    const evidence = events.filter((e) => e.role === 'evidence')
    expect(evidence.length).toBe(answers)
    expect(evidence.filter((e) => e.correct).length).toBe(right)
    expect(evidence.every((e) => e.response_time_ms !== null && e.topics.length > 0)).toBe(true)
    expect(skips.filter((s) => s.reason.startsWith('an answer')).length).toBe(replaced)
    expect(events.filter((e) => e.kind === 'video_interaction').length).toBe(lectures)
    expect(events.filter((e) => e.kind === 'other').length).toBe(explanations)
    expect(new Set(events.map((e) => e.event_id)).size).toBe(events.length)
    expect(events.every((e) => e.video_coverage === null || (e.video_coverage >= 0 && e.video_coverage <= 1))).toBe(
      true,
    )
  })
})
