import type { AlertPolicy, AlertRule } from '../../alerts/policy.ts'
import { endOf } from '../../classes/movement.ts'
import { idleUntil } from './judge.ts'
import { evident } from './machine.ts'
import type { AlertState, Instance, Silence } from './state.ts'
import type { TopicRecord } from './topic-record.ts'

const NEVER = Number.POSITIVE_INFINITY

/** Whether a silence is about this alert. */
export function silences(x: Silence, rule: AlertRule, topic: string | null): boolean {
  return (x.rule === null || x.rule === rule.id) && (x.topic === null || x.topic === topic)
}

/** Until when the alert is silent, UTC milliseconds; 0: it is not. Every silence counts that the state still holds. */
export function silentUntil(s: AlertState, rule: AlertRule, topic: string | null): number {
  let until = 0
  for (const x of s.silences) if (silences(x, rule, topic)) until = Math.max(until, x.until)
  return until
}

/** When time alone may next change an alert; what lies behind `now` has had its turn. */
function dueOf(i: Instance, rule: AlertRule, t: TopicRecord | null, now: number): number {
  let due = NEVER
  const at = (time: number) => {
    if (time > now && time < due) due = time
  }
  const open = i.base === 'pending' || i.base === 'firing' || i.base === 'recovering'
  // The first tick begins to count.
  if (i.since === 0 && open) return 1
  if (open && t !== null && rule.noData !== null) at(t.last * 1000 + rule.noData)
  if (i.base === 'pending' && (t === null || evident(i, rule, t))) at(i.since + rule.for)
  if (i.base === 'recovering') at(i.since + rule.hold)
  if (i.base === 'firing') {
    if (i.ackUntil > 0) at(i.ackUntil)
    if (i.owed) at(i.toldAt + rule.cooldown)
    if (rule.escalate !== null && i.told && !i.escalated && i.severity === 2) at(i.toldAt + rule.escalate.after)
  }
  return due
}

/** When time alone may next change anything about the student. */
export function nextDue(
  s: AlertState,
  policy: AlertPolicy | null,
  ruleOf: (rule: number) => AlertRule | undefined,
  idle: readonly AlertRule[],
  now: number,
): number {
  let due = NEVER
  for (const x of s.silences) due = Math.min(due, x.until)
  for (const t of s.topics) if (t.moved !== null) due = Math.min(due, endOf(t.moved))
  if (policy === null) return due
  for (const i of s.instances) {
    const rule = ruleOf(i.rule)
    if (!rule) continue
    const t = i.topic < 0 ? null : s.topics[i.topic]!
    due = Math.min(due, dueOf(i, rule, t, now))
  }
  if (s.lastAnswer === 0) return due
  for (const rule of idle) {
    const at = idleUntil(s.lastAnswer, rule.enter, policy.breaks)
    if (at > now) due = Math.min(due, at)
    if (rule.urgent === null) continue
    const worse = idleUntil(s.lastAnswer, rule.urgent, policy.breaks)
    if (worse > now) due = Math.min(due, worse)
  }
  return due
}
