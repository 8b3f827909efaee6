import { windowOf } from '../items/drift.ts'
import type { Term } from './policy.ts'

const DAY = 86_400_000
export const WEEK = 7 * DAY

/** Begin of the week (Monday, UTC) that holds an instant, UTC milliseconds. */
export const weekOf = (at: number): number => windowOf('week', at)

/** Where a week lies in the school year. */
export interface Phase {
  /** Null: in no term. */
  term: string | null
  /** Week of the term, or of the year where there are no terms; from 0. */
  week: number
  /** Tells a term of one year from the same one of the next: the year in which it began. */
  year: number
}

/** Phase of the week that begins at `monday`, by its Wednesday. */
export function phaseOf(terms: readonly Term[], monday: number): Phase {
  const middle = new Date(monday + 2 * DAY)
  const year = middle.getUTCFullYear()
  if (terms.length === 0) {
    const first = weekOf(Date.UTC(year, 0, 4))
    return { term: 'year', week: Math.round((monday - first) / WEEK), year }
  }
  const at = (middle.getUTCMonth() + 1) * 100 + middle.getUTCDate()
  for (const { name, from, to } of terms) {
    const wraps = to < from
    if (wraps ? at < from && at > to : at < from || at > to) continue
    const began = wraps && at <= to ? year - 1 : year
    const first = weekOf(Date.UTC(began, Math.floor(from / 100) - 1, from % 100))
    return { term: name, week: Math.round((monday - first) / WEEK), year: began }
  }
  return { term: null, week: 0, year }
}

/** Whether two weeks of different years lie at the same place of the school year, give or take one. */
export function samePhase(a: Phase, b: Phase): boolean {
  return a.term !== null && a.term === b.term && a.year !== b.year && Math.abs(a.week - b.week) <= 1
}

/** In words: "week 3 of autumn". */
export const phaseInWords = (p: Phase): string =>
  p.term === null ? 'between terms' : `week ${p.week + 1} of ${p.term === 'year' ? 'the year' : p.term}`
