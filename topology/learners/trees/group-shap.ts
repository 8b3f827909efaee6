import { gauss } from '../../numeric/gauss.ts'
import { once } from '../once.ts'
import type { Columns, Forest } from './forest.ts'

/** Groups that features are dealt into; what follows is written out for so many, since it is most of what a row costs. */
export const GROUPS = 4

/** Splits and leaves of a forest's trees, one tree after the other; nodes are counted from the first one of their tree. */
interface Grouped {
  /** First split and first leaf of each tree, and one beyond the last of all. */
  splits: Int32Array
  leaves: Int32Array
  /** Most nodes of a tree. */
  most: number
  node: Int32Array
  feature: Int32Array
  threshold: Float64Array
  /** Of the split's feature's group. */
  bit: Int32Array
  left: Int32Array
  leaf: Int32Array
  value: Float64Array
  /** Per leaf and group the share of the training rows that goes there wherever a split asks for the group. */
  share: Float64Array
}

const kept = once((_: Forest) => new Map<string, Grouped>())

function groupedOf(forest: Forest, groups: Int32Array): Grouped {
  const key = groups.join()
  let found = kept(forest).get(key)
  if (found === undefined) {
    found = grouped(forest, groups)
    kept(forest).set(key, found)
  }
  return found
}

function grouped(forest: Forest, groups: Int32Array): Grouped {
  const splits = [0]
  const leaves = [0]
  const split: { node: number; feature: number; threshold: number; left: number }[] = []
  const leaf: { node: number; value: number }[] = []
  const share: number[] = []
  let most = 1
  for (const tree of forest.trees) {
    const shares = [new Float64Array(GROUPS).fill(1)]
    most = Math.max(most, tree.left.length)
    tree.left.forEach((left, node) => {
      if (left === 0) {
        leaf.push({ node, value: tree.value[node]! })
        share.push(...shares[node]!)
        return
      }
      const feature = tree.feature[node]!
      split.push({ node, feature, threshold: tree.threshold[node]!, left })
      for (const child of [left, left + 1]) {
        const own = shares[node]!.slice()
        own[groups[feature]!]! *= tree.cover[child]! / tree.cover[node]!
        shares[child] = own
      }
    })
    splits.push(split.length)
    leaves.push(leaf.length)
  }
  return {
    splits: Int32Array.from(splits),
    leaves: Int32Array.from(leaves),
    most,
    node: Int32Array.from(split, (s) => s.node),
    feature: Int32Array.from(split, (s) => s.feature),
    threshold: Float64Array.from(split, (s) => s.threshold),
    bit: Int32Array.from(split, (s) => 1 << groups[s.feature]!),
    left: Int32Array.from(split, (s) => s.left),
    leaf: Int32Array.from(leaf, (l) => l.node),
    value: Float64Array.from(leaf, (l) => l.value),
    share: Float64Array.from(share),
  }
}

/** By the groups that a row has left a leaf's way in (bits): 1 for each that it has not. */
const STAYS = Float64Array.from({ length: GROUPS << GROUPS }, (_, i) => ((i >> 2) & (1 << (i & 3)) ? 0 : 1))

/**
 * Shapley values of groups of features that are known together, four of them, in the game of `forestEffects`: of each row
 * an effect in logits per group; with the forest's mean they sum up to its logits (Jullum, Redelmeier & Aas,
 * arXiv:2106.12228). Of a leaf a group says either that the row goes its way, or, unknown, the share of rows that do; its
 * value is the integral over t of the product over the other groups of `share + t (stays - share)`, a cubic, which two
 * points give exactly. No step hangs on which way a row goes, so that a processor need not guess.
 * @param groups of each feature, 0 to 3
 */
export function groupEffects(forest: Forest, groups: Int32Array, x: Columns, rows: number): Float64Array[] {
  const g = groupedOf(forest, groups)
  const out = Array.from({ length: rows }, () => new Float64Array(GROUPS))
  const strayed = new Int32Array(g.most)
  for (let tree = 0; tree < g.splits.length - 1; tree++)
    for (let r = 0; r < rows; r++) addGroups(g, tree, x, r, strayed, out[r]!)
  return out
}

function addGroups(g: Grouped, tree: number, x: Columns, r: number, strayed: Int32Array, effects: Float64Array): void {
  const { node, feature, threshold, bit, left, leaf, value, share } = g
  strayed[0] = 0
  for (let k = g.splits[tree]!, end = g.splits[tree + 1]!; k < end; k++) {
    const goesRight = Number(x[feature[k]!]![r]! > threshold[k]!)
    const before = strayed[node[k]!]!
    const child = left[k]!
    strayed[child] = before | (bit[k]! & -goesRight)
    strayed[child + 1] = before | (bit[k]! & (goesRight - 1))
  }
  let [a, b, c, d] = [0, 0, 0, 0]
  for (let k = g.leaves[tree]!, end = g.leaves[tree + 1]!; k < end; k++) {
    const stays = strayed[leaf[k]!]! << 2
    const half = value[k]! / 2
    const a0 = share[4 * k]!
    const b0 = share[4 * k + 1]!
    const c0 = share[4 * k + 2]!
    const d0 = share[4 * k + 3]!
    const da = STAYS[stays]! - a0
    const db = STAYS[stays + 1]! - b0
    const dc = STAYS[stays + 2]! - c0
    const dd = STAYS[stays + 3]! - d0
    const a1 = a0 + FIRST * da
    const a2 = a0 + SECOND * da
    const b1 = b0 + FIRST * db
    const b2 = b0 + SECOND * db
    const c1 = c0 + FIRST * dc
    const c2 = c0 + SECOND * dc
    const d1 = d0 + FIRST * dd
    const d2 = d0 + SECOND * dd
    const ab1 = a1 * b1 * half
    const ab2 = a2 * b2 * half
    const cd1 = c1 * d1 * half
    const cd2 = c2 * d2 * half
    a += da * (b1 * cd1 + b2 * cd2)
    b += db * (a1 * cd1 + a2 * cd2)
    c += dc * (ab1 * d1 + ab2 * d2)
    d += dd * (ab1 * c1 + ab2 * c2)
  }
  effects[0]! += a
  effects[1]! += b
  effects[2]! += c
  effects[3]! += d
}

/** The two points, whose weights are a half each. */
const [FIRST, SECOND] = gauss(2).at as unknown as [number, number]
