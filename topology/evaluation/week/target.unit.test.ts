import { describe, expect, it } from 'vitest'
import type { Answer } from '../answer-log.ts'
import { logOf } from '../testing/answers.ts'
import { noTarget, SCOPES, type Scope, WEEK_MS, weekTarget } from './target.ts'
import { answersOverWeeks } from './testing/answers.ts'

const DAY = 86_400_000
const START = Date.UTC(2025, 8, 1)

/** The same, word by word: every pair of answers is looked at. */
function byHand(answers: readonly Answer[], scope: Scope) {
  const end = Math.max(...answers.map((a) => a.at))
  return answers.flatMap((a) => {
    if (a.at + WEEK_MS > end) return []
    const mine = answers.filter((b) => b.student === a.student && b.row > a.row && b.bundle !== a.bundle)
    const week = mine
      .filter((b) => b.at > a.at && b.at <= a.at + WEEK_MS)
      .filter((b) => scope === 'all' || b.topics.some((t) => a.topics.includes(t)))
    if (week.length === 0) return []
    const share = week.filter((b) => b.correct).length / week.length
    return [{ row: a.row, share, answers: week.length, after: mine.some((b) => b.at > a.at + WEEK_MS) ? 1 : 0 }]
  })
}

describe('the accuracy over the next week', () => {
  it.each(SCOPES)('of %s is what looking at every pair of answers gives', (scope) => {
    for (let seed = 1; seed <= 8; seed++) {
      const answers = answersOverWeeks(seed, 12)
      const log = logOf(answers)
      const { rows, share, answers: n, seenAfter, counts } = weekTarget(log, scope)
      const got = Array.from(rows, (r, i) => ({
        row: log.row[r]!,
        share: share[i]!,
        answers: n[i]!,
        after: seenAfter[i]!,
      }))
      const expected = byHand(answers, scope)
      expect(expected.length).toBeGreaterThan(30)
      expect(got.sort((a, b) => a.row - b.row)).toEqual(expected)
      expect(counts.used + counts.empty + counts.unfinished).toBe(counts.rows)
    }
  })

  const answer = (student: string, at: number, more: Partial<Answer> = {}): Answer => ({
    ...{ student, item: 'i', topics: ['t'], correct: true, at, row: 0, bundle: null },
    ...more,
  })
  const numbered = (list: readonly Answer[]) => logOf(list.map((a, row) => ({ ...a, row })))

  it('leaves out a week that is not over where the data end, and keeps one after which a student was not seen again', () => {
    const log = numbered([
      ...[0, 1, 9].map((d) => answer('stays', START + d * DAY)),
      ...[0.5, 1.5].map((d) => answer('leaves', START + d * DAY)),
    ])
    const { rows, seenAfter, counts } = weekTarget(log, 'all')
    expect([...rows]).toEqual([0, 3])
    expect([...seenAfter]).toEqual([1, 0])
    // Day 1 of the one who stays and day 1.5 of the other are over, but nothing was answered within them.
    expect(counts).toMatchObject({ used: 2, unfinished: 1, empty: 2 })
  })

  it("takes a student's last answer for the end where each has a clock of their own", () => {
    const log = numbered(['a', 'b', 'c'].flatMap((s, i) => [0, 1, 6 + 2 * i].map((d) => answer(s, d * DAY))))
    const { clock, rows, counts } = weekTarget(log, 'all')
    expect(clock).toBe('own')
    // They end on days 6, 8 and 10: no week of the first is over, two of the second, two of the third, the latter one empty.
    expect([...rows]).toEqual([3, 4, 6])
    expect(counts).toMatchObject({ used: 3, empty: 1, unfinished: 5 })
  })

  it('never counts what was given together with the row, whatever its time', () => {
    const log = numbered([
      answer('a', START, { bundle: 'page' }),
      answer('a', START + DAY, { bundle: 'page', correct: false }),
      answer('a', START + 2 * DAY),
      answer('a', START + 20 * DAY),
      answer('b', START + 3 * DAY),
    ])
    const { rows, share, answers } = weekTarget(log, 'all')
    expect([...rows]).toEqual([0, 1])
    expect([...share]).toEqual([1, 1])
    expect([...answers]).toEqual([1, 1])
  })

  it('says what is wrong where no answer has a week', () => {
    const said = (list: Answer[]) => noTarget(weekTarget(numbered(list), 'all'))
    expect(said([answer('a', Number.NaN), answer('b', Number.NaN)])).toMatch(/no time.*with a clock/)
    expect(said([answer('a', 2), answer('a', 1)])).toMatch(/run backwards/)
    expect(said([answer('a', START), answer('a', START + DAY)])).toMatch(/2 of 2 come less than a week before/)
    expect(said([answer('a', START), answer('a', START + DAY), answer('b', START + 9 * DAY)])).toBeNull()
  })

  it('leaves out students whose clock fails, and them alone', () => {
    const good = answersOverWeeks(3, 6)
    const spoiled = [
      ...good,
      answer('x', START),
      answer('x', Number.NaN),
      answer('y', START + DAY),
      answer('y', START),
    ].map((a, row) => ({ ...a, row }))
    const [before, after] = [weekTarget(logOf(good), 'all'), weekTarget(logOf(spoiled), 'all')]
    expect([...after.rows]).toEqual([...before.rows])
    expect(after.counts).toMatchObject({ without_clock: 2, out_of_order: 2, used: before.counts.used })
  })
})
