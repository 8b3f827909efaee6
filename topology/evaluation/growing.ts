type Column = Int32Array | Float64Array | Uint8Array

/** A column that grows: typed memory, twice as much whenever it is full. */
export class Growing<T extends Column> {
  size = 0
  private held: T

  constructor(first: T) {
    this.held = first
  }

  push(value: number): void {
    if (this.size === this.held.length) this.grow(this.size + 1)
    this.held[this.size++] = value
  }

  at(i: number): number {
    return this.held[i]!
  }

  set(i: number, value: number): void {
    this.held[i] = value
  }

  /** Appends `value` until there are `size` values. */
  fillTo(size: number, value: number): void {
    if (size <= this.size) return
    if (size > this.held.length) this.grow(size)
    this.held.fill(value, this.size, size)
    this.size = size
  }

  /** Keeps the first `size` values. */
  cut(size: number): void {
    this.size = size
  }

  /** Without copying: it holds as long as nothing is appended. */
  view(): T {
    return this.held.subarray(0, this.size) as T
  }

  private grow(least: number): void {
    const more = new (this.held.constructor as new (n: number) => T)(Math.max(1024, least, this.held.length * 2))
    more.set(this.held as never)
    this.held = more
  }
}
