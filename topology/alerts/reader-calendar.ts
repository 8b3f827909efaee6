import { ZoneClock } from '../importers/zone-clock.ts'
import { minutesOf, type NotificationPolicy, type Telling, tellingOf } from './notification-policy.ts'

const MINUTE = 60_000
const DAY = 86_400_000
const zones = new ZoneClock()

/** ISO weekday of a civil day, counted from 1970-01-01, a Thursday. */
const weekdayOf = (day: number) => ((((day + 3) % 7) + 7) % 7) + 1

/** When readers of one role and zone may be told. Instants are UTC milliseconds. */
export class ReaderCalendar {
  readonly telling: Telling
  readonly waitMs: number
  private readonly zone: string
  private readonly digest: number
  private readonly digestDays: ReadonlySet<number>
  private readonly quietDays: ReadonlySet<number>
  private readonly quiet: { from: number; until: number } | null
  /** The digest found last, and the one before it. */
  private before = Number.POSITIVE_INFINITY
  private found = Number.NEGATIVE_INFINITY

  /** `zone`: of the school; null: the policy's. */
  constructor(policy: NotificationPolicy, role: string, zone: string | null) {
    this.telling = tellingOf(policy, role)
    this.waitMs = policy.groupWaitMinutes * MINUTE
    this.zone = zone !== null && zones.knows(zone) ? zone : policy.zone
    const { digestAt, digestDays, quietHours, quietDays } = this.telling
    this.digest = minutesOf(digestAt) * MINUTE
    this.digestDays = new Set(digestDays)
    this.quietDays = new Set(quietDays)
    this.quiet = quietHours && {
      from: minutesOf(quietHours.from) * MINUTE,
      until: minutesOf(quietHours.until) * MINUTE,
    }
  }

  /** The reader's day, counted from 1970-01-01. */
  dayOf(at: number): number {
    return Math.floor(zones.civil(at, this.zone) / DAY)
  }

  /** The first instant from `at` on that is not quiet. */
  free(at: number): number {
    let now = at
    // A night before a quiet day ends in it, and so on: at most a week and a bit.
    for (let i = 0; i < 20; i++) {
      const civil = zones.civil(now, this.zone)
      const end = this.quietUntil(civil)
      if (end === null) return now
      const next = zones.fromCivil(end, this.zone)
      // Where clocks are put back, the end may have been shown once before.
      now = next > now ? next : now + (end - civil)
    }
    return now
  }

  /** End of the quiet time that a civil time lies in; null where it lies in none. */
  private quietUntil(civil: number): number | null {
    const day = Math.floor(civil / DAY)
    const time = civil - day * DAY
    if (this.quietDays.has(weekdayOf(day))) return (day + 1) * DAY
    if (this.quiet === null) return null
    const { from, until } = this.quiet
    if (from < until) return time >= from && time < until ? day * DAY + until : null
    if (time >= from) return (day + 1) * DAY + until
    return time < until ? day * DAY + until : null
  }

  /** The first digest from `ready` on. One that falls into quiet time comes at its end. */
  digestFrom(ready: number): number {
    if (ready > this.before && ready <= this.found) return this.found
    // Far enough back that the digest before is among them, so that the span in which this one holds is known.
    const first = this.dayOf(ready) - 10
    let before = Number.NEGATIVE_INFINITY
    for (let day = first; day < first + 40; day++) {
      if (!this.digestDays.has(weekdayOf(day))) continue
      const at = this.free(zones.fromCivil(day * DAY + this.digest, this.zone))
      if (at >= ready) {
        this.before = before
        this.found = at
        return at
      }
      before = at
    }
    throw new Error(`No digest is found after ${new Date(ready).toISOString()}; the policy has no day for it.`)
  }
}
