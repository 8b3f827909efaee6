/** Lets so many in at a time; the others wait in the order in which they came. */
export class Gate {
  private free: number
  private readonly waiting: (() => void)[] = []

  constructor(places: number) {
    this.free = places
  }

  /** Resolves with the way out. */
  async enter(): Promise<() => void> {
    if (this.free > 0) this.free--
    else await new Promise<void>((done) => this.waiting.push(done))
    return () => {
      const next = this.waiting.shift()
      if (next) next()
      else this.free++
    }
  }
}
