import { describe, expect, it } from 'vitest'
import type { ItemAnswer } from './answer.ts'
import { ItemWindows, robustZ, windowOf } from './drift.ts'
import { type DriftRow, ItemFold } from './fold.ts'
import type { ItemHealth } from './item-health.ts'
import { answersTo } from './testing/answers.ts'
import { bruteForce } from './testing/brute-force.ts'

const DAY = 86_400_000
const MONDAY = Date.UTC(2025, 8, 1)

describe('windows', () => {
  it.each([
    ['week', '2025-09-01T00:00:00Z', '2025-09-01'],
    ['week', '2025-09-07T23:59:59Z', '2025-09-01'],
    ['week', '1969-12-31T00:00:00Z', '1969-12-29'],
    ['month', '2025-02-28T23:59:59Z', '2025-02-01'],
    ['month', '2024-12-31T00:00:00Z', '2024-12-01'],
  ] as const)('%s of %s begins on %s', (period, at, begin) => {
    expect(new Date(windowOf(period, Date.parse(at))).toISOString().slice(0, 10)).toBe(begin)
  })

  it('hold what their own answers give, and are compared with all before', () => {
    const answers = answersTo(1, { answers: 900 })
    const windows = new ItemWindows('week')
    for (const a of [...answers].reverse()) windows.add(a)
    const list = windows.list()
    expect(list.map((w) => w.answers).reduce((a, b) => a + b)).toBe(900)
    let before: ItemAnswer[] = []
    for (const w of list) {
      const within = answers.filter((a) => windowOf('week', a.at) === w.startsAt)
      const now = bruteForce(within)
      expect(w.pValue).toBeCloseTo(now.pValue, 12)
      expect(w.meanResidual).toBeCloseTo(now.meanResidual, 12)
      expect(w.difficulty.value).toBeCloseTo(now.difficulty, 1)
      if (before.length < 30 || within.length < 30) expect(w.change).toBe(null)
      else {
        const was = bruteForce(before)
        expect(Math.abs(w.change!.value - (now.difficulty - was.difficulty))).toBeLessThan(0.02)
        expect(Math.abs(w.change!.se - Math.hypot(now.difficultySe, was.difficultySe))).toBeLessThan(0.01)
      }
      before = [...before, ...within]
    }
    expect(list.filter((w) => w.change !== null).length).toBeGreaterThan(3)
  })
})

describe('robust z', () => {
  it('is (d - median) / (0.74 IQR)', () => {
    // Median 0, quartiles -0.1 and 0.1.
    const z = robustZ([-0.2, -0.1, 0, 0.1, 1])
    expect(z[4]).toBeCloseTo(1 / (0.74 * 0.2), 10)
    expect(z[2]).toBe(0)
  })

  it('is none among few items, or where most are the same', () => {
    expect(robustZ([1, 2, 3, 4])).toEqual([null, null, null, null])
    expect(robustZ([0, 0, 0, 0, 0, 5])).toEqual([null, null, null, null, null, null])
  })
})

describe('the fold over items', () => {
  function folded(of: readonly (readonly [string, readonly ItemAnswer[]])[]) {
    const health = new Map<string, ItemHealth>()
    const drift: DriftRow[] = []
    const fold = new ItemFold({
      parameters: new Map(),
      health: (key, h) => void health.set(key.item, h),
      drift: (row) => void drift.push(row),
    })
    for (const [item, answers] of of) for (const a of answers) fold.add('school', item, a)
    fold.end()
    return { health, drift, fold }
  }

  it('finds the item that became harder among those that did not, though all abilities moved', () => {
    // Everything looks half a logit harder later on: the abilities' scale moved. One item is a logit beyond that.
    const items = Array.from({ length: 20 }, (_, i) => {
      const before = answersTo(120 + i, { answers: 400 })
      const later = answersTo(80 + i, { answers: 130, difficulty: i === 7 ? 1.5 : 0.5, from: MONDAY + 28 * DAY })
      return [`item-${i}`, [...before, ...later]] as const
    })
    const { drift, health, fold } = folded(items)
    expect([fold.items, health.size]).toEqual([20, 20])
    const week = drift.filter((d) => d.period === 'week' && d.startsAt === MONDAY + 28 * DAY)
    expect(week).toHaveLength(20)
    const found = week.filter((d) => Math.abs(d.robustZ!) > 2.7).map((d) => d.item)
    expect(found).toEqual(['item-7'])
    const moved = week.find((d) => d.item === 'item-7')!
    expect(Math.abs(moved.change!.value - 1.5)).toBeLessThan(3 * moved.change!.se)
  })

  it('gives every item once, and a window once', () => {
    const { drift, health, fold } = folded([
      ['a', answersTo(1, { answers: 50 })],
      ['b', answersTo(2, { answers: 1 })],
    ])
    expect([...health.keys()]).toEqual(['a', 'b'])
    expect(fold.answers).toBe(51)
    const names = drift.map((d) => `${d.item} ${d.period} ${d.startsAt}`)
    expect(new Set(names).size).toBe(names.length)
    expect(drift.filter((d) => d.item === 'b').map((d) => [d.answers, d.change])).toEqual([
      [1, null],
      [1, null],
    ])
  })
})
