import { WEEK, weekOf } from '../drift/calendar.ts'

/** How far a student's own answers of one week moved mastery of one topic. */
export interface Movement {
  /** Begin of the week, UTC milliseconds. */
  readonly week: number
  answers: number
  /** Millionths: whole numbers add up to the same in any order. */
  change: number
}

/** A figure of mastery in millionths. */
export const micro = (mastery: number): number => Math.round(mastery * 1e6)

/**
 * An answer has moved mastery. It counts in the week in which it is observed, and only where it was given in it, too: what
 * comes late says nothing of this week. Of a first score nobody knows from where it came: `before` is negative.
 * `now`: by ticks; 0 before the first.
 */
export function moved(m: Movement | null, before: number, after: number, at: number, now: number): Movement | null {
  const week = weekOf(now)
  if (now === 0 || before < 0 || at < week) return m
  const into = m !== null && m.week === week ? m : { week, answers: 0, change: 0 }
  into.answers++
  into.change += micro(after) - micro(before)
  return into
}

/** When the week is over. */
export const endOf = (m: Movement): number => m.week + WEEK
