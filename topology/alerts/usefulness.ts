import { wilson } from '../progress/wilson.ts'
import type { AlertRule } from './policy.ts'

/** An alert that people were told of: what it rested on then, and what they said of it. */
export interface Told {
  rule: string
  /** Mastery when it was first told; null where it is about none. */
  mastery: number | null
  said: 'not_useful' | 'acknowledged' | null
}

/** What people say of a rule's alerts. */
export interface Usefulness {
  rule: string
  told: number
  acknowledged: number
  notUseful: number
  /** notUseful / told, with its 95 % interval by Wilson. Who says nothing may have found it useful or not. */
  share: number
  low: number
  high: number
  /** notUseful / (notUseful + acknowledged), of those who said something; null where nobody did. */
  ofAnswered: { share: number; low: number; high: number } | null
}

export interface Suggestion {
  rule: string
  field: 'enter'
  now: number
  then: number
  /** Shares of the alerts that would not have begun: of those of no use, and of the others. */
  leftOut: { notUseful: number; others: number }
}

export function usefulnessOf(all: readonly Told[]): Usefulness[] {
  const rules = new Map<string, { told: number; acknowledged: number; notUseful: number }>()
  for (const { rule, said } of all) {
    let r = rules.get(rule)
    if (r === undefined) rules.set(rule, (r = { told: 0, acknowledged: 0, notUseful: 0 }))
    r.told++
    if (said === 'acknowledged') r.acknowledged++
    if (said === 'not_useful') r.notUseful++
  }
  return [...rules]
    .map(([rule, r]): Usefulness => {
      const answered = r.acknowledged + r.notUseful
      const ofAnswered = answered === 0 ? null : { share: r.notUseful / answered, ...wilson(r.notUseful, answered) }
      return { rule, ...r, share: r.notUseful / r.told, ...wilson(r.notUseful, r.told), ofAnswered }
    })
    .sort((a, b) => b.low - a.low || (a.rule < b.rule ? -1 : 1))
}

/** Fewer judged alerts say nothing. */
const LEAST_NOT_USEFUL = 10
/** A rule is looked at where at least this share of its alerts is of no use, by the lower end of the interval. */
const LEAST_SHARE = 0.25
/** A threshold has to tell those of no use from the others by this much: the difference of the shares left out. */
const LEAST_DIFFERENCE = 0.25
/** Thresholds are tried in hundredths. */
const STEPS = 100

/**
 * A stricter `enter` for rules about low mastery, where teachers say that many alerts are of no use and these began at a
 * higher mastery than the others: the threshold with the greatest difference between the shares that it leaves out
 * (Youden, Cancer 3, 1950). Rules whose alerts are of no use at every mastery get none: another threshold would not help.
 */
export function suggestionFor(rule: AlertRule, all: readonly Told[]): Suggestion | null {
  if (rule.kind !== 'mastery_below' && rule.kind !== 'prerequisite_gap') return null
  const own = all.filter((t) => t.rule === rule.id && t.mastery !== null)
  const bad = own.filter((t) => t.said === 'not_useful').map((t) => t.mastery!)
  const others = own.filter((t) => t.said !== 'not_useful').map((t) => t.mastery!)
  if (bad.length < LEAST_NOT_USEFUL || others.length === 0) return null
  if (wilson(bad.length, own.length).low < LEAST_SHARE) return null
  const above = (values: readonly number[], x: number) => values.filter((v) => v > x).length / values.length
  let best: Suggestion | null = null
  let gain = LEAST_DIFFERENCE
  for (let n = Math.ceil(rule.enter * STEPS) - 1; n > 0; n--) {
    const then = n / STEPS
    const leftOut = { notUseful: above(bad, then), others: above(others, then) }
    if (leftOut.notUseful - leftOut.others <= gain) continue
    gain = leftOut.notUseful - leftOut.others
    best = { rule: rule.id, field: 'enter', now: rule.enter, then, leftOut }
  }
  return best
}
