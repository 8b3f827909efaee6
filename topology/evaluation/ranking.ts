const LOW = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 0 : 1

/**
 * Indices of `p` in ascending order; equal values keep their order. Radix sort over the bits: of two numbers that are
 * not negative, the greater one has the greater bits (IEEE 754).
 * @param p finite, 0 or more
 */
export function ascending(p: Float64Array): Uint32Array {
  const n = p.length
  const words = new Uint32Array(Float64Array.from(p, (x) => x + 0).buffer)
  let from = new Uint32Array(n)
  let to = new Uint32Array(n)
  for (let i = 0; i < n; i++) from[i] = i
  const counts = new Uint32Array(65_537)
  for (let digit = 0; digit < 4; digit++) {
    const word = digit < 2 ? LOW : 1 - LOW
    const shift = (digit & 1) * 16
    counts.fill(0)
    for (let i = 0; i < n; i++) counts[((words[2 * i + word]! >>> shift) & 0xffff) + 1]!++
    for (let i = 1; i < 65_537; i++) counts[i]! += counts[i - 1]!
    for (let i = 0; i < n; i++) {
      const row = from[i]!
      to[counts[(words[2 * row + word]! >>> shift) & 0xffff]!++] = row
    }
    ;[from, to] = [to, from]
  }
  return from
}

/** Predictions sorted once, so that every further area under the curve, of any weights, is one pass. */
export interface Ranking {
  /** Rows in ascending order of p. */
  readonly order: Uint32Array
  /** Where a new value of p begins in `order`, and its length last: rows of one group are ties. */
  readonly groups: Uint32Array
}

/** @param p finite, 0 or more */
export function rank(p: Float64Array): Ranking {
  const order = ascending(p)
  const groups = new Uint32Array(order.length + 1)
  let count = 0
  for (let i = 0; i < order.length; i++) if (i === 0 || p[order[i]!] !== p[order[i - 1]!]) groups[count++] = i
  groups[count] = order.length
  return { order, groups: groups.slice(0, count + 1) }
}

/**
 * Area under the ROC curve: the chance that a right answer was given a greater p than a wrong one, ties counting half
 * (Hanley & McNeil, Radiology 143, 1982). NaN where all answers are alike.
 * @param correct 1 or 0 per row
 */
export function auc(correct: Uint8Array, p: Float64Array, ranking: Ranking = rank(p)): number {
  const { order, groups } = ranking
  let below = 0
  let right = 0
  let twiceWon = 0
  for (let g = 0; g + 1 < groups.length; g++) {
    let r = 0
    for (let i = groups[g]!; i < groups[g + 1]!; i++) r += correct[order[i]!]!
    const wrong = groups[g + 1]! - groups[g]! - r
    twiceWon += r * (2 * below + wrong)
    below += wrong
    right += r
  }
  return twiceWon / (2 * right * below)
}

/** A point of the ROC curve: what share of the wrong and of the right answers has p of `threshold` or more. */
export interface RocPoint {
  threshold: number
  false_positive_rate: number
  true_positive_rate: number
}

/** The ROC curve at no more than `most` thresholds beside its two ends; empty where all answers are alike. */
export function rocCurve(correct: Uint8Array, p: Float64Array, ranking: Ranking = rank(p), most = 200): RocPoint[] {
  const { order, groups } = ranking
  const right = correct.reduce((sum, y) => sum + y, 0)
  const wrong = correct.length - right
  if (right === 0 || wrong === 0) return []
  const points: RocPoint[] = [{ threshold: 1, false_positive_rate: 0, true_positive_rate: 0 }]
  let r = 0
  let w = 0
  let told = 0
  for (let g = groups.length - 2; g >= 0; g--) {
    for (let i = groups[g]!; i < groups[g + 1]!; i++) {
      if (correct[order[i]!] === 1) r++
      else w++
    }
    if (r + w - told < correct.length / most && g > 0) continue
    told = r + w
    points.push({
      threshold: p[order[groups[g]!]!]!,
      false_positive_rate: w / wrong,
      true_positive_rate: r / right,
    })
  }
  return points
}
