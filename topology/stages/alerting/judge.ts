import type { AlertPolicy, AlertRule, Break } from '../../alerts/policy.ts'
import type { AlertState } from './state.ts'
import type { TopicRecord } from './topic-record.ts'

/** enter: the condition holds. leave: it is over. between: neither, so that what is stays. */
export interface Verdict {
  at: 'enter' | 'between' | 'leave'
  /** In the unit of the rule's `enter`. */
  value: number
  /** prerequisite_gap: the weakest topic that comes before. */
  prerequisite: TopicRecord | null
}

/** Practice has led nowhere where mastery is this much below what ends it, so that a score that wavers there changes nothing. */
const STALLED_BELOW = 0.1
/** The prerequisite counts as made up for when its mastery is this much above. */
const PREREQUISITE_LEAVE = 0.1

const verdict = (at: Verdict['at'], value: number, prerequisite: TopicRecord | null = null): Verdict => ({
  at,
  value,
  prerequisite,
})

const below = (value: number, { enter, leave }: AlertRule): Verdict['at'] =>
  value <= enter ? 'enter' : value >= leave ? 'leave' : 'between'
const above = (value: number, { enter, leave }: AlertRule): Verdict['at'] =>
  value >= enter ? 'enter' : value <= leave ? 'leave' : 'between'

/** What a rule says of a topic as it stands; null where there is nothing to go by. */
export function judge(rule: AlertRule, t: TopicRecord, s: AlertState, policy: AlertPolicy): Verdict | null {
  if (t.mastery < 0) return null
  if (rule.kind === 'mastery_above') return verdict(above(t.mastery, rule), t.mastery)
  switch (rule.kind) {
    case 'mastery_below':
      return verdict(t.mastery >= policy.mastered ? 'leave' : below(t.mastery, rule), t.mastery)
    case 'falling': {
      const line = t.line(rule.window)
      if (line === null) return null
      return verdict(t.mastery >= policy.mastered ? 'leave' : above(-line.rise, rule), -line.rise)
    }
    case 'stalled': {
      const over = t.reached || t.mastery >= rule.leave
      const holds = t.opportunities >= rule.enter && t.mastery < rule.leave - STALLED_BELOW
      return verdict(over ? 'leave' : holds ? 'enter' : 'between', t.opportunities)
    }
    case 'rapid_guessing': {
      const { rapid, answers } = t.recent()
      if (answers === 0) return null
      return verdict(t.mastery >= policy.mastered ? 'leave' : above(rapid / answers, rule), rapid / answers)
    }
    case 'prerequisite_gap':
      return prerequisiteGap(rule, t, s, policy)
    default:
      return null
  }
}

function prerequisiteGap(rule: AlertRule, t: TopicRecord, s: AlertState, policy: AlertPolicy): Verdict | null {
  let weakest: TopicRecord | null = null
  for (const name of policy.prerequisites[t.name] ?? []) {
    const p = s.find(name)
    if (p < 0) continue
    const before = s.topics[p]!
    if (before.mastery < 0 || before.opportunities < rule.prerequisite.attempts) continue
    if (weakest === null || before.mastery < weakest.mastery) weakest = before
  }
  if (weakest === null) return null
  const over =
    t.mastery >= Math.min(rule.leave, policy.mastered) || weakest.mastery > rule.prerequisite.below + PREREQUISITE_LEAVE
  if (over) return verdict('leave', t.mastery, weakest)
  const holds = t.mastery <= rule.enter && weakest.mastery <= rule.prerequisite.below
  return verdict(holds ? 'enter' : 'between', t.mastery, weakest)
}

/** How long nobody has been missed between two times: holidays lie outside of it. Milliseconds. */
export function idleTime(from: number, until: number, breaks: readonly Break[]): number {
  let idle = until - from
  for (const b of breaks) idle -= Math.max(0, Math.min(until, b.until) - Math.max(from, b.from))
  return idle
}

/** When so much idle time will have passed. */
export function idleUntil(from: number, time: number, breaks: readonly Break[]): number {
  let at = from + time
  for (const b of breaks) {
    if (b.from >= at) break
    if (b.until > from) at += b.until - Math.max(b.from, from)
  }
  return at
}

/** Of answers that went badly one says nothing: there have to be two among the last ten. */
export function wentBadly(rule: AlertRule, t: TopicRecord): boolean {
  if (rule.kind === 'mastery_above' || rule.kind === 'rapid_guessing') return true
  const { correct, answers } = t.recent()
  return answers - correct >= 2
}

/** Index into SEVERITIES. */
export function severityOf(rule: AlertRule, value: number): number {
  const usual = rule.severity === 'urgent' ? 2 : rule.severity === 'normal' ? 1 : 0
  if (rule.urgent === null) return usual
  const down = rule.kind === 'mastery_below' || rule.kind === 'prerequisite_gap'
  return (down ? value <= rule.urgent : value >= rule.urgent) ? 2 : usual
}
