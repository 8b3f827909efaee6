/** A pool forgets: each further answer in its scope leaves this share of what was there. */
export interface Pool {
  scope: 'all' | 'topic'
  keep: number
}

/**
 * Running sums of what the answers of one student said, a decayed one per pool: `width` numbers and a count. Topic pools
 * are kept per topic. This is the whole state of a student, and one answer is one multiplication and one addition each.
 */
export class Pools {
  readonly #pools: readonly Pool[]
  readonly #width: number
  readonly #sums = new Map<number, Float64Array>()

  constructor(pools: readonly Pool[], width: number) {
    this.#pools = pools
    this.#width = width
  }

  /** The state as numbers: per scope its key and its sums, ascending by key. */
  numbers(): Float64Array {
    const each = 1 + this.#pools.length * (this.#width + 1)
    const out = new Float64Array(this.#sums.size * each)
    const keys = [...this.#sums.keys()].sort((a, b) => a - b)
    keys.forEach((key, i) => {
      out[i * each] = key
      out.set(this.#sums.get(key)!, i * each + 1)
    })
    return out
  }

  static of(pools: readonly Pool[], width: number, numbers: Float64Array): Pools {
    const made = new Pools(pools, width)
    const each = 1 + pools.length * (width + 1)
    for (let i = 0; i < numbers.length; i += each) made.#sums.set(numbers[i]!, numbers.slice(i + 1, i + each))
    return made
  }

  /** Sum and count of pool `p` for a question of `topic`. The array is the state itself: do not keep it. */
  of(p: number, topic: number): { sums: Float64Array; at: number } {
    const key = this.#pools[p]!.scope === 'all' ? -1 : topic
    const each = this.#width + 1
    let sums = this.#sums.get(key)
    if (sums === undefined) {
      sums = new Float64Array(this.#pools.length * each)
      this.#sums.set(key, sums)
    }
    return { sums, at: p * each }
  }

  learn(topic: number, said: ArrayLike<number>, from: number): void {
    this.#pools.forEach((pool, p) => {
      const { sums, at } = this.of(p, topic)
      for (let k = 0; k < this.#width; k++) sums[at + k] = sums[at + k]! * pool.keep + said[from + k]!
      sums[at + this.#width] = sums[at + this.#width]! * pool.keep + 1
    })
  }
}
