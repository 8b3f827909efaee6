const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

/** Milliseconds of "90s", "30m", "24h", "7d", "2w" or 0; null for anything else. */
export function durationOf(text: unknown): number | null {
  if (text === 0) return 0
  const found = typeof text === 'string' ? /^(\d{1,6})([smhdw])$/.exec(text) : null
  return found ? Number(found[1]) * UNITS[found[2]!]! : null
}

/** The same in the largest unit that it is a whole number of. */
export function durationText(ms: number): string {
  if (ms === 0) return '0'
  const [unit, size] = Object.entries(UNITS)
    .reverse()
    .find(([, size]) => ms % size === 0) ?? ['s', 1000]
  return `${ms / size}${unit}`
}

/** Milliseconds of a time from a beginning: one duration or several, as in 5d12h; null for anything else. */
export function offsetOf(text: unknown): number | null {
  if (text === 0 || text === '0') return 0
  if (typeof text !== 'string' || !/^(\d{1,6}[smhdw])+$/.test(text)) return null
  let sum = 0
  for (const part of text.match(/\d+[smhdw]/g)!) sum += durationOf(part)!
  return sum
}
