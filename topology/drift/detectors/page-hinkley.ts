/** A detector that is given one number after the other; true: the stream has changed with this one. */
export interface Detector {
  add(x: number): boolean
}

interface Options {
  /** Numbers before which nothing is detected. */
  least: number
  /** Rise of the mean that is none. */
  delta: number
  threshold: number
  /** What is left of the sum at each step. */
  alpha: number
}

/**
 * Page-Hinkley (Page, Biometrika 41, 1954) for a rise of the mean: the sum of (x - mean so far - delta), faded, never
 * below 0, passes the threshold. A detection begins it anew. Defaults of River.
 */
export class PageHinkley implements Detector {
  private readonly o: Options
  n = 0
  mean = 0
  sum = 0

  constructor(options: Partial<Options> = {}) {
    this.o = { least: 30, delta: 0.005, threshold: 50, alpha: 1 - 0.0001, ...options }
  }

  add(x: number): boolean {
    const { least, delta, threshold, alpha } = this.o
    this.n++
    this.mean += (x - this.mean) / this.n
    this.sum = Math.max(0, alpha * this.sum + x - this.mean - delta)
    const found = this.n >= least && this.sum > threshold
    if (found) Object.assign(this, { n: 0, mean: 0, sum: 0 })
    return found
  }
}
