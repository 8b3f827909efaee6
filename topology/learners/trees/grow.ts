import type { Bins } from './bins.ts'
import type { Tree } from './forest.ts'

export interface GrowOptions {
  leaves: number
  /** Added to a leaf's curvature: draws its value towards 0. */
  l2: number
  /** Least curvature (sum of p (1 - p)) of a leaf. */
  minWeight: number
  /** Share of a leaf's Newton step that is taken. */
  shrinkage: number
}

interface Split {
  gain: number
  feature: number
  /** Last bin that goes left. */
  bin: number
}

interface Leaf {
  node: number
  /** Its rows are `rows[from]` up to, not including, `rows[to]`. */
  from: number
  to: number
  gradient: number
  curvature: number
  histogram: Float64Array
  best: Split | null
}

const BINS = 256
/** A missing value is below every number; finite, since JSON has no infinity. */
const BELOW_ALL = -Number.MAX_VALUE

/**
 * Grows trees leaf by leaf, the leaf that gains most first. A split gains
 * (GL^2 / (HL + l2) + GR^2 / (HR + l2) - G^2 / (H + l2)) / 2 of the loss's second-order expansion, and a leaf's value is
 * -G / (H + l2) (Chen & Guestrin, XGBoost, KDD 2016, equations 5 to 7). Gains are found on histograms; of two siblings
 * the smaller one's is summed, the other one's is the difference (Ke et al., LightGBM, NIPS 2017).
 */
export class Grower {
  private readonly data: readonly Bins[]
  private readonly o: GrowOptions
  private readonly orderedGradient: Float64Array
  private readonly orderedCurvature: Float64Array
  private readonly aside: Int32Array
  private readonly free: Float64Array[] = []

  constructor(data: readonly Bins[], rows: number, o: GrowOptions) {
    this.data = data
    this.o = o
    this.orderedGradient = new Float64Array(rows)
    this.orderedCurvature = new Float64Array(rows)
    this.aside = new Int32Array(rows)
  }

  /**
   * @param rows that the tree sees; their order is changed
   * @param columns features that it may split at, ascending
   */
  grow(rows: Int32Array, columns: readonly number[], gradient: Float64Array, curvature: Float64Array): Tree {
    const tree: Tree = { feature: [0], threshold: [0], left: [0], value: [0], cover: [rows.length] }
    const root = this.leaf(0, 0, rows.length)
    this.sum(root, rows, columns, gradient, curvature)
    root.best = this.bestSplit(root, columns)
    const leaves = [root]
    while (leaves.length < this.o.leaves) {
      let at = -1
      for (const [i, l] of leaves.entries()) if (l.best && (at < 0 || l.best.gain > leaves[at]!.best!.gain)) at = i
      if (at < 0) break
      const parent = leaves[at]!
      const [left, right] = this.split(tree, parent, rows)
      const [small, large] = left.to - left.from <= right.to - right.from ? [left, right] : [right, left]
      this.sum(small, rows, columns, gradient, curvature)
      large.gradient = parent.gradient - small.gradient
      large.curvature = parent.curvature - small.curvature
      for (let i = 0; i < columns.length * BINS * 2; i++)
        large.histogram[i] = parent.histogram[i]! - small.histogram[i]!
      this.free.push(parent.histogram)
      for (const l of [left, right]) l.best = this.bestSplit(l, columns)
      leaves.splice(at, 1, left, right)
    }
    for (const l of leaves) {
      tree.value[l.node] = (-this.o.shrinkage * l.gradient) / (l.curvature + this.o.l2)
      this.free.push(l.histogram)
    }
    return tree
  }

  private leaf(node: number, from: number, to: number): Leaf {
    const histogram = this.free.pop() ?? new Float64Array(this.data.length * BINS * 2)
    return { node, from, to, gradient: 0, curvature: 0, histogram, best: null }
  }

  private sum(l: Leaf, rows: Int32Array, columns: readonly number[], g: Float64Array, h: Float64Array): void {
    const { orderedGradient: og, orderedCurvature: oh } = this
    const n = l.to - l.from
    let gs = 0
    let hs = 0
    for (let i = 0; i < n; i++) {
      const r = rows[l.from + i]!
      gs += og[i] = g[r]!
      hs += oh[i] = h[r]!
    }
    l.gradient = gs
    l.curvature = hs
    const { histogram, from } = l
    histogram.fill(0)
    for (let c = 0; c < columns.length; c++) {
      const { bins } = this.data[columns[c]!]!
      const start = c * BINS * 2
      for (let i = 0; i < n; i++) {
        const at = start + 2 * bins[rows[from + i]!]!
        histogram[at] = histogram[at]! + og[i]!
        histogram[at + 1] = histogram[at + 1]! + oh[i]!
      }
    }
  }

  private bestSplit(l: Leaf, columns: readonly number[]): Split | null {
    const { l2, minWeight } = this.o
    if (l.curvature < 2 * minWeight) return null
    const { gradient: G, curvature: H, histogram } = l
    const whole = (G * G) / (H + l2)
    // Below this rounding decides.
    let gain = 1e-9
    let feature = -1
    let bin = 0
    for (let c = 0; c < columns.length; c++) {
      const last = this.data[columns[c]!]!.edges.length
      let gl = 0
      let hl = 0
      for (let b = 0; b < last; b++) {
        const at = (c * BINS + b) * 2
        gl += histogram[at]!
        hl += histogram[at + 1]!
        if (hl < minWeight) continue
        const hr = H - hl
        if (hr < minWeight) break
        const gr = G - gl
        const now = ((gl * gl) / (hl + l2) + (gr * gr) / (hr + l2) - whole) / 2
        if (now > gain) {
          gain = now
          feature = columns[c]!
          bin = b
        }
      }
    }
    return feature < 0 ? null : { gain, feature, bin }
  }

  private split(tree: Tree, l: Leaf, rows: Int32Array): [Leaf, Leaf] {
    const { feature, bin } = l.best!
    const { bins, edges } = this.data[feature]!
    let middle = l.from
    let held = 0
    // Stable, so that sums run in one order whatever came before.
    for (let i = l.from; i < l.to; i++) {
      const r = rows[i]!
      if (bins[r]! <= bin) rows[middle++] = r
      else this.aside[held++] = r
    }
    for (let i = 0; i < held; i++) rows[middle + i] = this.aside[i]!
    const child = tree.left.length
    tree.feature[l.node] = feature
    tree.threshold[l.node] = bin === 0 ? BELOW_ALL : edges[bin - 1]!
    tree.left[l.node] = child
    for (const n of [middle - l.from, l.to - middle]) {
      tree.feature.push(0)
      tree.threshold.push(0)
      tree.left.push(0)
      tree.value.push(0)
      tree.cover.push(n)
    }
    return [this.leaf(child, l.from, middle), this.leaf(child + 1, middle, l.to)]
  }
}
