import { describe, expect, it } from 'vitest'
import { ClickActions } from './click-actions.ts'
import { GamingTotals, StudentGaming, type TopicClick } from './click-gaming.ts'

const SECOND = 1000
const click = (at: number, more: Partial<TopicClick> = {}): TopicClick => ({
  ...{ at: at * SECOND, source: 'lms', session: 's', item: `q${at}`, topics: ['t'], kind: 'answer', right: false },
  ...{ responseMs: 2000, thresholdMs: null, hints: 0, answerRequestMs: null, option: null },
  ...more,
})
const kinds = (clicks: readonly TopicClick[]) => {
  const source = new ClickActions()
  return clicks.map((c) => source.next(c).actions.map((a) => a.kind))
}
function totals(...students: TopicClick[][]): GamingTotals {
  const all = new GamingTotals()
  for (const clicks of students) {
    const s = new StudentGaming()
    for (const c of clicks) s.add(c)
    all.add(s)
  }
  return all
}

describe('actions of clicks', () => {
  it('are a request before an answer that tells of hints which nobody was seen to request', () => {
    const q = { item: 'q' }
    expect(kinds([click(1, { ...q, hints: 1 }), click(9, { ...q, hints: 1 }), click(20, { ...q, hints: 3 })])).toEqual([
      ['help', 'wrong'],
      ['wrong'],
      ['help', 'wrong'],
    ])
    const helped = click(1, { ...q, hints: 2, right: true })
    expect(kinds([helped, click(9, { ...q, hints: 2 })])).toEqual([
      ['help', 'right'],
      ['help', 'wrong'],
    ])
    const seen = [
      click(1, { ...q, kind: 'help' }),
      click(5, { ...q, hints: 1 }),
      click(9, { ...q, hints: 1, right: true }),
    ]
    expect(kinds([...seen, click(30, { ...q, hints: 1 })])).toEqual([['help'], ['wrong'], ['right'], ['wrong']])
    const asked = click(1, { answerRequestMs: 500 })
    expect(kinds([asked])).toEqual([['help', 'wrong']])
  })

  it('leave out a request that is written twice, and know no time of answers that were given together', () => {
    const help = (item: string, at = 1) => click(at, { kind: 'help', item })
    expect(kinds([help('p / s'), help('q / s'), help('p'), help('q'), help('p / s')])).toEqual([
      ...[['help'], ['help'], []],
      ...[[], ['help']],
    ])
    expect(kinds([help('p / s'), help('p', 2)])).toEqual([['help'], ['help']])
    const source = new ClickActions()
    const together = [click(1, { item: 'a' }), click(1, { item: 'b', responseMs: 0 })]
    expect(together.map((c) => source.next(c).actions[0]!.pauseMs)).toEqual([2000, Number.NaN])
    // Of a source that times answers, a pause stands for no time; of another it is all that is known.
    const pause = (of: TopicClick[]) => of.map((c) => source.next(c).actions[0]!.pauseMs).at(-1)
    expect(pause([click(10), click(13, { responseMs: null })])).toBe(Number.NaN)
    const untimed = { session: 'u', responseMs: null }
    expect(pause([click(20, untimed), click(23, untimed)])).toBe(3000)
  })
})

describe('gaming in clicks', () => {
  const guesses = (n: number, more: Partial<TopicClick> = {}) =>
    Array.from({ length: n }, (_, i) => click(1 + 5 * i, more))

  it('counts per topic what is part of a pattern, every action once', () => {
    const [a, b] = [{ topics: ['a'] }, { topics: ['a', 'b'] }]
    const all = totals([click(1, a), click(6, b), click(11, a), click(20, { ...a, responseMs: 30_000 })], [click(1, a)])
    expect(all).toMatchObject({ students: 2, gamingStudents: 1, actions: 5, gaming: 3 })
    expect([...all.topics]).toEqual([
      ['a', { actions: 5, gaming: 3, students: 1 }],
      ['b', { actions: 1, gaming: 1, students: 1 }],
    ])
    expect(all.patterns()[3]).toMatchObject({ pattern: 4, times: 1, students: 1, open: 0, why: '' })
  })

  it('does not go on from one session to the next', () => {
    const [x, y, z] = guesses(3)
    expect(totals([x!, y!, { ...z!, session: 'other' }]).gaming).toBe(0)
  })

  it('says of each pattern what is missing, and gives no zero where it can not tell', () => {
    const patterns = totals(guesses(4)).patterns()
    expect(patterns.filter((p) => p.times !== null).map((p) => p.pattern)).toEqual([4])
    expect(patterns[1]).toMatchObject({ times: null, students: null, why: 'what was entered is not kept' })
    expect(patterns[7]!.why).toBe('what was entered is not kept; events do not say which errors the tutor knew')
    expect(patterns[11]!.why).toBe('what was entered is not kept; no request for help is recorded')
    const untimed = totals([click(1, { responseMs: null, session: 'x' })]).patterns()
    expect(untimed[3]).toMatchObject({ times: null, why: 'no times are known' })
  })

  it('judges by options where the source names them, and says where it does not always', () => {
    const named = guesses(4, { item: 'q', option: 'b' })
    const told = totals(named).patterns()
    expect(told[1]).toMatchObject({ times: 2, open: 0, why: '' })
    expect(told[3]).toMatchObject({ times: 0, open: 0 })
    expect(told[7]!.times).toBeNull()
    const both = totals(named, guesses(3, { item: 'q' })).patterns()
    expect(both[1]).toMatchObject({
      times: 2,
      open: 1,
      students: 1,
      why: 'what was entered is not kept of every answer',
    })
  })
})
