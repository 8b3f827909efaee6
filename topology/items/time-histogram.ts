/** Bins of 2 % in time, from 50 ms to an hour. */
const STEP = 0.02
const LOW = Math.log(50)
const BINS = 560

/** Lower end of every bin in whole milliseconds, and the last one's upper end: times are whole, so that counts below an edge are exact. */
export const EDGES = Float64Array.from({ length: BINS + 1 }, (_, k) => Math.round(Math.exp(LOW + STEP * k)))

/** An edge as near to a time as may be, milliseconds. */
export function nearestEdge(ms: number): number {
  const k = binOf(ms)
  return ms - EDGES[k]! <= EDGES[k + 1]! - ms ? EDGES[k]! : EDGES[k + 1]!
}

function binOf(ms: number): number {
  let k = Math.max(0, Math.min(BINS - 1, Math.floor((Math.log(ms) - LOW) / STEP)))
  while (k > 0 && ms < EDGES[k]!) k--
  while (k < BINS - 1 && ms >= EDGES[k + 1]!) k++
  return k
}

/**
 * Response times of an item with their outcomes, in bins of 2 %; shorter and longer times count in the first and last.
 * Histograms of parts of the answers merge to the histogram of all of them.
 */
export class TimeHistogram {
  readonly answers = new Uint32Array(BINS)
  readonly right = new Uint32Array(BINS)
  n = 0
  /** Sum of the times, each an hour at most, milliseconds. */
  total = 0

  /** Times that are not above 0 are none. */
  add(ms: number, correct: boolean): void {
    if (!(ms > 0)) return
    const k = binOf(ms)
    this.answers[k]!++
    if (correct) this.right[k]!++
    this.n++
    this.total += Math.min(ms, EDGES[BINS]!)
  }

  merge(other: TimeHistogram): void {
    for (let k = 0; k < BINS; k++) {
      this.answers[k]! += other.answers[k]!
      this.right[k]! += other.right[k]!
    }
    this.n += other.n
    this.total += other.total
  }

  /** Milliseconds; NaN without times. */
  mean(): number {
    return this.total / this.n
  }

  /** To about 1 %: evenly within the bin that holds it. Milliseconds; NaN without times. */
  quantile(share: number): number {
    if (this.n === 0) return Number.NaN
    const place = share * this.n
    let before = 0
    for (let k = 0; k < BINS; k++) {
      const n = this.answers[k]!
      if (n > 0 && before + n >= place) return EDGES[k]! + ((place - before) / n) * (EDGES[k + 1]! - EDGES[k]!)
      before += n
    }
    return EDGES[BINS]!
  }

  /** How many answers took less than `edge`, which is one of EDGES, and how many of them were right. */
  below(edge: number): { answers: number; right: number } {
    let answers = 0
    let right = 0
    for (let k = 0; k < BINS && EDGES[k + 1]! <= edge; k++) {
      answers += this.answers[k]!
      right += this.right[k]!
    }
    return { answers, right }
  }

  /** Centre of every bin that has answers, as a natural logarithm, with their number. */
  logTimes(): { x: Float64Array; n: Float64Array } {
    const x: number[] = []
    const n: number[] = []
    for (let k = 0; k < BINS; k++) {
      if (this.answers[k] === 0) continue
      x.push(LOW + STEP * (k + 0.5))
      n.push(this.answers[k]!)
    }
    return { x: Float64Array.from(x), n: Float64Array.from(n) }
  }
}
