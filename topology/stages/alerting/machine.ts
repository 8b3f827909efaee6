import type { AlertRule } from '../../alerts/policy.ts'
import { severityOf, type Verdict, wentBadly } from './judge.ts'
import type { Base, Instance } from './state.ts'
import type { TopicRecord } from './topic-record.ts'

const SECONDS = 1000
/** What there must be answers for. */
const OPEN: readonly Base[] = ['pending', 'firing', 'recovering']

/** An answer that has just shown what it shows; null where something else moved the score. */
export interface Shown {
  /** Event time, UTC milliseconds. */
  at: number
  /** How long after it was given it is observed, milliseconds. */
  age: number
}

function begin(i: Instance, rule: AlertRule, v: Verdict, t: TopicRecord, now: number): void {
  i.base = 'pending'
  i.since = now
  i.firstShown = 0
  i.lastShown = 0
  i.shown = 0
  i.entry = t.mastery
  i.fresh = false
  i.severity = severityOf(rule, v.value)
}

/** The condition has been shown by an answer in its turn; one that comes late adds nothing to sessions or time. */
function show(i: Instance, rule: AlertRule, { at, age }: Shown, gap: number): void {
  const t = Math.floor(at / SECONDS)
  if (age <= rule.maxLateness) i.fresh = true
  if (i.shown > 0 && t <= i.lastShown) return
  if (i.shown === 0) i.firstShown = t
  if (i.shown === 0 || t - i.lastShown > gap / SECONDS) i.shown++
  i.lastShown = t
}

/** Whether there is all that the rule asks for but time. */
export function evident(i: Instance, rule: AlertRule, t: TopicRecord): boolean {
  const { attempts, sessions, time } = rule.evidence
  return (
    t.opportunities >= attempts &&
    i.shown >= sessions &&
    (i.lastShown - i.firstShown) * SECONDS >= time &&
    wentBadly(rule, t)
  )
}

/** It fires: a new episode, of which somebody is to be told. */
export function fire(i: Instance): void {
  i.base = 'firing'
  i.fired = true
  i.episode++
  i.sequence = 0
  i.severity = 0
  i.owed = true
  i.told = false
  i.escalated = false
  i.ackUntil = 0
}

export function resolve(i: Instance, now: number): void {
  i.base = 'resolved'
  i.since = now
  i.owed = false
  i.fired = false
  i.ackUntil = 0
}

/** What the newest score, or the clock alone, makes of an alert about a topic. `gap`: a pause that divides sessions. */
export function move(
  i: Instance,
  rule: AlertRule,
  v: Verdict,
  t: TopicRecord,
  shown: Shown | null,
  now: number,
  gap: number,
): void {
  // Before the first tick nobody knows how long anything has been so.
  if (i.since === 0) i.since = now
  const holds = v.at === 'enter'
  if (i.base === 'no_data') {
    if (shown === null) return
    i.base = i.fired ? (v.at === 'leave' ? 'recovering' : 'firing') : 'normal'
    i.since = now
  }
  if (holds && (i.base === 'normal' || i.base === 'resolved')) begin(i, rule, v, t, now)
  if (holds && shown) show(i, rule, shown, gap)
  switch (i.base) {
    case 'pending':
      if (!holds) {
        i.base = i.episode > 0 ? 'resolved' : 'normal'
        i.since = now
      } else if (now > 0 && evident(i, rule, t) && now - i.since >= rule.for) {
        i.since = now
        fire(i)
      }
      break
    case 'firing':
      if (v.at !== 'leave') break
      i.since = now
      if (rule.hold > 0) i.base = 'recovering'
      else resolve(i, now)
      break
    case 'recovering':
      if (holds) {
        i.base = 'firing'
        i.since = now
      } else if (now - i.since >= rule.hold) resolve(i, now)
      break
    default:
      break
  }
  if (i.base === 'firing' && holds) raise(i, severityOf(rule, v.value))
  if (rule.noData !== null && OPEN.includes(i.base) && now - t.last * SECONDS >= rule.noData) {
    i.base = 'no_data'
    i.since = now
  }
}

/** What has become more severe than what people were told is told again. */
export function raise(i: Instance, severity: number): void {
  if (severity <= i.severity) return
  i.severity = severity
  if (i.told && severity > i.toldSeverity) i.owed = true
}

/** What idle time makes of the alert that a student is inactive. `crossed`: when it became so, UTC milliseconds. */
export function moveIdle(i: Instance, rule: AlertRule, idle: number, crossed: number, now: number): void {
  if (idle < rule.enter) {
    if (i.base === 'pending') {
      i.base = i.episode > 0 ? 'resolved' : 'normal'
      i.since = now
    } else if (i.base === 'firing') resolve(i, now)
    return
  }
  if (i.base === 'normal' || i.base === 'resolved') {
    i.base = 'pending'
    i.since = now
    i.entry = idle
    i.severity = severityOf(rule, idle)
    i.fresh = now - crossed <= rule.maxLateness
  }
  if (i.base === 'pending' && now - i.since >= rule.for) {
    i.since = now
    fire(i)
  }
  if (i.base === 'firing') raise(i, severityOf(rule, idle))
}
