/**
 * Newest time per item: a hash table that is emptied in no time, by starting a new round, and makes no garbage. Items
 * are hashes themselves, so their low bits place them.
 */
export class LastSeen {
  private items = new Float64Array(0)
  private times = new Float64Array(0)
  private rounds = new Uint32Array(0)
  private round = 0
  private mask = 0

  /** Empties it, and makes room for `most` items. */
  begin(most: number): void {
    if (most * 2 > this.items.length || this.round === 0xffffffff) {
      const size = Math.max(64, 2 ** Math.ceil(Math.log2(most * 2)))
      this.items = new Float64Array(size)
      this.times = new Float64Array(size)
      this.rounds = new Uint32Array(size)
      this.mask = size - 1
      this.round = 0
    }
    this.round++
  }

  /** Puts the time of an item and gives the one before it, minus infinity where there was none. */
  swap(item: number, t: number): number {
    let at = item & this.mask
    while (this.rounds[at] === this.round) {
      if (this.items[at] === item) {
        const before = this.times[at]!
        this.times[at] = t
        return before
      }
      at = (at + 1) & this.mask
    }
    this.rounds[at] = this.round
    this.items[at] = item
    this.times[at] = t
    return Number.NEGATIVE_INFINITY
  }
}
