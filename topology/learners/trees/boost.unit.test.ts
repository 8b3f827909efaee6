import { describe, expect, it } from 'vitest'
import { Random } from '../../school/random.ts'
import { binned, binOf } from './bins.ts'
import { type BoostOptions, boost, meanLoss } from './boost.ts'
import { addLogits, checkForest } from './forest.ts'

const O: BoostOptions = {
  rounds: 60,
  patience: 10,
  leaves: 8,
  l2: 1,
  minWeight: 2,
  shrinkage: 0.2,
  rows: 0.8,
  columns: 1,
}

/** Right where exactly one of two features is above 0, nine times in ten; a third feature says nothing. */
function exclusive(n: number) {
  const random = new Random(3)
  const x = Array.from({ length: 3 }, () => Float32Array.from({ length: n }, () => random.normal()))
  const correct = Uint8Array.from(x[0]!, (a, r) => ((random.chance(0.9) === a > 0) !== x[1]![r]! > 0 ? 1 : 0))
  return { x, correct }
}

describe('bins', () => {
  it('keep the order, take each value alone where there are few, and put missing ones in bin 0', () => {
    const [few, many] = binned([
      Float32Array.of(3, Number.NaN, 1, 3, 2),
      Float32Array.from({ length: 5000 }, (_, i) => (i * 37) % 5000),
    ])
    expect([...few!.bins]).toEqual([3, 0, 1, 3, 2])
    expect(many!.edges.length).toBe(255)
    const rows = [...Array(5000).keys()].sort((a, b) => ((a * 37) % 5000) - ((b * 37) % 5000))
    rows.reduce((before, r) => {
      expect(many!.bins[r]).toBeGreaterThanOrEqual(many!.bins[before]!)
      return r
    })
    const counts = new Uint32Array(256)
    for (const b of many!.bins) counts[b]!++
    expect(Math.min(...counts.subarray(1))).toBeGreaterThan(15)
    expect(Math.max(...counts)).toBeLessThan(25)
    expect(binOf(many!.edges, 1e9)).toBe(255)
  })
})

describe('boosted trees', () => {
  const { x, correct } = exclusive(1500)
  const heldOut = (r: number) => r % 3 === 0

  it('learn what no sum of features says', () => {
    const { loss, forest } = boost(binned(x), correct, heldOut, O, { seed: 1, stream: 0 })
    // The best there is: the entropy of 0.9, 0.325.
    expect(loss).toBeLessThan(0.42)
    expect(forest.trees.length).toBeLessThanOrEqual(O.rounds)
  })

  it('say of values what they said of bins', () => {
    const { forest, logits } = boost(binned(x), correct, heldOut, O, { seed: 1, stream: 0 })
    const again = new Float64Array(correct.length)
    addLogits(forest, x, again)
    for (let r = 0; r < again.length; r++) expect(again[r]).toBeCloseTo(logits[r]!, 12)
  })

  it('send missing values down a branch of their own', () => {
    const values = Float32Array.from(correct, (y, r) => (y === 1 ? Number.NaN : r % 7))
    const { forest } = boost(binned([values]), correct, () => false, O, { seed: 1, stream: 0 })
    const z = new Float64Array(correct.length)
    addLogits(forest, [values], z)
    for (const [r, y] of correct.entries()) expect(z[r]! > 0).toBe(y === 1)
  })

  it('stop where nothing is to be learned, and keep the number of trees that was best', () => {
    const random = new Random(8)
    const noise = correct.map(() => (random.chance(0.5) ? 1 : 0))
    const losses: number[] = []
    const { forest, loss } = boost(binned(x), noise, heldOut, O, {
      seed: 1,
      stream: 0,
      onTree: (_, l) => void losses.push(l),
    })
    expect(losses.length).toBeLessThan(O.rounds)
    expect(losses.length - forest.trees.length).toBe(O.patience)
    expect(loss).toBeLessThanOrEqual(Math.min(...losses))
  })

  it('grow no leaf below the least weight, and no more leaves than allowed', () => {
    const { forest } = boost(
      binned(x),
      correct,
      () => false,
      { ...O, minWeight: 30, rounds: 5 },
      { seed: 1, stream: 0 },
    )
    for (const t of forest.trees) {
      const leaves = t.left.flatMap((l, at) => (l === 0 ? [at] : []))
      expect(leaves.length).toBeGreaterThan(1)
      expect(leaves.length).toBeLessThanOrEqual(O.leaves)
      // p (1 - p) is at most a quarter: a weight of 30 is 120 rows or more.
      for (const at of leaves) expect(t.cover[at]).toBeGreaterThanOrEqual(120)
      for (const [at, l] of t.left.entries()) if (l > 0) expect(t.cover[l]! + t.cover[l + 1]!).toBe(t.cover[at])
    }
  })

  it('are drawn by seed and stream', () => {
    const grown = (seed: number, stream: number) =>
      JSON.stringify(boost(binned(x), correct, heldOut, { ...O, rounds: 5 }, { seed, stream }).forest)
    expect(grown(1, 0)).toBe(grown(1, 0))
    expect(grown(2, 0)).not.toBe(grown(1, 0))
    expect(grown(1, 1)).not.toBe(grown(1, 0))
  })

  it('end when they are told to', () => {
    const signal = AbortSignal.abort(new Error('enough'))
    expect(() => boost(binned(x), correct, heldOut, O, { seed: 1, stream: 0, signal })).toThrow('enough')
  })
})

describe('boosted trees on shares with weights', () => {
  it('take the steps that one computes by hand', () => {
    const o = { ...O, rounds: 1, leaves: 2, minWeight: 0.1, rows: 1, shrinkage: 0.5 }
    const x = [Float32Array.of(0, 0, 1, 1)]
    const run = { seed: 1, stream: 0 }
    const { forest } = boost(
      binned(x),
      Float64Array.of(0.25, 0.5, 0.75, 1),
      () => false,
      o,
      run,
      Float64Array.of(1, 3, 2, 2),
    )
    // Right 5.25 of 8, and one of each: p = 6.25 / 10. Left G = 0.375 + 3 * 0.125, right G = -2 * 0.125 - 2 * 0.375.
    expect(forest.bias).toBeCloseTo(Math.log(6.25 / 3.75), 12)
    const h = 4 * 0.625 * 0.375
    expect(forest.trees[0]!.value[1]).toBeCloseTo((-0.5 * 0.75) / (h + 1), 12)
    expect(forest.trees[0]!.value[2]).toBeCloseTo((0.5 * 1) / (h + 1), 12)
  })

  it('learn from k right of n at once what they learn from n answers one by one', () => {
    const random = new Random(4)
    const n = Float64Array.from({ length: 300 }, () => random.between(1, 6))
    const values = [...n].map(() => [random.between(0, 30), random.between(0, 3)])
    const right = [...n].map((m, r) =>
      Math.round(m * Math.min(1, Math.max(0, values[r]![0]! / 30 + random.normal() / 5))),
    )
    const single = [...n].flatMap((m, r) =>
      Array.from({ length: m }, (_, k) => ({ r, correct: k < right[r]! ? 1 : 0 })),
    )
    const columns = (rows: readonly number[]) => [0, 1].map((f) => Float32Array.from(rows, (r) => values[r]![f]!))
    const o = { ...O, rows: 1, rounds: 25 }
    const run = { seed: 1, stream: 0 }
    const share = Float64Array.from(right, (k, r) => k / n[r]!)
    const at = binned(columns([...n.keys()]))
    const shares = boost(at, share, () => false, o, run, n)
    const correct = Uint8Array.from(single, (s) => s.correct)
    const answers = boost(binned(columns(single.map((s) => s.r))), correct, () => false, o, run)
    // Rows that were held out could part ways: of splits that differ by no learned row rounding takes either.
    single.forEach(({ r }, i) => {
      expect(shares.logits[r]).toBeCloseTo(answers.logits[i]!, 9)
    })
    const [some, same] = [Int32Array.from(n.keys()), Int32Array.from(single.keys())]
    expect(meanLoss(shares.logits, share, some, n)).toBeCloseTo(meanLoss(answers.logits, correct, same), 9)
  })

  it('are to the bit the same for shares of 0 and 1 of weight 1 as for answers', () => {
    const { x, correct } = exclusive(400)
    const grown = (y: Uint8Array | Float64Array, w?: Float64Array) =>
      boost(binned(x), y, (r) => r % 3 === 0, { ...O, rounds: 8 }, { seed: 1, stream: 0 }, w)
    expect(grown(Float64Array.from(correct), new Float64Array(400).fill(1))).toEqual(grown(correct))
  })
})

describe('a damaged forest', () => {
  const leaf = { feature: [0], threshold: [0], left: [0], value: [0], cover: [1] }
  it.each([
    ['is none', null],
    ['has no number as bias', { bias: null, trees: [] }],
    ['has columns of different lengths', { bias: 0, trees: [{ ...leaf, value: [] }] }],
    ['goes in circles', { bias: 0, trees: [{ ...leaf, left: [-1] }] }],
    ['ends in nothing', { bias: 0, trees: [{ ...leaf, left: [1] }] }],
  ])('that %s is refused', (_, forest) => {
    expect(() => checkForest('It', forest, 1)).toThrow('It is damaged')
    expect(() => checkForest('It', { bias: 0, trees: [leaf] }, 1)).not.toThrow()
  })
})
