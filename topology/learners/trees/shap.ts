import type { Forest, Tree } from './forest.ts'

/** A prediction in logits, taken apart: `base` and the sum of `effects`, one per feature. */
export interface Explanation {
  base: number
  effects: Float64Array
}

/** Features on the way to a node, and for each subset size the share of orders in which such a subset is known. */
interface Path {
  feature: number[]
  /** Share of training rows that go this way where the feature is unknown. */
  unknown: number[]
  /** 1 where the row itself goes this way, else 0. */
  known: number[]
  weight: number[]
}

/**
 * Shapley values of a row's features in the path-dependent game: an unknown feature sends the row down both branches,
 * weighted by the training rows that went there. Exact, in time leaves x depth^2 (Lundberg et al., Nature Machine
 * Intelligence 2, 2020, algorithm 2). Effects and base sum up to the forest's logits.
 */
export function explainForest(forest: Forest, row: Float32Array): Explanation {
  const effects = new Float64Array(row.length)
  let base = forest.bias
  for (const tree of forest.trees) {
    base += expected(tree, 0)
    descend(tree, row, effects, 0, { feature: [], unknown: [], known: [], weight: [] }, 1, 1, -1)
  }
  return { base, effects }
}

/** Mean value below a node over the training rows. */
function expected(tree: Tree, at: number): number {
  const left = tree.left[at]!
  if (left === 0) return tree.value[at]!
  return share(tree, left, at) * expected(tree, left) + share(tree, left + 1, at) * expected(tree, left + 1)
}

function share(tree: Tree, child: number, parent: number): number {
  return tree.cover[child]! / tree.cover[parent]!
}

function descend(
  tree: Tree,
  row: Float32Array,
  effects: Float64Array,
  at: number,
  above: Path,
  unknown: number,
  known: number,
  feature: number,
): void {
  const path = extended(above, unknown, known, feature)
  const left = tree.left[at]!
  if (left === 0) {
    for (let i = 1; i < path.feature.length; i++) {
      const w = unwound(path, i).weight.reduce((a, b) => a + b, 0)
      effects[path.feature[i]!]! += w * (path.known[i]! - path.unknown[i]!) * tree.value[at]!
    }
    return
  }
  const f = tree.feature[at]!
  const taken = left + (row[f]! > tree.threshold[at]! ? 1 : 0)
  const seen = path.feature.indexOf(f)
  // A feature that was asked before counts once, with both answers multiplied.
  const before = seen < 0 ? { unknown: 1, known: 1 } : { unknown: path.unknown[seen]!, known: path.known[seen]! }
  const rest = seen < 0 ? path : unwound(path, seen)
  for (const child of [left, left + 1]) {
    const goes = child === taken ? before.known : 0
    descend(tree, row, effects, child, rest, before.unknown * share(tree, child, at), goes, f)
  }
}

function extended(p: Path, unknown: number, known: number, feature: number): Path {
  const n = p.feature.length
  const weight = [...p.weight, n === 0 ? 1 : 0]
  for (let i = n - 1; i >= 0; i--) {
    weight[i + 1] = weight[i + 1]! + (known * weight[i]! * (i + 1)) / (n + 1)
    weight[i] = (unknown * weight[i]! * (n - i)) / (n + 1)
  }
  return { feature: [...p.feature, feature], unknown: [...p.unknown, unknown], known: [...p.known, known], weight }
}

/** The path as if the feature at `i` had never been asked. */
function unwound(p: Path, i: number): Path {
  const n = p.feature.length - 1
  const { [i]: one = 0 } = p.known
  const zero = p.unknown[i]!
  const weight = p.weight.slice(0, n)
  let next = p.weight[n]!
  for (let j = n - 1; j >= 0; j--) {
    if (one !== 0) {
      const was = p.weight[j]!
      weight[j] = (next * (n + 1)) / ((j + 1) * one)
      next = was - (weight[j]! * zero * (n - j)) / (n + 1)
    } else weight[j] = (p.weight[j]! * (n + 1)) / (zero * (n - j))
  }
  const without = (list: readonly number[]) => list.filter((_, j) => j !== i)
  return { feature: without(p.feature), unknown: without(p.unknown), known: without(p.known), weight }
}
