import type { Detector } from './page-hinkley.ts'

const MOST_IN_ROW = 5

interface Bucket {
  total: number
  /** Sum of squared deviations from the bucket's own mean. */
  squares: number
}

/**
 * ADWIN2 (Bifet & Gavaldà, SIAM Data Mining 2007): an exponential histogram of the stream; where two parts of it differ
 * by more than chance allows at `delta`, the stream has changed, and the window begins anew. Defaults, and the cuts that
 * are looked at (none behind the newest bucket of a size), as in River, so that detections fall on the same places.
 */
export class Adwin implements Detector {
  private readonly o: { delta: number; clock: number; leastWindow: number; grace: number }
  /** rows[i]: buckets of 2^i numbers each, oldest first. */
  rows: Bucket[][] = [[]]
  width = 0
  total = 0
  squares = 0
  ticks = 0

  constructor(options: Partial<Adwin['o']> = {}) {
    this.o = { delta: 0.002, clock: 32, leastWindow: 5, grace: 10, ...options }
  }

  add(x: number): boolean {
    this.rows[0]!.push({ total: x, squares: 0 })
    this.ticks++
    this.width++
    if (this.width > 1) {
      const mean = this.total / (this.width - 1)
      this.squares += ((this.width - 1) * (x - mean) * (x - mean)) / this.width
    }
    this.total += x
    this.compress()
    const found = this.ticks % this.o.clock === 0 && this.width > this.o.grace && this.shrink()
    if (found) Object.assign(this, new Adwin(this.o))
    return found
  }

  private compress(): void {
    for (let i = 0; i < this.rows.length; i++) {
      const row = this.rows[i]!
      if (row.length <= MOST_IN_ROW) break
      const [a, b] = row.splice(0, 2) as [Bucket, Bucket]
      const size = sizeOf(i)
      const apart = (a.total - b.total) / size
      const joined = { total: a.total + b.total, squares: a.squares + b.squares + (size * apart * apart) / 2 }
      if (i + 1 === this.rows.length) this.rows.push([])
      this.rows[i + 1]!.push(joined)
    }
  }

  private shrink(): boolean {
    let found = false
    while (this.cut()) found = true
    return found
  }

  /** Drops the oldest bucket where some cut of the window shows a change. */
  private cut(): boolean {
    let n0 = 0
    let n1 = this.width
    let u0 = 0
    let u1 = this.total
    for (let i = this.rows.length - 1; i >= 0; i--)
      for (let k = 0; k < this.rows[i]!.length - 1; k++) {
        const size = sizeOf(i)
        const { total } = this.rows[i]![k]!
        n0 += size
        n1 -= size
        u0 += total
        u1 -= total
        if (n1 >= this.o.leastWindow && n0 >= this.o.leastWindow && this.differs(n0, n1, u0 / n0 - u1 / n1)) {
          this.dropOldest()
          return true
        }
      }
    return false
  }

  private differs(n0: number, n1: number, apart: number): boolean {
    const delta = Math.log((2 * Math.log(this.width)) / this.o.delta)
    const least = 1 / (n0 - this.o.leastWindow + 1) + 1 / (n1 - this.o.leastWindow + 1)
    const variance = this.squares / this.width
    return Math.abs(apart) > Math.sqrt(2 * least * variance * delta) + (2 / 3) * delta * least
  }

  private dropOldest(): void {
    const i = this.rows.length - 1
    const size = sizeOf(i)
    const gone = this.rows[i]!.shift()!
    const mean = gone.total / size
    this.width -= size
    this.total -= gone.total
    const apart = mean - this.total / this.width
    this.squares -= gone.squares + (size * this.width * apart * apart) / (size + this.width)
    if (this.rows[i]!.length === 0 && i > 0) this.rows.pop()
  }
}

const sizeOf = (row: number) => 1 << row
