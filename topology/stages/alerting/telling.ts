import type { Alert, Evidence, AlertState as ShownState } from '@mastery/schemas/src/generated/alert.gen.ts'
import type { Notice, NoticeKind } from '@mastery/schemas/src/generated/notice.gen.ts'
import { type AlertRule, type Role, SEVERITIES } from '../../alerts/policy.ts'
import { hash128 } from '../../events/hash.ts'
import type { Roster } from '../../roster/recipients.ts'
import type { Recipient } from '../../roster/relations.ts'
import type { StageOutput } from '../../stage.ts'
import type { TopicName } from '../../topics.ts'
import type { Parts } from './classes.ts'
import type { AlertMeta } from './meta.ts'
import type { Instance } from './state.ts'

/** Who did what about an alert. */
export interface Deed {
  by: string | null
  until: number | null
  reason: string | null
}

/** What moves alerts of one student: a record about the student, or time. Collects what comes of it. */
export interface Step {
  readonly meta: AlertMeta
  readonly generation: number
  readonly alerts: TopicName
  readonly notices: TopicName
  readonly student: string
  readonly tenant: string
  /** Version of the policy in force; empty where there is none. */
  readonly policy: string
  readonly roster: Roster | null
  readonly partition: number
  readonly offset: number
  readonly cause: string
  readonly occurredAt: number
  /** What may be told of what it changes: time and people speak of the present, an answer if it was observed in time. */
  readonly speaks: 'always' | 'in time' | 'never'
  readonly out: Outputs
}

/** Outputs of one record, numbered in their order per topic. */
export interface Outputs {
  all: StageOutput[]
  alerts: number
  notices: number
  parts: Parts
}

export const noOutputs = (): Outputs => ({ all: [], alerts: 0, notices: 0, parts: new Map() })

/** Where an alert stands as people see it. `silent`: whether it is silenced. */
export function shownState(i: Instance, silent: boolean): ShownState {
  if (i.base !== 'firing') return i.base
  if (silent) return 'silenced'
  return i.ackUntil > 0 ? 'acknowledged' : 'firing'
}

/** The how-manieth time it began is part of its name, from pending on. */
function alertId(step: Step, i: Instance, rule: AlertRule, topic: string | null, upcoming: boolean): string {
  const episode = String(i.episode + (upcoming ? 1 : 0))
  return hash128(step.tenant, rule.id, 'student', step.student, topic ?? '', episode)
}

export const idOf = (step: Step, i: Instance, rule: AlertRule, topic: string | null): string =>
  alertId(step, i, rule, topic, false)

function recipients(step: Step, rule: AlertRule, topic: string | null, to: readonly Role[]): Recipient[] {
  return (
    step.roster?.recipientsOf(step.student, topic, step.meta.now, {
      teachers: to.includes('teacher'),
      guardians: to.includes('guardian'),
      student: to.includes('student'),
      relatives: rule.relatives,
    }) ?? []
  )
}

function notify(
  step: Step,
  i: Instance,
  rule: AlertRule,
  topic: string | null,
  kind: NoticeKind,
  to: readonly Recipient[],
  evidence: Evidence[],
): void {
  const { out, meta } = step
  const alert_id = idOf(step, i, rule, topic)
  for (const r of to) {
    const value: Notice = {
      origin_partition: step.partition,
      origin_offset: step.offset,
      ordinal: out.notices++,
      generation: step.generation,
      tenant: step.tenant,
      recipient: r.user,
      role: r.role,
      kind,
      alert_id,
      sequence: i.sequence,
      rule: rule.id,
      policy: step.policy,
      scope: 'student',
      student: step.student,
      class: r.class,
      topic,
      severity: SEVERITIES[i.severity]!,
      school: r.school,
      occurred_at: step.occurredAt,
      now: meta.now,
      evidence,
    }
    out.all.push({ topic: step.notices, byKey: true, subject: 'notice', key: r.user, value })
  }
}

/** Whether the step is about the present, as the rule sees it. */
function live({ speaks, meta, occurredAt }: Step, rule: AlertRule): boolean {
  return speaks === 'always' || (speaks === 'in time' && meta.now - occurredAt <= rule.maxLateness)
}

interface Told {
  told: boolean
  heldBack: string | null
}

/** Sends a notice, or says why not. What a generation would have told before readers saw it counts as told, and is not sent. */
function send(
  step: Step,
  i: Instance,
  rule: AlertRule,
  topic: string | null,
  kind: NoticeKind,
  roles: readonly Role[],
  evidence: () => Evidence[],
): Told & { done: boolean } {
  const to = recipients(step, rule, topic, roles)
  if (to.length === 0) return { done: false, told: false, heldBack: 'no recipient' }
  i.sequence++
  if (step.meta.active !== step.generation) return { done: true, told: false, heldBack: 'replayed' }
  notify(step, i, rule, topic, kind, to, evidence())
  return { done: true, told: true, heldBack: null }
}

/** Tells that it fires where somebody is owed that and nothing holds it back. */
function tellFiring(
  step: Step,
  i: Instance,
  rule: AlertRule,
  topic: string | null,
  silent: number,
  evidence: () => Evidence[],
): Told {
  const { now } = step.meta
  const held = (heldBack: string): Told => ({ told: false, heldBack })
  if (silent > now) return held('silenced')
  if (i.toldAt > 0 && i.toldAt + rule.cooldown > now && i.severity <= i.toldSeverity) return held('cooldown')
  if (!i.fresh || !live(step, rule)) return held('late')
  const { done, ...told } = send(step, i, rule, topic, 'firing', rule.to, evidence)
  if (done) {
    i.owed = false
    i.told = true
    i.toldAt = now
    i.toldSeverity = i.severity
    i.ackUntil = 0
  }
  return told
}

function escalate(
  step: Step,
  i: Instance,
  rule: AlertRule,
  topic: string | null,
  silent: number,
  facts: () => Evidence[],
): Told | null {
  const { escalate: to } = rule
  const { now } = step.meta
  if (to === null || i.base !== 'firing' || !i.told || i.escalated || i.severity < 2 || !live(step, rule)) return null
  if (silent > now || i.ackUntil > now || now < i.toldAt + to.after) return null
  i.escalated = true
  const { done: _, ...told } = send(step, i, rule, topic, 'escalated', to.to, facts)
  return told
}

/**
 * Ends a step for one alert: tells people, and writes down what has changed since `before`, how people saw it. `silent`:
 * until when it is silenced. `deed`: what somebody did about it, which is written down in any case.
 */
export function settle(
  step: Step,
  i: Instance,
  rule: AlertRule,
  topic: string | null,
  before: ShownState,
  silent: number,
  facts: () => Evidence[],
  deed: Deed | null = null,
): void {
  const { now } = step.meta
  if (i.ackUntil > 0 && i.ackUntil <= now) {
    i.ackUntil = 0
    if (i.base === 'firing' && i.told) i.owed = true
  }
  let known: Evidence[] | null = null
  const evidence = () => (known ??= facts())
  let told: Told = { told: false, heldBack: null }
  if (i.base === 'firing' && i.owed) told = tellFiring(step, i, rule, topic, silent, evidence)
  const escalated = escalate(step, i, rule, topic, silent, evidence)
  if (escalated) told = escalated
  const state = shownState(i, silent > now)
  const ended = state === 'resolved' && i.told
  if (ended && before !== 'resolved') {
    if (!rule.tellResolved) told = { told: false, heldBack: null }
    else if (!live(step, rule)) told = { told: false, heldBack: 'late' }
    else if (silent > now) told = { told: false, heldBack: 'silenced' }
    else {
      const { done: _, ...sent } = send(step, i, rule, topic, 'resolved', rule.to, evidence)
      told = sent
    }
  }
  if (ended) i.told = false
  const replayed = told.heldBack === 'replayed'
  if (state === before && !told.told && !replayed && deed === null) return
  const upcoming =
    i.base === 'pending' ||
    (before === 'pending' && i.base !== 'firing') ||
    (i.base === 'no_data' && !i.fired) ||
    (before === 'no_data' && i.base === 'normal')
  const value: Alert = {
    origin_partition: step.partition,
    origin_offset: step.offset,
    ordinal: step.out.alerts++,
    generation: step.generation,
    tenant: step.tenant,
    alert_id: alertId(step, i, rule, topic, upcoming),
    sequence: told.told || replayed ? i.sequence : 0,
    rule: rule.id,
    policy: step.policy,
    scope: 'student',
    student: step.student,
    class: step.roster?.classesOf(step.student, topic, now)[0]?.id ?? null,
    topic,
    severity: SEVERITIES[i.severity]!,
    state,
    before,
    cause: step.cause,
    occurred_at: step.occurredAt,
    now,
    told: told.told,
    held_back: told.heldBack,
    evidence: evidence(),
    by: deed?.by ?? null,
    until: deed?.until ?? (state === 'silenced' ? silent : state === 'acknowledged' ? i.ackUntil : null),
    reason: deed?.reason ?? null,
  }
  step.out.all.push({ topic: step.alerts, subject: 'alert', key: step.student, value })
}
