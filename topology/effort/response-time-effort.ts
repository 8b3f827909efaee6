/** Answers with a known time to items with a threshold that a student needs for a verdict. */
export const LEAST_TIMED = 20
/** Below this share of answers in earnest a student's results say little (Wise & Kong 2005). */
export const LOW_EFFORT = 0.9

export type EffortVerdict = 'effortful' | 'low effort' | 'insufficient'

/**
 * Response-time effort of a student (Wise & Kong, Applied Measurement in Education 18, 2005): the share of answers that
 * took at least their item's threshold, solution behaviour. Tallies of parts of the answers merge.
 */
export class EffortTally {
  timed = 0
  rapid = 0

  /** @param threshold of the item, milliseconds; null: none is known, and the answer says nothing */
  add(responseMs: number, threshold: number | null): void {
    if (threshold === null || !(responseMs > 0)) return
    this.timed++
    if (responseMs < threshold) this.rapid++
  }

  merge(other: EffortTally): void {
    this.timed += other.timed
    this.rapid += other.rapid
  }

  /** Null without any timed answer. */
  get effort(): number | null {
    return this.timed === 0 ? null : 1 - this.rapid / this.timed
  }

  get verdict(): EffortVerdict {
    if (this.timed < LEAST_TIMED) return 'insufficient'
    return this.effort! < LOW_EFFORT ? 'low effort' : 'effortful'
  }
}
