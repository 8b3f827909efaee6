import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Random } from '../../school/random.ts'
import { binned } from './bins.ts'
import { boost } from './boost.ts'
import { addLogits, type Forest, type Tree } from './forest.ts'
import { groupEffects } from './group-shap.ts'
import { explain } from './learner.ts'
import { explainForest } from './shap.ts'

const FEATURES = 4

/** Value of a tree where only the features in `known` (bits) are known: others weigh both branches by their cover. */
function game(tree: Tree, row: Float32Array, known: number, at = 0): number {
  const left = tree.left[at]!
  if (left === 0) return tree.value[at]!
  const f = tree.feature[at]!
  if (known & (1 << f)) return game(tree, row, known, left + (row[f]! > tree.threshold[at]! ? 1 : 0))
  const share = tree.cover[left]! / tree.cover[at]!
  return share * game(tree, row, known, left) + (1 - share) * game(tree, row, known, left + 1)
}

/** Shapley values by their definition: the mean over all orders in which players become known, each with all its features. */
function bruteForce(forest: Forest, row: Float32Array, playerOf: readonly number[]): number[] {
  const all = [...new Set(playerOf)].sort()
  const bits = (known: number) =>
    playerOf.reduce((features, p, f) => features | (known & (1 << all.indexOf(p)) ? 1 << f : 0), 0)
  const value = (known: number) => forest.trees.reduce((sum, t) => sum + game(t, row, bits(known)), 0)
  return all.map((_, f) => {
    let sum = 0
    for (let known = 0; known < 1 << all.length; known++) {
      if (known & (1 << f)) continue
      const size = all.filter((_, o) => known & (1 << o)).length
      const weight = (factorial(size) * factorial(all.length - 1 - size)) / factorial(all.length)
      sum += weight * (value(known | (1 << f)) - value(known))
    }
    return sum
  })
}

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1))

/** A tree with random splits: features come twice on a way, and missing values occur. */
function randomTree(random: Random, leaves: number): Tree {
  const t: Tree = { feature: [0], threshold: [0], left: [0], value: [0], cover: [1000] }
  for (let n = 1; n < leaves; n++) {
    const open = t.left.flatMap((l, at) => (l === 0 && t.cover[at]! > 2 ? [at] : []))
    const at = open[random.between(0, open.length - 1)]!
    t.feature[at] = random.between(0, FEATURES - 1)
    t.threshold[at] = random.normal()
    t.left[at] = t.left.length
    t.value[at] = 0
    const first = random.between(1, t.cover[at]! - 1)
    for (const cover of [first, t.cover[at]! - first]) {
      for (const column of [t.feature, t.threshold, t.left]) column.push(0)
      t.value.push(random.normal())
      t.cover.push(cover)
    }
  }
  return t
}

const rowFrom = (random: Random) =>
  Float32Array.from({ length: FEATURES }, () => (random.chance(0.2) ? Number.NaN : random.normal()))

describe('TreeSHAP', () => {
  it('is what the definition of Shapley values gives', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 1, max: 12 }), (seed, leaves) => {
        const random = new Random(seed)
        const forest = { bias: random.normal(), trees: [randomTree(random, leaves), randomTree(random, leaves)] }
        const row = rowFrom(random)
        const { effects } = explainForest(forest, row)
        for (const [f, e] of bruteForce(forest, row, [0, 1, 2, 3]).entries()) expect(effects[f]).toBeCloseTo(e, 10)
        for (const groups of [
          [0, 1, 2, 3],
          [0, 1, 1, 0],
          [3, 0, 0, 3],
          [1, 1, 1, 1],
        ]) {
          const columns = Array.from(row, (v) => Float32Array.of(0, v))
          const grouped = groupEffects(forest, Int32Array.from(groups), columns, 2)[1]!
          const wanted = bruteForce(forest, row, groups)
          const played = [...new Set(groups)].sort()
          for (let g = 0; g < 4; g++)
            expect(grouped[g]).toBeCloseTo(played.includes(g) ? wanted[played.indexOf(g)]! : 0, 10)
        }
      }),
      { numRuns: 60 },
    )
  })

  it('sums up to the logits of grown trees, over several forests their mean', () => {
    const random = new Random(5)
    const x = Array.from({ length: FEATURES }, () => Float32Array.from({ length: 600 }, () => random.normal()))
    const correct = Uint8Array.from(x[0]!, (v, r) => (random.chance(1 / (1 + Math.exp(-2 * v * x[1]![r]!))) ? 1 : 0))
    const o = { rounds: 8, patience: 8, leaves: 6, l2: 1, minWeight: 2, shrinkage: 0.3, rows: 0.7, columns: 0.7 }
    const forests = [1, 2].map((stream) => boost(binned(x), correct, () => false, o, { seed: 1, stream }).forest)
    const logits = new Float64Array(600)
    for (const f of forests) addLogits(f, x, logits, 0.5)
    for (const r of [0, 17, 599]) {
      const { base, effects } = explain(
        { forests },
        Float32Array.from(x, (c) => c[r]!),
      )
      expect(base + effects.reduce((a, b) => a + b, 0)).toBeCloseTo(logits[r]!, 10)
      expect(effects.some((e) => Math.abs(e) > 0.01)).toBe(true)
    }
  })
})
