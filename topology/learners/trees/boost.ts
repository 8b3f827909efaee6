import { Random } from '../../school/random.ts'
import type { Bins } from './bins.ts'
import type { Forest, Tree } from './forest.ts'
import { Grower, type GrowOptions } from './grow.ts'

export interface BoostOptions extends GrowOptions {
  /** Trees at most. */
  rounds: number
  /** Trees without a better held-out loss, after which it ends; those after the best one are dropped. */
  patience: number
  /** Shares that each tree is grown on. */
  rows: number
  columns: number
}

export interface BoostRun {
  seed: number
  stream: number
  signal?: AbortSignal
  onTree?(done: number, heldOutLoss: number): void
}

export interface Boosted {
  forest: Forest
  /** Logits of every row, held-out ones too. */
  logits: Float64Array
  /** Mean held-out log loss at the kept number of trees; NaN where nothing was held out. */
  loss: number
}

/**
 * Gradient boosting of the log loss (Friedman, Annals of Statistics 29, 2001) with second-order steps, on random rows and
 * columns per tree. Stops by the loss on the rows that `heldOut` marks, which are not learned from.
 */
export function boost(
  data: readonly Bins[],
  correct: Uint8Array,
  heldOut: (row: number) => boolean,
  o: BoostOptions,
  run: BoostRun,
): Boosted {
  const n = correct.length
  const random = new Random(run.seed, run.stream)
  const all = Int32Array.from(correct.keys())
  const learned = all.filter((r) => !heldOut(r))
  const held = all.filter((r) => heldOut(r))
  const right = learned.reduce((sum, r) => sum + correct[r]!, 0)
  const bias = Math.log((right + 1) / (learned.length - right + 1))
  const logits = new Float64Array(n).fill(bias)
  const gradient = new Float64Array(n)
  const curvature = new Float64Array(n)
  const grower = new Grower(data, learned.length, o)
  const trees: Tree[] = []
  let best = { loss: meanLoss(logits, correct, held), trees: 0 }
  const kept = Float64Array.from(logits)
  while (trees.length < o.rounds && learned.length > 0 && data.length > 0) {
    run.signal?.throwIfAborted()
    for (const r of learned) {
      const p = 1 / (1 + Math.exp(-logits[r]!))
      gradient[r] = p - correct[r]!
      curvature[r] = p * (1 - p)
    }
    const rows = learned.filter(() => random.uniform() < o.rows)
    const tree = grower.grow(rows, drawn(data.length, o.columns, random), gradient, curvature)
    trees.push(tree)
    addBinned(tree, data, logits)
    const loss = meanLoss(logits, correct, held)
    if (held.length === 0 || loss < best.loss) {
      best = { loss, trees: trees.length }
      kept.set(logits)
    }
    run.onTree?.(trees.length, loss)
    if (trees.length - best.trees >= o.patience) break
  }
  return { forest: { bias, trees: trees.slice(0, best.trees) }, logits: kept, loss: best.loss }
}

/** A share of the features, at least one, ascending. */
function drawn(features: number, share: number, random: Random): number[] {
  const order = Array.from({ length: features }, (_, i) => i)
  const n = Math.max(1, Math.round(features * share))
  for (let i = 0; i < n; i++) {
    const j = random.between(i, features - 1)
    ;[order[i], order[j]] = [order[j]!, order[i]!]
  }
  return order.slice(0, n).sort((a, b) => a - b)
}

function addBinned(tree: Tree, data: readonly Bins[], logits: Float64Array): void {
  const left = Int32Array.from(tree.left)
  const columns = tree.feature.map((f) => data[f]!.bins)
  const last = Uint8Array.from(tree.threshold, (t, at) => {
    const { edges } = data[tree.feature[at]!]!
    return t < edges[0]! ? 0 : edges.indexOf(t) + 1
  })
  for (let r = 0; r < logits.length; r++) {
    let at = 0
    while (left[at]! > 0) at = left[at]! + (columns[at]![r]! > last[at]! ? 1 : 0)
    logits[r]! += tree.value[at]!
  }
}

export function meanLoss(logits: Float64Array, correct: Uint8Array, rows: Int32Array): number {
  let sum = 0
  for (const r of rows) {
    const z = correct[r] === 1 ? -logits[r]! : logits[r]!
    sum += Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)))
  }
  return sum / rows.length
}
