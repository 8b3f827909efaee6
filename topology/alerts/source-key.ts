/**
 * Key of a tick or marker that a stage writes to every partition of a topic of its own making: what it is, and the
 * partition that it came from. A reader hears the time of each source apart, since one of them may be far behind.
 */
export const sourceKey = (what: 'tick' | 'marker', partition: number): string => `${what}/${partition}`

/** Null where the key names no source. */
export function sourceOfKey(key: string): number | null {
  const found = /^(?:tick|marker)\/(\d{1,5})$/.exec(key)
  return found ? Number(found[1]) : null
}
