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
 * @param target per row: 1 or 0, or a share between them, whose loss is the binomial one of that share of right answers
 * @param weight per row, above 0: times its loss, so times gradient p - y and curvature p (1 - p); none: 1 throughout.
 * `l2` and `minWeight` are on its scale.
 */
export function boost(
  data: readonly Bins[],
  target: Uint8Array | Float64Array,
  heldOut: (row: number) => boolean,
  o: BoostOptions,
  run: BoostRun,
  weight?: Float64Array,
): Boosted {
  const n = target.length
  const random = new Random(run.seed, run.stream)
  const all = Int32Array.from(target.keys())
  const learned = all.filter((r) => !heldOut(r))
  const held = all.filter((r) => heldOut(r))
  let answers = 0
  let right = 0
  for (const r of learned) {
    const w = weight ? weight[r]! : 1
    answers += w
    right += w * target[r]!
  }
  const bias = Math.log((right + 1) / (answers - right + 1))
  const logits = new Float64Array(n).fill(bias)
  const gradient = new Float64Array(n)
  const curvature = new Float64Array(n)
  const grower = new Grower(data, learned.length, o)
  const trees: Tree[] = []
  let best = { loss: meanLoss(logits, target, held, weight), trees: 0 }
  const kept = Float64Array.from(logits)
  while (trees.length < o.rounds && learned.length > 0 && data.length > 0) {
    run.signal?.throwIfAborted()
    for (const r of learned) {
      const p = 1 / (1 + Math.exp(-logits[r]!))
      const w = weight ? weight[r]! : 1
      gradient[r] = w * (p - target[r]!)
      curvature[r] = w * (p * (1 - p))
    }
    const rows = learned.filter(() => random.uniform() < o.rows)
    const tree = grower.grow(rows, drawn(data.length, o.columns, random), gradient, curvature)
    trees.push(tree)
    addBinned(tree, data, logits)
    const loss = meanLoss(logits, target, held, weight)
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

/** Weighted mean over `rows` of -(y ln p + (1 - y) ln(1 - p)). */
export function meanLoss(
  logits: Float64Array,
  target: Uint8Array | Float64Array,
  rows: Int32Array,
  weight?: Float64Array,
): number {
  let sum = 0
  let all = 0
  for (const r of rows) {
    const z = logits[r]!
    const y = target[r]!
    const w = weight ? weight[r]! : 1
    // ln(1 + e^z) is max(z, 0) + ln(1 + e^-|z|), and that of -z has the same second term.
    sum += w * (y * Math.max(-z, 0) + (1 - y) * Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))))
    all += w
  }
  return sum / all
}
