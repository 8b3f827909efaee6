import { civilTime } from '../importers/clock.ts'
import { ZoneClock } from '../importers/zone-clock.ts'

/** Parts of a format, as in Unicode's date patterns. A single letter takes one or two digits. */
const TOKENS: Readonly<Record<string, string>> = {
  yyyy: '(?<year>\\d{4})',
  MM: '(?<month>\\d{2})',
  M: '(?<month>\\d{1,2})',
  dd: '(?<day>\\d{2})',
  d: '(?<day>\\d{1,2})',
  HH: '(?<hour>\\d{2})',
  H: '(?<hour>\\d{1,2})',
  hh: '(?<half>\\d{2})',
  h: '(?<half>\\d{1,2})',
  a: '(?<noon>[AaPp])\\.?[Mm]\\.?',
  mm: '(?<minute>\\d{2})',
  ss: '(?<second>\\d{2})',
  SSS: '(?<fraction>\\d{1,9})',
}
const TOKEN = /yyyy|MM|dd|HH|hh|mm|ss|SSS|M|d|H|h|a/g
const EPOCH = { epoch_seconds: 1000, epoch_milliseconds: 1 } as const
const LATEST = 8.64e15
const zones = new ZoneClock()

/** Reads a time. Null: it is not of this format. */
export type TimeReader = (value: unknown) => number | null

/**
 * The reader of a format: epoch_seconds, epoch_milliseconds, or a pattern of yyyy MM dd HH mm ss SSS (also M d H, and
 * h with a) for a civil time in the named zone. A text where the format is wrong, saying how.
 */
export function timeReader(format: string, zone: string): TimeReader | string {
  if (!zones.knows(zone)) return `zone "${zone}" is not known; give an IANA name such as Europe/Berlin`
  const factor = Object.hasOwn(EPOCH, format) ? EPOCH[format as keyof typeof EPOCH] : null
  if (factor !== null) return (value) => epoch(value, factor)
  const used = format.match(TOKEN) ?? []
  const names = used.map((t) => /<(\w+)>/.exec(TOKENS[t]!)![1]!)
  if (new Set(names).size < names.length) return `format "${format}" has a part twice`
  for (const needed of ['year', 'month', 'day'])
    if (!names.includes(needed)) return `format "${format}" lacks the ${needed}: use yyyy, MM and dd`
  if (names.includes('half') !== names.includes('noon')) return `format "${format}" needs both h and a`
  let source = ''
  let at = 0
  for (const m of format.matchAll(TOKEN)) {
    source += literal(format.slice(at, m.index)) + TOKENS[m[0]]!
    at = m.index + m[0].length
  }
  const pattern = new RegExp(`^${source}${literal(format.slice(at))}$`)
  return (value) => (typeof value === 'string' && value.length < 100 ? civil(pattern.exec(value.trim()), zone) : null)
}

function literal(text: string): string {
  return text.replace(/[^A-Za-z0-9 ]/g, '\\$&')
}

function epoch(value: unknown, factor: number): number | null {
  const text = typeof value === 'string' ? value.trim() : value
  const n = typeof text === 'string' ? (/^-?\d{1,16}(\.\d{1,9})?$/.test(text) ? Number(text) : null) : text
  if (typeof n !== 'number' || !Number.isFinite(n)) return null
  const ms = Math.round(n * factor)
  return Math.abs(ms) <= LATEST ? ms : null
}

function civil(m: RegExpExecArray | null, zone: string): number | null {
  if (m === null) return null
  const { year, month, day, hour, half, noon, minute, second, fraction } = m.groups as Record<string, string>
  let h = Number(hour ?? 0)
  if (half !== undefined) {
    if (Number(half) < 1 || Number(half) > 12) return null
    h = (Number(half) % 12) + (/p/i.test(noon!) ? 12 : 0)
  }
  const at = civilTime(Number(year), Number(month), Number(day), h, Number(minute ?? 0), Number(second ?? 0))
  if (at === null) return null
  const instant = zones.instant(new Date(at).toISOString().slice(0, 19), zone)
  return instant === null ? null : instant + Number((fraction ?? '0').slice(0, 3).padEnd(3, '0'))
}
