import { describe, expect, it } from 'vitest'
import { edmCupLogs } from './edm-cup-logs.ts'

const DETAILS =
  'assignment_log_id,teacher_id,class_id,student_id,sequence_id\nA1,T,C,ann,S\nA2,T,C,ann,S\nB1,T,C,ben,S\n'
const PROBLEMS = 'problem_id,problem_type,problem_skill_code\nP1,Number,4.NBT.A.1\nP2,Number,\nP3,Number,7.EE.B.4\n'
const HEADER = 'assignment_log_id,timestamp,problem_id,max_attempts,action,hint_id\n'

function read(actions: string, more: { most?: number; skipRejects?: boolean } = {}) {
  const { most, skipRejects = false } = more
  const source = edmCupLogs.source({
    options: {},
    columns: [],
    skipRejects,
    ...(most === undefined ? {} : { bound: { most, seed: 1 } }),
  })
  for (const [name, text] of [
    ['assignment_details', DETAILS],
    ['problem_details', PROBLEMS],
  ] as const) {
    const file = source.openTable!(name, `${name}.csv`)
    file.push(text)
    file.end()
  }
  const file = source.open({ fileName: 'action_logs.csv', companions: {} })
  for (const piece of (HEADER + actions).match(/[\s\S]{1,7}/g)!) file.push(piece)
  file.end()
  return source.build()
}

const row = (assignment: string, at: number, problem: string, action: string) =>
  `${assignment},${at}.0,${problem},3,${action},\n`

describe('EDM Cup 2023 as it is given out', () => {
  it('counts each problem of an assignment once, by what was done first on it', () => {
    const { log, rows, untagged } = read(
      [
        row('A1', 90, '', 'assignment_started'),
        row('A1', 100, 'P1', 'problem_started'),
        row('A1', 130, 'P1', 'wrong_response'),
        row('A1', 140, 'P1', 'correct_response'),
        row('A1', 150, 'P2', 'problem_started'),
        row('A1', 160, 'P2', 'hint_requested'),
        row('A1', 170, 'P2', 'correct_response'),
        row('B1', 10, 'P3', 'correct_response'),
        row('A2', 200, 'P1', 'problem_started'),
        row('A2', 201, 'P1', 'problem_started'),
        row('A2', 205, 'P1', 'correct_response'),
        row('A2', 300, 'P3', 'open_response'),
        row('X9', 300, 'P3', 'correct_response'),
      ].join(''),
    )
    const said = [...log.row].map((r, i) => [
      r,
      log.students[log.student[i]!],
      log.items[log.item[i]!],
      log.topics[log.topic[i]!],
      log.correct[i],
      log.at[i],
      log.extra.get('response_ms')![i],
      log.extra.get('help_requests')![i],
    ])
    expect(said).toEqual([
      [7, 'ben', 'P3', '7.EE.B.4', 1, 10_000, Number.NaN, 0],
      [2, 'ann', 'P1', '4.NBT.A.1', 0, 130_000, 30_000, 0],
      [5, 'ann', 'P2', '(no topic)', 0, 160_000, 10_000, 1],
      [10, 'ann', 'P1', '4.NBT.A.1', 1, 205_000, 5_000, 0],
    ])
    expect([rows, untagged]).toEqual([13, 1])
  })

  it('keeps whole students under a bound', () => {
    const all = ['A1', 'A2', 'B1'].map((a) => row(a, 100, 'P1', 'correct_response')).join('')
    const { log, sampled } = read(all, { most: 2 })
    expect(new Set(log.students).size).toBe(1)
    expect(log.size).toBe(log.students[0] === 'ann' ? 2 : 1)
    expect(sampled!.share).toBeLessThan(1)
  })

  it('says which line can not be read, or counts it', () => {
    const odd = `${row('A1', 1, 'P1', 'correct_response')}A1,then,P2,3,correct_response,\nA1,1\n`
    expect(() => read(odd)).toThrow(/action_logs\.csv, line 3: timestamp/)
    expect(read(odd, { skipRejects: true }).rejected).toBe(2)
    expect(() => edmCupLogs.source({ options: {}, columns: ['x'], skipRejects: false })).toThrow(/leave --by out/)
  })
})
