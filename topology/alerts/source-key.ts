/**
 * Key of a tick or marker that a stage writes to every partition of a topic of its own making: the partition that it
 * came from. A reader hears the time of each source apart, since one of them may be far behind.
 */
export const sourceKey = (partition: number): string => `source/${partition}`

/** Null where the key names no source. */
export function sourceOfKey(key: string): number | null {
  const found = /^source\/(\d{1,5})$/.exec(key)
  return found ? Number(found[1]) : null
}
