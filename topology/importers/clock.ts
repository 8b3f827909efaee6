/** A file without times gets this one: row i of the file is i minutes later, so that file order is time order. */
export const SYNTHETIC_EPOCH = Date.UTC(2009, 8, 1)
const SYNTHETIC_STEP = 60_000

/** Time of the row on a 1-based line whose header is line 1. */
export function syntheticTime(line: number): number {
  return SYNTHETIC_EPOCH + (line - 2) * SYNTHETIC_STEP
}

const DAYS_BEFORE_MONTH = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334]

/** UTC milliseconds of a civil time, or null where a part is out of range. Proleptic Gregorian, years 1 to 9999, no leap seconds. */
export function civilTime(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): number | null {
  if (month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59 || year < 1 || day < 1) return null
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  const before = DAYS_BEFORE_MONTH[month - 1]! + (leap && month > 2 ? 1 : 0)
  const last =
    month === 12 ? 31 : DAYS_BEFORE_MONTH[month]! - DAYS_BEFORE_MONTH[month - 1]! + (leap && month === 2 ? 1 : 0)
  if (day > last) return null
  const y = year - 1
  const days = y * 365 + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400) + before + day - 1
  // 719162 days lie between 0001-01-01 and 1970-01-01.
  return ((days - 719_162) * 24 + hour) * 3_600_000 + minute * 60_000 + second * 1000
}

/** What an ISO 8601 text says. `offset` is in milliseconds east of UTC, null where the text gives none. */
export interface IsoTime {
  /** The civil time read as if it were UTC, milliseconds. */
  civil: number
  offset: number | null
}

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s?(Z|z|[+-]\d{2}(?::?\d{2})?)?)?$/

/** Date, or date and time, with or without seconds, fraction and offset. Fractions below a millisecond are cut off. Null: it is not one. */
export function parseIso(text: string): IsoTime | null {
  const m = ISO.exec(text)
  if (m === null) return null
  const base = civilTime(+m[1]!, +m[2]!, +m[3]!, +(m[4] ?? 0), +(m[5] ?? 0), +(m[6] ?? 0))
  if (base === null) return null
  const civil = m[7] === undefined ? base : base + Number(m[7].slice(0, 3).padEnd(3, '0'))
  const zone = m[8]
  if (zone === undefined) return { civil, offset: null }
  if (zone === 'Z' || zone === 'z') return { civil, offset: 0 }
  const minutes = +zone.slice(1, 3) * 60 + +(zone.slice(zone.length > 3 && zone[3] === ':' ? 4 : 3) || 0)
  return { civil, offset: (zone[0] === '-' ? -minutes : minutes) * 60_000 }
}

/** Numbers below this are seconds, others milliseconds: as seconds it would be the year 5138, as milliseconds it is 1973. */
const SECONDS_BELOW = 100_000_000_000

/**
 * UTC milliseconds of an ISO 8601 time (without an offset: taken as UTC) or of an epoch number in seconds or
 * milliseconds. Null: neither.
 */
export function parseInstant(text: string): number | null {
  if (/^\d+(?:\.\d+)?$/.test(text)) {
    const value = Number(text)
    const ms = value < SECONDS_BELOW ? Math.round(value * 1000) : Math.round(value)
    return ms <= 8.64e15 ? ms : null
  }
  const iso = parseIso(text)
  return iso === null ? null : iso.civil - (iso.offset ?? 0)
}
