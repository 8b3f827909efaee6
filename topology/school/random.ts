/**
 * Seeded generator: sfc32 (C. Doty-Humphrey, PractRand), seeded through splitmix32. Integer operations only, so a seed
 * gives the same sequence on every machine; normal deviates need `Math.log` and `Math.sqrt`, which agree as well.
 */
export class Random {
  #a = 0
  #b = 0
  #c = 0
  #counter = 1
  #spare = 0
  #hasSpare = false

  /** `seed` is any safe integer; `stream` separates sequences that share it. */
  constructor(seed: number, stream = 0) {
    let state = 0
    const split = (): number => {
      state = (state + 0x9e3779b9) | 0
      let z = state
      z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
      return z ^ (z >>> 15)
    }
    for (const word of [seed, Math.floor(seed / 4294967296), stream]) state = split() ^ word
    this.#a = split()
    this.#b = split()
    this.#c = split()
    for (let i = 0; i < 12; i++) this.#next()
  }

  #next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return sum >>> 0
  }

  /** In [0, 1), 32 bits. */
  uniform(): number {
    return this.#next() / 4294967296
  }

  /** Integer in [from, to], both included. */
  between(from: number, to: number): number {
    return from + Math.floor(this.uniform() * (to - from + 1))
  }

  chance(probability: number): boolean {
    return this.uniform() < probability
  }

  /** Standard normal by Marsaglia's polar method. */
  normal(): number {
    if (this.#hasSpare) {
      this.#hasSpare = false
      return this.#spare
    }
    for (;;) {
      const u = 2 * this.uniform() - 1
      const v = 2 * this.uniform() - 1
      const s = u * u + v * v
      if (s >= 1 || s === 0) continue
      const scale = Math.sqrt((-2 * Math.log(s)) / s)
      this.#spare = v * scale
      this.#hasSpare = true
      return u * scale
    }
  }

  /** Index drawn in proportion to `weights`. */
  weighted(weights: readonly number[]): number {
    let total = 0
    for (const w of weights) total += w
    let left = this.uniform() * total
    for (let i = 0; i < weights.length - 1; i++) {
      left -= weights[i]!
      if (left < 0) return i
    }
    return weights.length - 1
  }
}
