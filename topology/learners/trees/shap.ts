import { gauss } from '../../numeric/gauss.ts'
import { once } from '../once.ts'
import type { Columns, Forest, Tree } from './forest.ts'

/** A prediction in logits, taken apart: `base` and the sum of `effects`, one per feature. */
export interface Explanation {
  base: number
  effects: Float64Array
}

/** The splits of a forest's trees, one tree after the other, parents first. Leaves are no splits. */
interface Splits {
  /** First split of each tree, and one beyond the last of all. */
  start: Int32Array
  /** Per tree, points of a quadrature that is exact for every way through it. */
  points: Int32Array
  feature: Int32Array
  threshold: Float64Array
  /** Share of the training rows that go left. */
  share: Float64Array
  /** Where the ways lead: a split, counted from the first one of its tree, or -1 for a leaf. */
  left: Int32Array
  right: Int32Array
  /** Of leaves that the ways lead to. */
  leftValue: Float64Array
  rightValue: Float64Array
  /** Split that is reached by the nearest edge above that asks for the same feature, counted likewise; -1: none. */
  again: Int32Array
  /** Share of the training rows that goes all edges of that feature down to there; 1 where there is none. */
  before: Float64Array
  /** Mean over the training rows, with the bias. */
  expected: number
}

const splitsOf = once((forest: Forest): Splits => {
  const start = [0]
  const all: SplitRow[] = []
  const points: number[] = []
  let expected = forest.bias
  for (const tree of forest.trees) {
    const { rows, mean, most } = splitsOfTree(tree)
    for (const row of rows) all.push(row)
    start.push(all.length)
    points.push((most + 1) >> 1)
    expected += mean
  }
  const whole = (of: (s: SplitRow) => number) => Int32Array.from(all, of)
  const number = (of: (s: SplitRow) => number) => Float64Array.from(all, of)
  return {
    start: Int32Array.from(start),
    points: Int32Array.from(points),
    feature: whole((s) => s.feature),
    threshold: number((s) => s.threshold),
    share: number((s) => s.share),
    left: whole((s) => s.to[0]),
    right: whole((s) => s.to[1]),
    leftValue: number((s) => s.value[0]),
    rightValue: number((s) => s.value[1]),
    again: whole((s) => s.again),
    before: number((s) => s.before),
    expected,
  }
})

interface SplitRow {
  feature: number
  threshold: number
  share: number
  to: [number, number]
  value: [number, number]
  again: number
  before: number
}

/** A tree's splits, its mean over the training rows, and the most features on a way. */
function splitsOfTree(tree: Tree): { rows: SplitRow[]; mean: number; most: number } {
  const nodes = tree.left.flatMap((left, at) => (left > 0 ? [at] : []))
  const place = new Map(nodes.map((at, i) => [at, i]))
  // Of the edge to a split: where it comes from, and the share as in `before`; features on the way, and rows that come by.
  const edges = nodes.map(() => ({ from: -1, unknown: 1, features: 0, reached: 1 }))
  let mean = nodes.length === 0 ? tree.value[0]! : 0
  let most = 0
  const rows = nodes.map((at, i): SplitRow => {
    const feature = tree.feature[at]!
    const left = tree.left[at]!
    const share = tree.cover[left]! / tree.cover[at]!
    let up = i
    while (up > 0 && tree.feature[nodes[edges[up]!.from]!] !== feature) up = edges[up]!.from
    const before = up > 0 ? edges[up]!.unknown : 1
    const met = edges[i]!.features + (up > 0 ? 0 : 1)
    most = Math.max(most, met)
    for (const [child, goes] of [
      [left, share],
      [left + 1, 1 - share],
    ] as const) {
      const reached = edges[i]!.reached * goes
      const to = place.get(child)
      if (to === undefined) mean += reached * tree.value[child]!
      else edges[to] = { from: i, unknown: before * goes, features: met, reached }
    }
    return {
      ...{ feature, share, before, threshold: tree.threshold[at]!, again: up > 0 ? up : -1 },
      to: [place.get(left) ?? -1, place.get(left + 1) ?? -1],
      value: [tree.value[left]!, tree.value[left + 1]!],
    }
  })
  return { rows, mean, most }
}

/** Mean logits over the training rows: what the forest says of nobody in particular. */
export const expectedOf = (forest: Forest): number => splitsOf(forest).expected

/** Shapley values of one row. */
export function explainForest(forest: Forest, row: Float32Array): Explanation {
  const columns = Array.from(row, (v) => Float32Array.of(v))
  return { base: expectedOf(forest), effects: forestEffects(forest, columns, 1)[0]! }
}

/**
 * Shapley values of the features of some rows in the path-dependent game: an unknown feature sends the row down both
 * branches, weighted by the training rows that went there. With the forest's mean they sum up to its logits. The game is
 * that of Lundberg et al. (Nature Machine Intelligence 2, 2020). A feature's value is the mean of what it adds where a
 * share t of the others is known, over t from 0 to 1: the integral of a product over the features on the way, a polynomial
 * in t, which a quadrature gives exactly. One pass down a tree makes the products, one up the sums over leaves, in time
 * splits x points (Yu et al., NeurIPS 2022, with points of their own); half as many points as features are enough.
 * @returns per row an effect in logits per feature
 */
export function forestEffects(forest: Forest, x: Columns, rows: number): Float64Array[] {
  const out = Array.from({ length: rows }, () => new Float64Array(x.length))
  const splits = splitsOf(forest)
  let most = 1
  for (let tree = 0; tree < splits.points.length; tree++)
    most = Math.max(most, splits.start[tree + 1]! - splits.start[tree]!)
  const scratch = new Scratch(most, Math.max(1, ...splits.points))
  for (let tree = 0; tree < splits.points.length; tree++)
    for (let r = 0; r < rows; r++) addEffects(splits, tree, x, r, scratch, out[r]!)
  return out
}

class Scratch {
  /** Of the edge to each split: whether the row goes all edges of its feature down to there. */
  readonly goes: Uint8Array
  /** Whether a split's feature has a say: the row has not left its way at an edge above. */
  readonly says: Uint8Array
  /** Whether the row goes right. */
  readonly way: Uint8Array
  /** Per split and point: product of the factors down to it, the factor of the way that the row goes, the sum over leaves. */
  readonly above: Float64Array
  readonly factor: Float64Array
  readonly below: Float64Array

  constructor(splits: number, points: number) {
    this.goes = new Uint8Array(splits)
    this.says = new Uint8Array(splits)
    this.way = new Uint8Array(splits)
    this.above = new Float64Array(splits * points)
    this.factor = new Float64Array(splits * points)
    this.below = new Float64Array(splits * points)
  }
}

/**
 * Where a share t of the features is known, a row goes the way it goes with the chance `factor`, and the other way with
 * the rest: `share + (1 - share) t`, and where a split above asked for the same feature, what is left of that given that
 * the row has come this far.
 */
function addEffects(s: Splits, tree: number, x: Columns, r: number, scratch: Scratch, effects: Float64Array): void {
  const { feature, threshold, share, again, before, left, right, leftValue, rightValue } = s
  const { goes, says, way, above, factor, below } = scratch
  const n = s.points[tree]!
  const first = s.start[tree]!
  const size = s.start[tree + 1]! - first
  const { at: t, weight } = gauss(n)
  for (let q = 0; q < n; q++) above[q] = weight[q]!
  for (let i = 0, k = first, at = 0; i < size; i++, k++, at += n) {
    const goesRight = x[feature[k]!]![r]! > threshold[k]!
    const up = again[k]!
    const silent = up >= 0 && goes[up] === 0
    way[i] = goesRight ? 1 : 0
    says[i] = silent ? 0 : 1
    const own = goesRight ? 1 - share[k]! : share[k]!
    const mine = goesRight ? right[k]! : left[k]!
    const other = goesRight ? left[k]! : right[k]!
    if (silent) for (let q = 0; q < n; q++) factor[at + q] = own
    else if (up < 0) for (let q = 0; q < n; q++) factor[at + q] = own + (1 - own) * t[q]!
    else {
      const u = before[k]!
      for (let q = 0; q < n; q++) factor[at + q] = (own * u + (1 - own * u) * t[q]!) / (u + (1 - u) * t[q]!)
    }
    if (mine >= 0) {
      goes[mine] = silent ? 0 : 1
      for (let q = 0, to = mine * n; q < n; q++) above[to + q] = above[at + q]! * factor[at + q]!
    }
    if (other >= 0) {
      goes[other] = 0
      for (let q = 0, to = other * n; q < n; q++) above[to + q] = above[at + q]! * (1 - factor[at + q]!)
    }
  }
  for (let i = size - 1, k = first + i, at = i * n; i >= 0; i--, k--, at -= n) {
    const goesRight = way[i] === 1
    const mine = goesRight ? right[k]! : left[k]!
    const other = goesRight ? left[k]! : right[k]!
    const mineValue = goesRight ? rightValue[k]! : leftValue[k]!
    const otherValue = goesRight ? leftValue[k]! : rightValue[k]!
    const u = before[k]!
    const lost = (goesRight ? share[k]! : 1 - share[k]!) * u
    let effect = 0
    for (let q = 0; q < n; q++) {
      const rest = other < 0 ? otherValue : below[other * n + q]!
      const gain = (mine < 0 ? mineValue : below[mine * n + q]!) - rest
      const f = factor[at + q]!
      below[at + q] = rest + f * gain
      // What knowing the feature adds to the chance of the way, beyond what it added above.
      effect += above[at + q]! * gain * (u === 1 ? lost : (lost + (1 - f) * (1 - u)) / (u + (1 - u) * t[q]!))
    }
    if (says[i] === 1) effects[feature[k]!]! += effect
  }
}
