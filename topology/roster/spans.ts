import { ZoneClock } from '../importers/zone-clock.ts'
import type { Span } from './relations.ts'
import { cell, listed, type RosterRow, type RosterTables } from './table.ts'

/** Zones that the tenant's configuration gives, by sourcedId of the organisation. */
export type Zones = Readonly<Record<string, string>>

/** The zone of an organisation: configured, or as its row says, or that of what it belongs to; null for none. */
export function zoneOf(org: string, tables: RosterTables, zones: Zones): string | null {
  const seen = new Set<string>()
  for (let at = org; at !== '' && !seen.has(at); ) {
    seen.add(at)
    const row = tables.orgs.get(at)
    const zone = zones[at] ?? (row ? cell(row, 'metadata.timeZone') : '')
    if (zone !== '') return zone
    at = row ? cell(row, 'parentSourcedId') : ''
  }
  return null
}

/** Turns the roster's days into instants: a day begins at midnight in the school's zone, in UTC where it has none. */
export class Days {
  readonly #clock = new ZoneClock()
  readonly #tables: RosterTables
  readonly #zones: Zones
  readonly #known = new Map<string, string>()

  constructor(tables: RosterTables, zones: Zones) {
    this.#tables = tables
    this.#zones = zones
  }

  /** From the first day on until the last one, which is not in it any more (OneRoster's ends are exclusive). */
  span(begin: string, end: string, org: string): Span {
    return { from: this.#at(begin, org), until: this.#at(end, org) }
  }

  /** An enrolment holds within its own days and those of the class's terms. */
  enrolment(row: RosterRow): Span {
    const of = this.#tables.classes.get(cell(row, 'classSourcedId'))
    const org = of ? cell(of, 'schoolSourcedId') : cell(row, 'schoolSourcedId')
    const own = this.span(cell(row, 'beginDate'), cell(row, 'endDate'), org)
    const terms = of ? listed(of, 'termSourcedIds').flatMap((t) => this.#tables.academicSessions.get(t) ?? []) : []
    if (terms.length === 0) return own
    const first = terms.map((t) => cell(t, 'startDate')).sort()[0]!
    const last = terms
      .map((t) => cell(t, 'endDate'))
      .sort()
      .at(-1)!
    const term = this.span(first, last, org)
    return { from: later(own.from, term.from), until: earlier(own.until, term.until) }
  }

  #at(day: string, org: string): number | null {
    if (day === '') return null
    let zone = this.#known.get(org)
    if (zone === undefined) this.#known.set(org, (zone = zoneOf(org, this.#tables, this.#zones) ?? ''))
    return this.#clock.instant(`${day}T00:00:00`, zone)
  }
}

const later = (a: number | null, b: number | null) => (a === null ? b : b === null ? a : Math.max(a, b))
const earlier = (a: number | null, b: number | null) => (a === null ? b : b === null ? a : Math.min(a, b))
