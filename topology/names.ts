/** Names and their numbers, each kept once, in the order in which they came. */
export class Names {
  readonly names: string[] = []
  private readonly index = new Map<string, number>()

  of(name: string): number {
    let at = this.index.get(name)
    if (at === undefined) {
      at = this.names.length
      this.names.push(name)
      this.index.set(name, at)
    }
    return at
  }

  /** -1 for a name that has not come. */
  find(name: string): number {
    return this.index.get(name) ?? -1
  }
}
