import type { Detector } from './page-hinkley.ts'

/** Detectors over a stream of errors: 1 for a wrong prediction, 0 for a right one. Parameters as in River. */

/** DDM (Gama et al., SBIA 2004): the error rate rises by three of its least standard deviations. */
export class Ddm implements Detector {
  private n = 0
  private p = 0
  private least = Infinity
  private leastP = Infinity
  private leastS = Infinity

  add(x: number): boolean {
    this.n++
    this.p += (x - this.p) / this.n
    const s = Math.sqrt((this.p * (1 - this.p)) / this.n)
    if (this.n <= 30) return false
    if (this.p + s <= this.least) {
      this.least = this.p + s
      this.leastP = this.p
      this.leastS = s
    }
    const found = this.p + s > this.leastP + 3 * this.leastS
    if (found) Object.assign(this, new Ddm())
    return found
  }
}

/** EDDM (Baena-García et al., 2006): the distance between errors shrinks to nine tenths of its greatest. */
export class Eddm implements Detector {
  private n = 0
  private errors = 0
  private last = 0
  private mean = 0
  private squares = 0
  private greatest = 0

  add(x: number): boolean {
    this.n++
    if (x === 0) return false
    this.errors++
    const distance = this.n - this.last
    this.last = this.n
    const away = distance - this.mean
    this.mean += away / this.errors
    this.squares += away * (distance - this.mean)
    if (this.n < 30) return false
    const reach = this.mean + 2 * Math.sqrt(this.squares / this.errors)
    if (reach > this.greatest) {
      this.greatest = reach
      return false
    }
    const found = this.errors > 30 && reach / this.greatest < 0.9
    if (found) Object.assign(this, new Eddm())
    return found
  }
}

/**
 * HDDM-A (Frías-Blanco et al., IEEE TKDE 27, 2015): the mean of all numbers lies above that of their luckiest beginning by
 * more than Hoeffding's bound at 0.001. Numbers are in [0, 1].
 */
export class HddmA implements Detector {
  private n = 0
  private sum = 0
  private leastN = 0
  private leastSum = 0

  add(x: number): boolean {
    this.n++
    this.sum += x
    const bound = (n: number) => Math.sqrt(Math.log(1 / CONFIDENCE) / (2 * n))
    if (this.leastN === 0 || this.leastSum / this.leastN + bound(this.leastN) >= this.sum / this.n + bound(this.n)) {
      this.leastN = this.n
      this.leastSum = this.sum
      return false
    }
    const m = (this.n - this.leastN) / this.leastN / this.n
    const found = this.sum / this.n - this.leastSum / this.leastN >= Math.sqrt((m / 2) * Math.log(2 / CONFIDENCE))
    if (found) Object.assign(this, new HddmA())
    return found
  }
}

const CONFIDENCE = 0.001
const WEIGHT = 0.05

/** An exponentially weighted mean and the sum of its squared weights. */
interface Weighted {
  mean: number
  weights: number
}

/** HDDM-W (the same paper): the weighted mean since its lowest stretch lies above it by more than McDiarmid's bound. */
export class HddmW implements Detector {
  private all: Weighted | null = null
  private lowest: Weighted | null = null
  private since: Weighted | null = null
  private cut = Infinity

  add(x: number): boolean {
    this.all = weighted(this.all, x)
    const reach = this.all.mean + Math.sqrt((this.all.weights * Math.log(1 / CONFIDENCE)) / 2)
    if (reach < this.cut) {
      this.cut = reach
      this.lowest = this.all
      this.since = null
      return false
    }
    this.since = weighted(this.since, x)
    const weights = this.lowest!.weights + this.since.weights
    const found = this.since.mean - this.lowest!.mean > Math.sqrt((weights * Math.log(1 / CONFIDENCE)) / 2)
    if (found) Object.assign(this, new HddmW())
    return found
  }
}

function weighted(w: Weighted | null, x: number): Weighted {
  if (w === null) return { mean: x, weights: 1 }
  const kept = 1 - WEIGHT
  return { mean: WEIGHT * x + kept * w.mean, weights: WEIGHT * WEIGHT + kept * kept * w.weights }
}
