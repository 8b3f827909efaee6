import { describe, expect, it } from 'vitest'
import { datashop } from './datashop.ts'
import { readAll } from './testing/read-all.ts'
import { describeWithData, sharedData } from './testing/shared-data.ts'

const NAMES = [
  'Row',
  'Transaction Id',
  'Anon Student Id',
  'Session Id',
  'Time',
  'Time Zone',
  'Duration (sec)',
  'Student Response Type',
  'Problem Name',
  'Problem View',
  'Step Name',
  'Attempt At Step',
  'Outcome',
  'KC (Original)',
  'KC (Default)',
  'KC Category (Default)',
  'KC (Default)',
]
const ROW: Record<string, string> = {
  'Anon Student Id': 'Stu_1',
  'Session Id': 'S1',
  Time: '2024-02-16 05:34:51',
  'Time Zone': 'GMT',
  'Duration (sec)': '1.5',
  'Student Response Type': 'ATTEMPT',
  'Problem Name': 'P1',
  'Problem View': '2',
  'Step Name': 'step a',
  Outcome: 'CORRECT',
  'KC (Original)': 'area',
  'KC (Default)': 'slope',
}

function read(rows: Record<string, string>[], options: Record<string, string> = {}, names = NAMES) {
  const lines = rows.map((row) => names.map((name) => ({ ...ROW, ...row })[name] ?? '').join('\t'))
  return readAll(datashop, [names.join('\t'), ...lines].join('\r\n'), { options })
}
const hint = { Outcome: 'HINT', 'Student Response Type': 'HINT_REQUEST' }

describe('datashop', () => {
  it('reads an attempt', () => {
    const { events } = read([{ 'Attempt At Step': '3' }])
    expect(events[0]).toMatchObject({
      student: 'p-Stu_1',
      kind: 'practice_attempt',
      role: 'evidence',
      item: 'P1 / step a',
      topics: ['slope'],
      session: 'S1',
      context: 'S1/2',
      occurred_at: Date.parse('2024-02-16T05:34:51Z'),
      correct: true,
      score: 1,
      attempt_number: 3,
      hints: 0,
      response_time_ms: 1500,
      source_system: 'datashop',
    })
  })

  it('counts every attempt as evidence, with the hints before it', () => {
    const rows = [{ Outcome: 'incorrect' }, hint, hint, {}, { 'Step Name': 'step b' }]
    expect(
      read(rows).events.map((e) => [e.kind, e.role, e.correct, e.hints, e.attempt_number, e.help_requests]),
    ).toEqual([
      ['practice_attempt', 'evidence', false, 0, 1, null],
      ['tutor_interaction', 'context', null, null, null, 1],
      ['tutor_interaction', 'context', null, null, null, 1],
      ['practice_attempt', 'evidence', true, 2, 4, null],
      ['practice_attempt', 'evidence', true, 0, 1, null],
    ])
  })

  it("counts DataShop's first attempts only, a hint as a wrong one, with attempts=first", () => {
    const rows = [{ Outcome: 'INCORRECT' }, {}, { ...hint, 'Step Name': 'step b' }, { 'Step Name': 'step b' }]
    const { events } = read(rows, { attempts: 'first' })
    expect(events.map((e) => [e.kind, e.role, e.correct, e.hints, e.score_rule])).toEqual([
      ['practice_attempt', 'evidence', false, 0, 'binary'],
      ['practice_attempt', 'context', true, 0, 'binary'],
      ['tutor_interaction', 'evidence', false, 1, 'hint-first'],
      ['practice_attempt', 'context', true, 1, 'binary'],
    ])
    expect(new Set(events.map((e) => e.opportunity_key)).size).toBe(4)
  })

  it('takes everything else for context', () => {
    const rows = [
      { ...hint, Outcome: '', 'Step Name': '', 'Session Id': '' },
      { ...hint, Outcome: 'STUDY' },
      { Outcome: '' },
      { Outcome: '', 'Student Response Type': '' },
    ]
    expect(read(rows).events.map((e) => [e.kind, e.role, e.item, e.session, e.actions, e.help_requests])).toEqual([
      ['tutor_interaction', 'context', 'P1', null, {}, 1],
      ['other', 'context', 'P1 / step a', 'S1', { study: 1 }, null],
      ['other', 'context', 'P1 / step a', 'S1', { attempt: 1 }, null],
      ['other', 'context', 'P1 / step a', 'S1', { transaction: 1 }, null],
    ])
  })

  it('tells transactions apart by their id, and equal ones without an id by their count', () => {
    const ids = (rows: Record<string, string>[]) => new Set(read(rows).events.map((e) => e.event_id)).size
    expect(ids([{ 'Transaction Id': 'x' }, { 'Transaction Id': 'y' }])).toBe(2)
    expect(ids([{ 'Transaction Id': 'x' }, { 'Transaction Id': 'x' }])).toBe(1)
    expect(ids([{}, {}])).toBe(2)
  })

  it('reads times in their zone', () => {
    const at = (row: Record<string, string>, options = {}) =>
      new Date(read([row], options).events[0]!.occurred_at).toISOString()
    expect(at({ Time: '1996-02-01 00:00:48.5', 'Time Zone': 'US/Eastern' })).toBe('1996-02-01T05:00:48.500Z')
    expect(at({ Time: '1996-07-01 00:00:48', 'Time Zone': '' })).toBe('1996-07-01T00:00:48.000Z')
    expect(at({ Time: '1996-07-01 00:00:48', 'Time Zone': 'Mars/Base' })).toBe('1996-07-01T00:00:48.000Z')
    expect(at({ Time: '1996-07-01 00:00:48' }, { timezone: 'Asia/Kolkata' })).toBe('1996-06-30T18:30:48.000Z')
  })

  it('reads the KC model asked for, all of its columns', () => {
    const names = ['KC (A)', 'KC (B)', 'KC (B)']
    const base = NAMES.filter((name) => !name.startsWith('KC'))
    const header = [...base, ...names]
    const line = (...kcs: string[]) => [...base.map((name) => ROW[name] ?? ''), ...kcs].join('\t')
    const topics = (options: Record<string, string>, ...lines: string[]) =>
      readAll(datashop, [header.join('\t'), ...lines].join('\n'), { options }).events.map((e) => e.topics)
    expect(topics({ kc: 'B' }, line('a', 'x', 'y'))).toEqual([['x', 'y']])
    expect(topics({ kc: 'KC (A)' }, line('a', 'x', 'x'))).toEqual([['a']])
    expect(topics({}, line('', '', ''), line('', 'x', 'x'), line('a', 'z', ''))).toEqual([[], ['x'], ['z']])
    expect(() => topics({ kc: 'C' })).toThrow(/no KC model 'C'.*A, B/)
    expect(() => read([], { kc: 'C' }, base)).toThrow(/one of: none/)
    expect(read([{}], {}, base).events[0]!.topics).toEqual([])
  })

  it('takes off the quotes that a spreadsheet program put on, and no others', () => {
    const { events } = read([
      { 'Problem Name': '"a, ""b"""', 'Step Name': '5" pipe' },
      { 'Problem Name': '"open', 'Step Name': '"' },
    ])
    expect(events.map((e) => e.item)).toEqual(['a, "b" / 5" pipe', '"open / "'])
  })

  it.each([
    [{ 'Anon Student Id': '' }, 'missing_student'],
    [{ 'Problem Name': '' }, 'missing_item'],
    [{ Time: '5:34' }, 'bad_time'],
    [{ 'Duration (sec)': 'long' }, 'bad_number'],
    [{ 'Attempt At Step': '0' }, 'bad_number'],
    [{ 'Step Name': 'a\tb' }, 'column_count'],
  ])('rejects %o', (row, code) => {
    const { rejects, outcomes } = read([row as Record<string, string>])
    expect(outcomes.length).toBe(1)
    expect(rejects).toMatchObject([{ code, line: 2 }])
  })

  it('leaves out a duration that is not known', () => {
    expect(read([{ 'Duration (sec)': '.' }, { 'Duration (sec)': '' }]).events.map((e) => e.response_time_ms)).toEqual([
      null,
      null,
    ])
  })

  it('refuses what does not fit', () => {
    expect(() => readAll(datashop, 'Row\tAnon Student Id\n')).toThrow(/lacks Session Id, Time/)
    expect(() => read([], { attempts: 'some' })).toThrow(/Option attempts is 'some'/)
    expect(() => read([], { timezone: 'Mars/Base' })).toThrow(/Option timezone is 'Mars\/Base'/)
  })
})

// Rows, right, wrong, tutor interactions, other; right/wrong/hint among the rows with Attempt At Step 1: counted with awk
// and Python. Then the sum of hints before attempts, and of topics.
const FILES = [
  ['ds76_geometry_tx_1996.txt', 492, [364, 128, 0, 0], [226, 125, 0], 0, 492, '1996-02-01T05:00:48.000Z'],
  ['ds1465_stats_cloze_tx_2015.txt', 2074, [1093, 848, 0, 133], [1093, 848, 0], 0, 2074, '2015-11-02T19:49:38.000Z'],
  [
    'ds6224_oli_chemistry_tx_2024.txt',
    5553,
    [3248, 1773, 532, 0],
    [3104, 1597, 300],
    311,
    5340,
    '2024-02-16T05:34:51.000Z',
  ],
] as const

const PATHS = FILES.map(([file]) => `datashop_samples/${file}`)
describeWithData('datashop on real exports', PATHS, () => {
  it.each(FILES)('%s', (file, rows, all, first, hints, topics, start) => {
    const text = sharedData(`datashop_samples/${file}`)
    const { events } = readAll(datashop, text)
    expect(events.length).toBe(rows)
    const evidence = events.filter((e) => e.role === 'evidence')
    expect([
      evidence.filter((e) => e.correct).length,
      evidence.filter((e) => !e.correct).length,
      events.filter((e) => e.kind === 'tutor_interaction').length,
      events.filter((e) => e.kind === 'other').length,
    ]).toEqual(all)
    expect(new Set(events.map((e) => e.event_id)).size).toBe(rows)
    expect(new Set(evidence.map((e) => e.opportunity_key)).size).toBe(evidence.length)
    expect(evidence.reduce((sum, e) => sum + e.hints!, 0)).toBe(hints)
    expect(events.reduce((sum, e) => sum + e.topics.length, 0)).toBe(topics)
    expect(new Date(events[0]!.occurred_at).toISOString()).toBe(start)

    const firsts = readAll(datashop, text, { options: { attempts: 'first' } }).events.filter(
      (e) => e.role === 'evidence',
    )
    expect([
      firsts.filter((e) => e.correct).length,
      firsts.filter((e) => e.score_rule === 'binary' && !e.correct).length,
      firsts.filter((e) => e.score_rule === 'hint-first').length,
    ]).toEqual(first)
  })
})
