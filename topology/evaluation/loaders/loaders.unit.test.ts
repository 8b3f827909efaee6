import { describe, expect, it } from 'vitest'
import type { AnswerLog } from '../answer-log.ts'
import { AnswerLogBuilder } from '../answer-log.ts'
import { LOADER_FORMATS, loaderFormat } from './formats.ts'

interface More {
  options?: Record<string, string>
  columns?: string[]
  skipRejects?: boolean
  companions?: Record<string, string>
  fileName?: string
  chunk?: number
}

function read(format: string, texts: string | string[], more: More = {}) {
  const { options = {}, columns = [], skipRejects = false, companions = {}, chunk = 1000 } = more
  const source = loaderFormat(format).source({ options, columns, skipRejects })
  for (const text of [texts].flat()) {
    const file = source.open({ fileName: more.fileName ?? 'answers.txt', companions })
    for (let at = 0; at < text.length; at += chunk) file.push(text.slice(at, at + chunk))
    file.end()
  }
  return source.build()
}

/** Rows as text, in the log's order. */
function lines(log: AnswerLog): string[] {
  return [...log.row].map((row, r) => {
    const topics = [...log.topic.subarray(log.topicStart[r], log.topicStart[r + 1])].map((t) => log.topics[t])
    const item = log.item[r]! < 0 ? '-' : log.items[log.item[r]!]
    return `${row} ${log.students[log.student[r]!]} ${item} ${topics.join('+')} ${log.correct[r]} ${log.bundle[r]}`
  })
}

const HEADER = 'user_id\titem_id\ttimestamp\tcorrect\tskill_id\n'

describe('gervet', () => {
  const text = `${HEADER}b\t7\t0\t1\t3\na\t8\t0\t0\t3_14\nb\t7\t0\t0\t\n`

  it('puts students together, in the order of the file', () => {
    const { log, rows, untagged } = read('gervet', text)
    expect(lines(log)).toEqual(['0 b 7 3 1 0', '2 b 7 (no topic) 0 1', '1 a 8 3+14 0 2'])
    expect([rows, untagged]).toEqual([3, 1])
    expect([...log.at].every(Number.isNaN)).toBe(true)
  })

  it('is the log that answers given one by one make', () => {
    const { log } = read('gervet', text)
    const b = new AnswerLogBuilder()
    for (const [row, student, item, topics, correct] of [
      [0, 'b', '7', ['3'], true],
      [1, 'a', '8', ['3', '14'], false],
      [2, 'b', '7', ['(no topic)'], false],
    ] as const)
      b.add({ row, student, item, topics, correct, at: Number.NaN })
    expect(log).toEqual(b.build())
  })

  it('reads the same however the chunks are cut, with any line ends, and with times', () => {
    const timed = text.replaceAll('\t0\t1', '\t60\t1').replaceAll('\n', '\r\n')
    const whole = read('gervet', timed)
    expect(read('gervet', timed.slice(0, -2), { chunk: 3 })).toEqual(whole)
    expect([...whole.log.at]).toEqual([60_000, 0, 0])
  })

  it('numbers rows on from file to file, and keeps columns that are asked for', () => {
    const second = 'school\tuser_id\titem_id\ttimestamp\tcorrect\tskill_id\nnorth\ta\t9\t0\t1\t3\n'
    const first = text.replace('user_id', 'school\tuser_id').replaceAll(/^([ab]\t)/gm, 'south\t$1')
    const { log, columns, rows } = read('gervet', [first, second], { columns: ['school'] })
    expect(lines(log).at(-1)).toBe('3 a 9 3 1 3')
    expect([columns.get('school'), rows]).toEqual([['south', 'south', 'south', 'north'], 4])
  })

  it.each([
    ['a missing column', 'user_id\titem_id\tcorrect\n1\t2\t1\n', /answers\.txt, line 1: .*lacks timestamp, skill_id/],
    ['another format', 'user_id,item_id,timestamp,correct,skill_id\n1,2,0,1,3\n', /line 1: .*tab-separated/],
    ['no answer', `${HEADER}1\t2\t0\t2\t3\n`, /answers\.txt, line 2, column correct: .*1 nor 0/],
    ['no time', `${HEADER}1\t2\tnow\t1\t3\n`, /line 2, column timestamp: /],
    ['no student', `${HEADER}\n\t2\t0\t1\t3\n`, /line 3, column user_id: /],
    ['a short line', `${HEADER}1\t2\t0\n`, /line 2: There are 3 fields, the header has 5/],
    ['nothing', '', /answers\.txt: The file is empty/],
  ])('names file, line and column of %s', (_, bad, message) => {
    expect(() => read('gervet', bad)).toThrow(message)
  })

  it('leaves out what it can not read where it is told to, and counts it', () => {
    const { log, rows, rejected } = read('gervet', `${text}a\t1\t0\tmaybe\t3\na\t1\t0\t1\t3\n`, { skipRejects: true })
    expect([log.size, rows, rejected]).toEqual([4, 5, 1])
    expect(lines(log).at(-1)).toMatch(/^4 a 1/)
  })
})

describe('import formats', () => {
  it('csv: in the order of time, one instant of a student a bundle', () => {
    const text = [
      'student,item,topic,occurred_at,correct,hints,response_time_ms,class',
      'a,q2,t1;t2,2025-09-01T10:00:00Z,0.4,2,900,x',
      'a,q1,t1,2025-09-01T09:00:00Z,1,,1200,x',
      'b,q1,,2025-09-01T09:00:00Z,1,0,,y',
      'a,q3,t1,2025-09-01T10:00:00Z,0.5,0,800,x',
    ].join('\n')
    const { log, columns, untagged } = read('csv', text, { columns: ['class'] })
    expect(lines(log)).toEqual(['1 a q1 t1 1 0', '0 a q2 t1+t2 0 1', '3 a q3 t1 1 1', '2 b q1 (no topic) 1 2'])
    expect([...log.extra.get('hints')!]).toEqual([Number.NaN, 2, 0, 0])
    expect([...log.extra.get('response_ms')!]).toEqual([1200, 900, 800, Number.NaN])
    expect([columns.get('class'), untagged]).toEqual([['x', 'x', 'y', 'x'], 1])
  })

  it('csv without times: in the order of the file, each alone', () => {
    const text = 'student,item,topic,correct\na,q1,t,1\na,q2,t,0\n'
    const { log } = read('csv', text, { options: { clock: 'synthetic' } })
    expect(lines(log)).toEqual(['0 a q1 t 1 0', '1 a q2 t 0 1'])
    expect(log.at).toEqual(Float64Array.of(Number.NaN, Number.NaN))
  })

  it('assistments-actions: several topics, no items, what was measured', () => {
    const text =
      'user_id,seq,skill_id,correct,attempt_count,first_action,ms_first_response\n14,0,2_37,0,3,1,26271\n14,1,2,1,1,0,-5\n'
    const { log } = read('assistments-actions', text)
    expect(lines(log)).toEqual(['0 14 - 2+37 0 0', '1 14 - 2 1 1'])
    expect([...log.extra.get('attempts')!]).toEqual([3, 1])
    expect([...log.extra.get('response_ms')!]).toEqual([26271, Number.NaN])
  })

  it('riiid: questions of one container are a bundle, lectures are no answers', () => {
    const text = [
      'timestamp,user_id,content_id,content_type_id,task_container_id,answered_correctly,prior_question_elapsed_time,prior_question_had_explanation,part,tags',
      '0,5,100,0,1,1,,,1,8 9',
      '0,5,101,0,1,0,,,1,8',
      '50,5,7,1,2,-1,,,1,8',
      '99,5,102,0,3,1,2000,True,2,',
    ].join('\n')
    const { log, rows } = read('riiid', text)
    expect(lines(log)).toEqual(['0 5 100 8+9 1 0', '1 5 101 8 0 0', '3 5 102 part-2 1 1'])
    expect(rows).toBe(4)
    expect([...log.extra.get('response_ms')!]).toEqual([2000, 2000, Number.NaN])
  })

  it('ednet: a file per student, graded by the questions', () => {
    const questions =
      'question_id,bundle_id,explanation_id,correct_answer,part,tags,deployed_at\nq1,b1,e1,b,1,1;2,1\nq2,b1,e1,a,1,3,1\n'
    const text =
      'timestamp,action_type,item_id,cursor_time,source,user_answer,platform\n10,enter,b1,,diagnosis,,web\n20,respond,q1,,diagnosis,b,web\n30,respond,q2,,diagnosis,b,web\n40,submit,b1,,diagnosis,,web\n'
    const { log } = read('ednet', text, { companions: { questions }, fileName: 'u7.csv' })
    expect(lines(log)).toEqual(['1 u7 q1 1+2 1 0', '2 u7 q2 3 0 0'])
  })

  it('edm-cup: a JSON array, rows counted within it', () => {
    const answer = (n: number, correct: number) => ({
      user_id: 'u',
      item_id: `i${n}`,
      skill_ids: ['4.NF'],
      timestamp: 1000 * n,
      correct,
      action_sequence_id: 's',
      latency_ms: 5,
      help_requested: false,
    })
    const { log } = read('edm-cup', JSON.stringify([answer(2, 1), answer(1, 0)]), { columns: ['latency_ms'] })
    expect(lines(log)).toEqual(['1 u i1 4.NF 0 0', '0 u i2 4.NF 1 1'])
  })

  it('datashop: the first transaction on a step counts, a hint as wrong', () => {
    const head =
      'Anon Student Id\tSession Id\tTime\tTime Zone\tProblem Name\tProblem View\tStep Name\tOutcome\tKC (Default)\n'
    const step = (at: string, name: string, outcome: string) =>
      `s\tx\t2024-01-01 ${at}\tUTC\tp\t1\t${name}\t${outcome}\tk\n`
    const text =
      head + step('09:00:00', 'one', 'HINT') + step('09:00:05', 'one', 'CORRECT') + step('09:01:00', 'two', 'CORRECT')
    expect(lines(read('datashop', text).log)).toEqual(['0 s p / one k 0 0', '2 s p / two k 1 1'])
    expect(read('datashop', text, { options: { attempts: 'all' } }).log.size).toBe(2)
  })

  it('say which file and line can not be read', () => {
    expect(() => read('csv', 'student,item,topic,occurred_at,correct\na,q,t,soon,1\n')).toThrow(
      /answers\.txt, line 2: occurred_at is no time/,
    )
    expect(() => read('riiid', 'user_id,content_id\n1,2\n')).toThrow(/answers\.txt: .*lacks timestamp/)
    expect(() => read('csv', 'student,item,topic,occurred_at,correct\n', { columns: ['class'] })).toThrow(/class/)
  })
})

describe('the list of formats', () => {
  it('knows the names of the importers', () => {
    expect(loaderFormat('ednet-kt4').id).toBe('ednet')
    expect(loaderFormat('assistments-gervet').id).toBe('gervet')
  })

  it('says what there is where there is no such format', () => {
    expect(() => loaderFormat('gervais')).toThrow(new RegExp(LOADER_FORMATS.map((f) => f.id).join(', ')))
  })

  it('refuses options that a format does not have', () => {
    expect(() => read('gervet', HEADER, { options: { clok: 'x' } })).toThrow(/no option 'clok'/)
  })
})
