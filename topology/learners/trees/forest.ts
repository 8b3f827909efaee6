import { once } from '../once.ts'

/**
 * A regression tree as columns, node 0 its root, children after their parent. A node whose `left` is 0 is a leaf. A row
 * whose value of `feature` is missing (NaN) or at most `threshold` goes left; the right child follows the left one.
 */
export interface Tree {
  feature: number[]
  threshold: number[]
  left: number[]
  /** Logits that a leaf adds; 0 at other nodes. */
  value: number[]
  /** Training rows that came by: what weighs the branches where a feature is taken as unknown. */
  cover: number[]
}

/** Logits: `bias` and the sum over trees. */
export interface Forest {
  bias: number
  trees: Tree[]
}

/** Columns of values, one per feature; NaN where unknown. 32 bits: what is compared is what was binned. */
export type Columns = readonly Float32Array[]

const typed = once((tree: Tree) => ({
  feature: Int32Array.from(tree.feature),
  threshold: Float64Array.from(tree.threshold),
  left: Int32Array.from(tree.left),
}))

/** Adds each row's sum over trees times `share`, bias included, to `out`. */
export function addLogits(forest: Forest, x: Columns, out: Float64Array, share = 1): void {
  for (let r = 0; r < out.length; r++) out[r]! += share * forest.bias
  for (const tree of forest.trees) {
    const { feature, threshold, left } = typed(tree)
    for (let r = 0; r < out.length; r++) {
      let at = 0
      while (left[at]! > 0) at = left[at]! + (x[feature[at]!]![r]! > threshold[at]! ? 1 : 0)
      out[r]! += share * tree.value[at]!
    }
  }
}

/** @throws Error that says what of it is no forest over `features` features */
export function checkForest(what: string, forest: unknown, features: number): asserts forest is Forest {
  const wrong = (field: string) => new Error(`${what} is damaged: its ${field} does not fit. Fit it again.`)
  const f = forest as Forest | null
  if (!Number.isFinite(f?.bias)) throw wrong('bias')
  if (!Array.isArray(f?.trees)) throw wrong('list of trees')
  for (const t of f.trees) {
    const n = t?.left?.length
    for (const column of ['feature', 'threshold', 'left', 'value', 'cover'] as const)
      if (!Array.isArray(t?.[column]) || t[column].length !== n || n === 0 || !t[column].every(Number.isFinite))
        throw wrong(column)
    t.left.forEach((child, at) => {
      if (child === 0) return
      // Children after their parents: every walk ends.
      if (!Number.isInteger(child) || child <= at || child + 1 >= n) throw wrong('left')
      // Branches are weighed by shares of it.
      if (!(t.cover[child]! > 0 && t.cover[child + 1]! > 0)) throw wrong('cover')
      if (!Number.isInteger(t.feature[at]) || t.feature[at]! < 0 || t.feature[at]! >= features) throw wrong('feature')
    })
  }
}
