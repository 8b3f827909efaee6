/**
 * The greatest tick, UTC milliseconds, that every one of `sources` partitions has told of, were `at` the newest of
 * partition `from`; 0 while one is silent.
 */
export function timeWith(heard: ReadonlyMap<number, number>, sources: number, from: number, at: number): number {
  let least = Number.POSITIVE_INFINITY
  for (let s = 0; s < sources; s++) {
    const own = heard.get(s) ?? 0
    least = Math.min(least, s === from ? Math.max(own, at) : own)
  }
  return least
}
