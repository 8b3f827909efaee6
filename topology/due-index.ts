interface Entry {
  due: number
  /** Place in the heap that is this key's; others of the same key are stale. Infinity: none. */
  queued: number
}

/**
 * When keys are next due. Costs nothing to ask while nobody is: a key that puts its time off, as an active student does
 * with every answer, keeps its place in the heap until that place comes up.
 */
export class DueIndex {
  private readonly entries = new Map<string, Entry>()
  private readonly dues: number[] = []
  private readonly keys: string[] = []

  get size(): number {
    return this.entries.size
  }

  /** Infinity: the key is not due at all. */
  set(key: string, due: number): void {
    const e = this.entries.get(key)
    if (due === Number.POSITIVE_INFINITY) {
      if (e) this.entries.delete(key)
      return
    }
    if (!e) {
      this.entries.set(key, { due, queued: due })
      this.push(due, key)
      return
    }
    e.due = due
    if (due >= e.queued) return
    e.queued = due
    this.push(due, key)
  }

  /** The keys that are due by then, at most `most` of them, earliest first and of one time in order. They stay in the index. */
  due(until: number, most: number): string[] {
    const found: string[] = []
    while (found.length < most && this.dues.length > 0 && this.dues[0]! <= until) {
      const due = this.dues[0]!
      const key = this.keys[0]!
      this.pop()
      const e = this.entries.get(key)
      if (!e || e.queued !== due) continue
      if (e.due > due) {
        e.queued = e.due
        this.push(e.due, key)
      } else {
        e.queued = Number.POSITIVE_INFINITY
        found.push(key)
      }
    }
    // Nobody is to be lost where what the caller does with them fails: `set` finds them queued again.
    for (const key of found) {
      const e = this.entries.get(key)!
      e.queued = e.due
      this.push(e.due, key)
    }
    return found
  }

  private before(i: number, j: number): boolean {
    const d = this.dues[i]! - this.dues[j]!
    return d < 0 || (d === 0 && this.keys[i]! < this.keys[j]!)
  }

  private swap(i: number, j: number): void {
    const d = this.dues[i]!
    this.dues[i] = this.dues[j]!
    this.dues[j] = d
    const k = this.keys[i]!
    this.keys[i] = this.keys[j]!
    this.keys[j] = k
  }

  private push(due: number, key: string): void {
    let i = this.dues.push(due) - 1
    this.keys.push(key)
    while (i > 0) {
      const up = (i - 1) >> 1
      if (!this.before(i, up)) break
      this.swap(i, up)
      i = up
    }
  }

  private pop(): void {
    const last = this.dues.length - 1
    this.swap(0, last)
    this.dues.pop()
    this.keys.pop()
    let i = 0
    for (;;) {
      const left = 2 * i + 1
      if (left >= last) return
      const least = left + 1 < last && this.before(left + 1, left) ? left + 1 : left
      if (!this.before(least, i)) return
      this.swap(i, least)
      i = least
    }
  }
}
