import { describe, expect, it } from 'vitest'
import { Random } from '../school/random.ts'
import { fitForgetting, retained } from './forgetting.ts'
import { binFigures, GAP_EDGES, type RetentionBin, RetentionTally } from './retention.ts'
import { progressOf, type TopicAnswer, tallyRetention } from './student.ts'

const DAY = 86_400_000

/** Answers with a planted decay; with `ease`, students who come back late are the better ones. */
function answered(
  seed: number,
  n: number,
  level: number,
  decay: number,
  ease: (gap: number) => number,
): RetentionBin[] {
  const random = new Random(seed)
  const tally = new RetentionTally()
  for (let i = 0; i < n; i++) {
    const gap = Math.exp(6 * random.uniform()) - 1
    const expected = ease(gap)
    tally.add(gap, random.chance(Math.min(1, expected * level * retained(decay, gap))), expected)
  }
  return tally.bins
}

describe('forgetting', () => {
  it('is found again where it was planted, with errors of the right size', () => {
    let within = 0
    for (let seed = 1; seed <= 40; seed++) {
      const f = fitForgetting(
        answered(seed, 4000, 0.8, 0.06, () => 1),
        false,
      )!
      if (Math.abs(f.decay - 0.06) < 1.96 * f.decaySe) within++
      expect(f.level).toBeGreaterThan(0.7)
    }
    expect(within).toBeGreaterThanOrEqual(34)
  })

  it('is the greatest of the likelihood on a grid', () => {
    const bins = answered(3, 2000, 0.9, 0.1, () => 1)
    const f = fitForgetting(bins, false)!
    let best = { level: 0, decay: 0, value: Number.NEGATIVE_INFINITY }
    for (let level = 0.6; level < 0.999; level += 0.0025)
      for (let decay = -0.05; decay < 0.3; decay += 0.0025) {
        let value = 0
        for (const b of bins) {
          if (b.n === 0) continue
          const p = level * (1 + b.days / b.n) ** -decay
          value += p >= 1 ? Number.NEGATIVE_INFINITY : b.correct * Math.log(p) + (b.n - b.correct) * Math.log(1 - p)
        }
        if (value > best.value) best = { level, decay, value }
      }
    expect(Math.abs(f.level - best.level)).toBeLessThan(0.003)
    expect(Math.abs(f.decay - best.decay)).toBeLessThan(0.003)
    expect(f.halfLife).toBeCloseTo(2 ** (1 / f.decay) - 1, 6)
    expect(retained(f.decay, f.halfLife!)).toBeCloseTo(0.5, 9)
  })

  it('against what was expected is free of who comes back when', () => {
    const bins = answered(8, 40_000, 1, 0.05, (gap) => Math.min(0.95, 0.5 + 0.08 * Math.log1p(gap)))
    const plain = fitForgetting(bins, false)!
    const ratio = fitForgetting(bins, true)!
    expect(plain.decay).toBeLessThan(0)
    expect(plain.halfLife).toBeNull()
    expect(Math.abs(ratio.decay - 0.05)).toBeLessThan(3 * ratio.decaySe)
  })

  it('is not told from too little', () => {
    expect(fitForgetting(new RetentionTally().bins, false)).toBeNull()
    expect(
      fitForgetting(
        answered(1, 60, 0.8, 0.1, () => 1),
        false,
      ),
    ).toBeNull()
  })
})

describe('answers by gap', () => {
  const answer = (topic: string, days: number, correct: boolean, mastery = 0.5): TopicAnswer => ({
    topic,
    mastery,
    asOf: days * DAY,
    at: days * DAY,
    item: 'q',
    correct,
    expected: 0.6,
  })

  it('count from the second opportunity on, by the time on the topic itself, in the order in which it happened', () => {
    const into = new Map<string, RetentionTally>()
    // The one of day 0.5 came late.
    tallyRetention(
      [answer('a', 0, true), answer('b', 1, true), answer('a', 3, false), answer('a', 0.5, true), answer('a', 3, true)],
      into,
    )
    const filled = into
      .get('a')!
      .bins.filter((b) => b.n > 0)
      .map((b) => [b.from, b.n, b.correct, b.days])
    expect(filled).toEqual([
      [1 / 6, 1, 1, 0.5],
      [2, 1, 0, 2.5],
    ])
    expect(into.has('b')).toBe(false)
  })

  it('of parts add up to those of the whole', () => {
    const random = new Random(4)
    const [whole, one, two] = [new RetentionTally(), new RetentionTally(), new RetentionTally()]
    for (let i = 0; i < 500; i++) {
      const gap = 300 * random.uniform() * random.uniform()
      const right = random.chance(0.6)
      whole.add(gap, right, 0.5)
      ;(i % 3 === 0 ? one : two).add(gap, right, 0.5)
    }
    one.merge(two.bins)
    one.bins.forEach((b, i) => {
      expect([b.n, b.correct]).toEqual([whole.bins[i]!.n, whole.bins[i]!.correct])
      expect(b.days).toBeCloseTo(whole.bins[i]!.days, 9)
    })
    expect(binFigures(new RetentionTally().bins[0]!)).toBeNull()
    expect(GAP_EDGES.at(-1)).toBe(Number.POSITIVE_INFINITY)
  })

  it('give each topic its slope and its time; no pace per week within a week', () => {
    const rows = [0.3, 0.5, 0.7, 0.8, 0.9].flatMap((m, i) => [answer('a', 10 * i, true, m), answer('b', i, true, 0.2)])
    const [a, b] = progressOf(rows, { mastered: 0.7, stays: 2 })
    expect(a!.perOpportunity!.slope).toBeCloseTo(0.15, 12)
    expect(a!.perWeek!.slope).toBeCloseTo(0.15 * 0.7, 12)
    expect(a!.time).toEqual({ reached: true, opportunities: 4, days: 30 })
    expect(b).toMatchObject({ opportunities: 5, perWeek: null, time: { reached: false, opportunities: 5, days: 4 } })
  })
})
