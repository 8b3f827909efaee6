import { parseIso } from './clock.ts'

const HOUR = 3_600_000

/** Turns civil times in named zones into instants, by the time zone data of the engine. */
export class ZoneClock {
  readonly #formats = new Map<string, Intl.DateTimeFormat | null>()
  readonly #offsets = new Map<string, Map<number, number>>()

  knows(zone: string): boolean {
    return this.#format(zone) !== null
  }

  /**
   * UTC milliseconds of an ISO-like civil time; null where it is none. An offset in the text wins over the zone; a zone
   * that is empty or unknown is UTC. A time that a zone has twice gives the earlier instant, one that it skips is moved
   * forward by the gap.
   */
  instant(text: string, zone: string): number | null {
    const iso = parseIso(text)
    if (iso === null) return null
    if (iso.offset !== null) return iso.civil - iso.offset
    return this.fromCivil(iso.civil, zone)
  }

  /** What clocks of the zone show, as UTC milliseconds of the same civil time; a zone that is empty or unknown is UTC. */
  civil(at: number, zone: string): number {
    return this.knows(zone) ? at + this.#offsetAt(at, zone) : at
  }

  /** The instant at which clocks of the zone show a civil time, given as UTC milliseconds; as `instant` has it. */
  fromCivil(civil: number, zone: string): number {
    if (!this.knows(zone)) return civil
    // Offsets lie within a day of UTC and change by hours: those of the days around are the candidates.
    const before = this.#offsetAt(civil - 24 * HOUR, zone)
    const after = this.#offsetAt(civil + 24 * HOUR, zone)
    if (before === after) return civil - before
    for (const offset of [Math.max(before, after), Math.min(before, after)]) {
      if (this.#offsetAt(civil - offset, zone) === offset) return civil - offset
    }
    return civil - before
  }

  /** Milliseconds east of UTC. Zones change their offset on quarters of an hour, so one look-up serves each. */
  #offsetAt(at: number, zone: string): number {
    const quarter = Math.floor(at / (HOUR / 4))
    let known = this.#offsets.get(zone)
    if (known === undefined) this.#offsets.set(zone, (known = new Map()))
    let offset = known.get(quarter)
    if (offset === undefined) {
      const start = quarter * (HOUR / 4)
      const parts: Record<string, number> = {}
      for (const { type, value } of this.#format(zone)!.formatToParts(start)) parts[type] = Number(value)
      const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
      offset = Date.UTC(year, month - 1, day, hour, minute, second) - start
      known.set(quarter, offset)
    }
    return offset
  }

  #format(zone: string): Intl.DateTimeFormat | null {
    let format = this.#formats.get(zone)
    if (format === undefined) {
      format = formatOf(zone)
      this.#formats.set(zone, format)
    }
    return format
  }
}

function formatOf(zone: string): Intl.DateTimeFormat | null {
  if (zone === '') return null
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  } catch {
    return null
  }
}
