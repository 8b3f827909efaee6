/**
 * Text that is equal for equal values only: doubles in their shortest form that reads back to the same bits, minus zero
 * and the non-finite ones by name, map entries and object keys in the order in which they stand.
 */
export function exact(value: unknown): string {
  return JSON.stringify(value, (_key, v: unknown) => {
    if (typeof v === 'number' && (Object.is(v, -0) || !Number.isFinite(v)))
      return `number ${Object.is(v, -0) ? '-0' : v}`
    return v instanceof Map ? [...v] : v
  })
}

/** One line per entry, sorted by key: a failing comparison shows which entry differs. */
export function exactRows(rows: ReadonlyMap<string, unknown>): string[] {
  return [...rows].map(([key, row]) => `${key} ${exact(row)}`).sort()
}
