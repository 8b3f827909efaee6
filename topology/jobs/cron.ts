import { ZoneClock } from '../importers/zone-clock.ts'

/** A cron expression as sets of values, and its zone. */
export interface Cron {
  readonly seconds: ReadonlySet<number>
  readonly minutes: ReadonlySet<number>
  readonly hours: ReadonlySet<number>
  readonly days: ReadonlySet<number>
  readonly months: ReadonlySet<number>
  readonly weekdays: ReadonlySet<number>
  /** Both a day of month and a day of week are given: either may fit, as in Vixie cron. */
  readonly eitherDay: boolean
  readonly timeZone: string
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const FIELDS = [
  { what: 'second', least: 0, most: 59, names: [] as string[] },
  { what: 'minute', least: 0, most: 59, names: [] as string[] },
  { what: 'hour', least: 0, most: 23, names: [] as string[] },
  { what: 'day of month', least: 1, most: 31, names: [] as string[] },
  { what: 'month', least: 1, most: 12, names: ['', ...MONTHS] },
  { what: 'day of week', least: 0, most: 7, names: WEEKDAYS },
] as const
const MINUTE = 60_000
const DAY = 86_400_000
const zones = new ZoneClock()

function field(text: string, { what, least, most, names }: (typeof FIELDS)[number]): Set<number> {
  const wrong = (part: string) => new Error(`"${part}" is no ${what} of a cron expression (${least} to ${most})`)
  const number = (t: string, part: string) => {
    const named = names.indexOf(t.toLowerCase())
    const n = t !== '' && named >= 0 ? named : /^\d{1,2}$/.test(t) ? Number(t) : -1
    if (n < least || n > most) throw wrong(part)
    return n
  }
  const found = new Set<number>()
  for (const part of text.split(',')) {
    const [range = '', step, ...more] = part.split('/')
    if (more.length > 0 || range === '' || step === '') throw wrong(part)
    const by = step === undefined ? 1 : /^\d{1,2}$/.test(step) ? Number(step) : 0
    if (by < 1) throw wrong(part)
    const [from, to, ...rest] = range === '*' ? [String(least), String(most)] : range.split('-')
    if (rest.length > 0) throw wrong(part)
    const first = number(from!, part)
    const last = to === undefined ? (step === undefined ? first : most) : number(to, part)
    if (last < first) throw wrong(part)
    for (let n = first; n <= last; n += by) found.add(what === 'day of week' && n === 7 ? 0 : n)
  }
  return found
}

/**
 * Five fields: minute, hour, day of month, month, day of week; each `*`, a value, a range, a list or a step; months and
 * weekdays also by their English abbreviations. A sixth field before them gives seconds.
 * @throws Error that says which field is wrong
 */
export function parseCron(text: string, timeZone: string): Cron {
  const parts = text.trim().split(/\s+/)
  if (parts.length === 5) parts.unshift('0')
  if (parts.length !== 6)
    throw new Error(`"${text}" has ${parts.length} fields; a cron expression has 5: minute hour day month weekday`)
  if (!zones.knows(timeZone))
    throw new Error(`"${timeZone}" is no time zone of the IANA database, such as Europe/Paris`)
  const [seconds, minutes, hours, days, months, weekdays] = FIELDS.map((f, i) => field(parts[i]!, f))
  const cron = {
    seconds: seconds!,
    minutes: minutes!,
    hours: hours!,
    days: days!,
    months: months!,
    weekdays: weekdays!,
    eitherDay: !parts[3]!.startsWith('*') && !parts[5]!.startsWith('*'),
    timeZone,
  }
  if (nextTime(cron, 0) === null) throw new Error(`"${text}" names a day that never comes`)
  return cron
}

function fits(cron: Cron, day: Date): boolean {
  if (!cron.months.has(day.getUTCMonth() + 1)) return false
  const date = cron.days.has(day.getUTCDate())
  const weekday = cron.weekdays.has(day.getUTCDay())
  return cron.eitherDay ? date || weekday : date && weekday
}

const pad = (n: number) => String(n).padStart(2, '0')

/**
 * The first instant after `after` (UTC milliseconds) at which the civil time of the zone fits; null where none does
 * within 28 years, after which the calendar repeats. A civil time that the zone has twice fires at the first of both;
 * one that it skips fires moved forward by the gap, so that a nightly job runs once in every night.
 */
export function nextTime(cron: Cron, after: number): number | null {
  const hours = [...cron.hours].sort((a, b) => a - b)
  const minutes = [...cron.minutes].sort((a, b) => a - b)
  // Zones lie within a day of UTC, so that the civil day of `after` is this one or a neighbour.
  const first = Math.floor(after / DAY) * DAY - DAY
  for (let n = 0; n < 28 * 366; n++) {
    const day = new Date(first + n * DAY)
    if (!fits(cron, day)) continue
    let best: number | null = null
    const date = `${String(day.getUTCFullYear()).padStart(4, '0')}-${pad(day.getUTCMonth() + 1)}-${pad(day.getUTCDate())}`
    for (const hour of hours) {
      // Cheap check first: most hours of the first days lie before `after`.
      if (day.getTime() + (hour + 1) * 60 * MINUTE + DAY <= after) continue
      for (const minute of minutes) {
        const start = zones.instant(`${date}T${pad(hour)}:${pad(minute)}:00`, cron.timeZone)
        if (start === null || start + MINUTE <= after) continue
        for (const second of cron.seconds) {
          const at = start + second * 1_000
          if (at > after && (best === null || at < best)) best = at
        }
      }
      if (best !== null) break
    }
    if (best !== null) return best
  }
  return null
}
