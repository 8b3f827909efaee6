import { describe, expect, it } from 'vitest'
import { csv } from './csv.ts'
import { ImportError } from './importer.ts'
import { readAll } from './testing/read-all.ts'

const HEADER = 'student,item,topic,occurred_at,correct'
const FULL = `${HEADER},attempt,hints,response_time_ms`
const T = '2025-09-01T08:30:00Z'
const AT = Date.parse(T)

const read = (text: string, options: Record<string, string> = {}) => readAll(csv, text, { options })
const one = (header: string, row: string) => read(`${header}\n${row}\n`).events[0]!
const code = (header: string, row: string) => read(`${header}\n${row}\n`).rejects.map((r) => r.code)

describe('csv', () => {
  it('reads a graded answer', () => {
    const event = one(FULL, `s1,q1,fractions,${T},1,2,3,4500`)
    expect(event).toEqual({
      event_id: expect.stringMatching(/^csv:[0-9a-f]{32}$/),
      tenant: 'school',
      student: 'p-s1',
      kind: 'quiz_attempt',
      role: 'evidence',
      authority: 'server',
      item: 'q1',
      topics: ['fractions'],
      session: null,
      context: null,
      occurred_at: AT,
      observed_at: AT,
      source_sequence: 2,
      correct: true,
      score: 1,
      score_rule: 'binary',
      attempt_number: 2,
      hints: 3,
      response_time_ms: 4500,
      first_action_ms: null,
      answer_request_ms: null,
      actions: {},
      video_coverage: null,
      help_requests: null,
      source_system: 'csv',
      source_dialect: 'csv',
      adapter_version: '1',
      opportunity_key: expect.stringMatching(/^[0-9a-f]{32}$/),
      supersedes: null,
    })
  })

  it('keeps the option that was chosen, where it has an option’s name', () => {
    const header = `${FULL},option`
    expect(one(header, `s1,q1,fractions,${T},1,2,3,4500,b`).actions).toEqual({ 'option:b': 1 })
    expect(one(header, `s1,q1,fractions,${T},1,2,3,4500,`).actions).toEqual({})
    expect(one(header, `s1,q1,fractions,${T},1,2,3,4500,what I think`).actions).toEqual({})
  })

  it('leaves out what the file leaves out', () => {
    const event = one(FULL, `s1,q1,,${T},0,,,`)
    expect(event).toMatchObject({ topics: [], correct: false, score: 0, attempt_number: null, hints: null })
    expect(event).toMatchObject({ response_time_ms: null, opportunity_key: null })
  })

  it.each([
    ['true', true, 1, 'binary'],
    ['Yes', true, 1, 'binary'],
    ['FALSE', false, 0, 'binary'],
    ['no', false, 0, 'binary'],
    ['1.0', true, 1, 'binary'],
    ['0.5', true, 0.5, 'fraction'],
    ['.25', false, 0.25, 'fraction'],
    ['5e-1', true, 0.5, 'fraction'],
  ])('reads correct %s', (text, correct, score, rule) => {
    expect(one(HEADER, `s,q,t,${T},${text}`)).toMatchObject({ correct, score, score_rule: rule })
  })

  it('reads several topics', () => {
    expect(one(HEADER, `s,q,a; b|a|,${T},1`).topics).toEqual(['a', 'b'])
    expect(one(HEADER, `s,q,a|b,${T},1`).topics).toEqual(['a', 'b'])
    expect(one(HEADER.replaceAll(',', ';'), `s;q;"a;b|c";${T};1`).topics).toEqual(['a;b', 'c'])
  })

  it('finds the delimiter, and renames columns', () => {
    const text = `time\tis_right\tuser\tproblem\tskill\n1756715400\t1\tu\tp\tk\n`
    const map = 'student=user,item=problem, topic=skill,occurred_at=time,correct=is_right'
    const { events } = read(text, { map, kind: 'practice_attempt', source: 'lms' })
    expect(events[0]).toMatchObject({ student: 'p-u', item: 'p', topics: ['k'], occurred_at: AT, source_system: 'lms' })
    expect(events[0]).toMatchObject({ kind: 'practice_attempt', event_id: expect.stringMatching(/^lms:/) })
  })

  it('puts rows a minute apart with the synthetic clock', () => {
    const { events } = read('student,item,topic,correct\ns,q,t,1\ns,q,t,0\n', { clock: 'synthetic' })
    expect(events.map((e) => e.occurred_at - events[0]!.occurred_at)).toEqual([0, 60_000])
    expect(events.map((e) => e.observed_at)).toEqual(events.map((e) => e.occurred_at))
  })

  it('takes equal rows for answers of their own without an attempt column, and for one with it', () => {
    const row = `s,q,t,${T},1`
    const without = `${HEADER}\n${row}\n${row}\n${row}\nother,q,t,${T},1\n`
    const ids = read(without).events.map((e) => e.event_id)
    expect(new Set(ids).size).toBe(4)
    expect(read(without).events.map((e) => e.event_id)).toEqual(ids)
    const attempts = read(`${HEADER},attempt\n${row},1\n${row},1\n${row},2\n`).events
    expect(attempts[0]!.event_id).toBe(attempts[1]!.event_id)
    expect(attempts[0]!.opportunity_key).toBe(attempts[1]!.opportunity_key)
    expect(attempts[2]!.event_id).not.toBe(attempts[0]!.event_id)
    expect(attempts[2]!.opportunity_key).not.toBe(attempts[0]!.opportunity_key)
  })

  it.each([
    [`,q,t,${T},1,,,`, 'missing_student'],
    [`s,,t,${T},1,,,`, 'missing_item'],
    ['s,q,t,,1,,,', 'bad_time'],
    ['s,q,t,noon,1,,,', 'bad_time'],
    [`s,q,t,${T},,,,`, 'bad_correct'],
    [`s,q,t,${T},2,,,`, 'bad_correct'],
    [`s,q,t,${T},-1,,,`, 'bad_correct'],
    [`s,q,t,${T},maybe,,,`, 'bad_correct'],
    [`s,q,t,${T},1,0,,`, 'bad_number'],
    [`s,q,t,${T},1,3000000000,,`, 'bad_number'],
    [`s,q,t,${T},1,1,many,`, 'bad_number'],
    [`s,q,t,${T},1,1,1,1.5`, 'bad_number'],
    [`s,q,t,${T},1`, 'column_count'],
    [`s,"q"x,t,${T},1,,,`, 'bad_quotes'],
  ])('rejects %j', (row, expected) => {
    const { events, rejects } = read(`${FULL}\n${row}\ns,q,t,${T},1,,,\n`)
    expect(events.length).toBe(1)
    const whose = ['missing_student', 'column_count', 'bad_quotes'].includes(expected) ? null : 'p-s'
    expect(rejects).toEqual([
      { type: 'reject', code: expected, message: expect.stringMatching(/\.$/), line: 2, raw: row, student: whose },
    ])
  })

  it('names the renamed column in the reject', () => {
    const { rejects } = read(`user,item,topic,occurred_at,correct,tries\n,q,t,${T},1,\ns,q,t,${T},1,x`, {
      map: 'student=user,attempt=tries',
    })
    expect(rejects.map((r) => r.message)).toEqual([
      'user is empty. Fill it in.',
      'tries is no number of its kind. Give 1, 2, 3, ..., or leave it empty.',
    ])
  })

  it.each([
    ['student,item,topic,correct', {}, /lacks occurred_at.*clock=synthetic/],
    ['a,b', {}, /lacks student, item, topic, occurred_at, correct/],
    [HEADER, { clock: 'real' }, /Option clock is 'real'/],
    [HEADER, { kind: 'exam' }, /Option kind is 'exam'/],
    [HEADER, { map: 'learner=user' }, /Option map has 'learner=user'/],
    [HEADER, { map: 'student' }, /Option map has 'student'/],
    [HEADER, { map: 'student=' }, /Option map has 'student='/],
    [HEADER, { map: 'student=student,student=item' }, /names student twice/],
    [HEADER, { map: 'hints=help' }, /no column 'help'/],
    [HEADER, { colour: 'red' }, /no option 'colour'; it has map/],
    [`"${HEADER}`, {}, /quotes that do not match/],
  ])('refuses header %s with %o', (header, options, message) => {
    expect(() => read(`${header}\n`, options as Record<string, string>)).toThrow(ImportError)
    expect(() => read(`${header}\n`, options as Record<string, string>)).toThrow(message)
  })

  it('does not mind spaces around values', () => {
    expect(one(HEADER, ` s , q , t , ${T} , yes `)).toMatchObject({
      student: 'p-s',
      item: 'q',
      topics: ['t'],
      correct: true,
    })
    expect(code(HEADER, ` ,q,t,${T},1`)).toEqual(['missing_student'])
  })
})
