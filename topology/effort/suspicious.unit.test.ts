import { describe, expect, it } from 'vitest'
import { type Click, suspiciousSessions } from './suspicious.ts'

const SECOND = 1000
const answer = (at: number, more: Partial<Click> = {}): Click => ({
  at: at * SECOND,
  source: 'lms',
  session: 's1',
  item: `q${at}`,
  kind: 'answer',
  right: false,
  responseMs: 20 * SECOND,
  thresholdMs: 3 * SECOND,
  hints: 0,
  answerRequestMs: null,
  option: null,
  ...more,
})

describe('suspicious sessions', () => {
  it('are none where a student works in earnest', () => {
    const clicks = [10, 40, 80].map((at) => answer(at))
    expect(suspiciousSessions(clicks)).toEqual([])
    // Fast and without a threshold says nothing; three seconds sharp is not below three.
    const unknown = answer(100, { right: true, responseMs: 100, thresholdMs: null })
    expect(suspiciousSessions([...clicks, unknown, answer(130, { responseMs: 3000 })])).toEqual([])
  })

  it('count rapid guesses and what was right among them, session by session, the newest first', () => {
    const fast = { responseMs: 900 }
    const clicks = [
      answer(1, fast),
      answer(30),
      answer(60, { ...fast, right: true }),
      answer(5000, { session: 's2' }),
      answer(9000, { session: 's3', ...fast }),
    ]
    expect(suspiciousSessions(clicks)).toEqual([
      { from: 9_000_000, to: 9_000_000, answers: 1, rapid: 1, rapidRight: 0, askedAtOnce: 0, patterns: [] },
      { from: 1000, to: 60_000, answers: 3, rapid: 2, rapidRight: 1, askedAtOnce: 0, patterns: [] },
    ])
  })

  it('are told apart by half an hour where the source names none', () => {
    const unnamed = (at: number) => answer(at, { session: null, responseMs: 900 })
    const found = suspiciousSessions([unnamed(0), unnamed(1800), unnamed(3601)])
    expect(found.map((s) => [s.from / SECOND, s.to / SECOND, s.rapid])).toEqual([
      [3601, 3601, 1],
      [0, 1800, 2],
    ])
  })

  it('name the patterns that can be seen: three fast guesses in a row', () => {
    const guess = { responseMs: 5000 }
    const [found] = suspiciousSessions([answer(1, guess), answer(8, guess), answer(14, guess), answer(20, guess)])
    expect(found!.patterns).toEqual([{ pattern: 'three fast guesses in a row', times: 2 }])
    // The second of three is right: no pattern.
    expect(suspiciousSessions([answer(1, guess), answer(8, { ...guess, right: true }), answer(14, guess)])).toEqual([])
  })

  it('see the same option tried elsewhere, and help clicked through, where the source names options', () => {
    const b = { option: 'b' }
    const [tried] = suspiciousSessions([answer(1, b), answer(30, { ...b, responseMs: 4000 })])
    expect(tried!.patterns).toEqual([{ pattern: 'the same wrong answer entered elsewhere at once', times: 1 }])
    const [helped] = suspiciousSessions([
      answer(1, { item: 'q', option: 'a', answerRequestMs: 1000, responseMs: 3000 }),
      answer(30, { item: 'q', option: 'a' }),
    ])
    expect(helped!.askedAtOnce).toBe(1)
    expect(helped!.patterns.map((p) => p.pattern)).toContain(
      'help clicked through to the answer, then two like wrong answers',
    )
    const slow = answer(1, { answerRequestMs: 30_000, responseMs: 60_000 })
    expect(suspiciousSessions([slow])).toEqual([])
  })
})
