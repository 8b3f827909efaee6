import type { Alert, Evidence } from '@mastery/schemas/src/generated/alert.gen.ts'
import type { Notice, NoticeKind } from '@mastery/schemas/src/generated/notice.gen.ts'
import type { WatchKind, WatchRule } from '../../alerts/watch-rule.ts'
import { hash128 } from '../../events/hash.ts'
import type { Recipient } from '../../roster/relations.ts'
import type { StageOutput } from '../../stage.ts'
import type { TopicName } from '../../topics.ts'
import type { TenantRules } from '../alerting/in-force.ts'
import { fact } from './judge-part.ts'
import type { Base, Instance, Verdict } from './machine.ts'
import { readersOf } from './readers.ts'

/** What one record brings about. */
export interface Step {
  readonly generation: number
  /** The generation that readers see. */
  readonly active: number
  readonly alerts: TopicName
  readonly notices: TopicName
  /** Number of the source, behind those of mastery.scores and mastery.classes. */
  readonly source: number
  readonly offset: number
  readonly now: number
  readonly cause: 'metric' | 'look' | 'policy'
  readonly all: StageOutput[]
  ordinals: { alerts: number; notices: number }
}

const SCOPE: Readonly<Record<WatchKind, Notice['scope']>> = {
  pipeline: 'pipeline',
  data_quality: 'pipeline',
  model_drift: 'model',
  item_health: 'item',
  item_drift: 'item',
}

/** The topic of an alert on items; what has none is about no topic in particular. */
const topicOf = (i: Instance): string | null => (SCOPE[i.kind] === 'item' && i.subject !== '' ? i.subject : null)

/** Key of the alerts: an organisation's stand in one partition. */
export const watchKey = (tenant: string): string => `${tenant}/watch`

interface Told {
  told: boolean
  heldBack: string | null
}

/** Sends a notice to each, or says why not. What a generation would have told before readers saw it counts as told. */
function send(
  step: Step,
  i: Instance,
  rule: WatchRule,
  rules: TenantRules,
  kind: NoticeKind,
  to: readonly Recipient[],
  evidence: Evidence[],
): Told {
  i.sequence++
  if (step.active !== step.generation) return { told: false, heldBack: 'replayed' }
  for (const r of to) {
    const value: Notice = {
      ...aboutOf(step, i, rule, rules),
      ordinal: step.ordinals.notices++,
      recipient: r.user,
      role: r.role,
      kind,
      sequence: i.sequence,
      school: r.school,
      evidence,
    }
    step.all.push({ topic: step.notices, byKey: true, subject: 'notice', key: r.user, value })
  }
  return { told: true, heldBack: null }
}

function aboutOf(step: Step, i: Instance, rule: WatchRule, rules: TenantRules) {
  return {
    origin_partition: step.source,
    origin_offset: step.offset,
    generation: step.generation,
    tenant: i.tenant,
    alert_id: hash128(i.tenant, i.rule, SCOPE[i.kind], i.subject, String(i.began)),
    rule: i.rule,
    policy: rules.version,
    scope: SCOPE[i.kind],
    student: null,
    class: null,
    topic: topicOf(i),
    severity: rule.severity,
    occurred_at: step.now,
    now: step.now,
  }
}

/** Tells that it fires, or that what it fires of has grown, where somebody is owed that. */
function tellFiring(
  step: Step,
  i: Instance,
  rule: WatchRule,
  rules: TenantRules,
  members: readonly string[],
  evidence: Evidence[],
): Told {
  if (i.toldAt > 0 && i.toldAt + rule.cooldown > step.now) return { told: false, heldBack: 'cooldown' }
  const to = readersOf(rule, topicOf(i), rules.book.policy.people, rules.roster, step.now)
  if (to.length === 0) return { told: false, heldBack: 'no recipient' }
  const told = send(step, i, rule, rules, 'firing', to, evidence)
  i.owed = false
  i.toldAt = step.now
  const known = new Map(i.readers.map((r) => [r.user, r]))
  for (const r of to) if (!known.has(r.user)) known.set(r.user, r)
  i.readers = [...known.values()]
  i.members = [...new Set([...i.members, ...members])]
  return told
}

/**
 * Ends a step for one instance: tells people, and writes down what has changed since `before`. `v`: what was found; null
 * where nothing was looked at.
 */
export function settle(
  step: Step,
  i: Instance,
  rule: WatchRule,
  rules: TenantRules,
  before: Base,
  v: Verdict | null,
): void {
  let told: Told = { told: false, heldBack: null }
  const evidence = [...(v?.evidence ?? [])]
  // A look says itself since when, in the time of events.
  const began = evidence.some((e) => e.code === 'since' || e.code === 'looked_at')
  if (i.base !== 'normal' && !began) evidence.push(fact('since', i.began))
  if (i.base === 'firing' && i.owed && v !== null) told = tellFiring(step, i, rule, rules, v.members, evidence)
  if (i.base === 'resolved' && before !== 'resolved' && i.readers.length > 0) {
    if (rule.tellResolved) told = send(step, i, rule, rules, 'resolved', i.readers, evidence)
    i.readers = []
  }
  const replayed = told.heldBack === 'replayed'
  if (i.base === before && !told.told && !replayed) return
  const value: Alert = {
    ...aboutOf(step, i, rule, rules),
    ordinal: step.ordinals.alerts++,
    sequence: told.told || replayed ? i.sequence : 0,
    state: i.base,
    before,
    cause: step.cause,
    told: told.told,
    held_back: told.heldBack,
    evidence,
    by: null,
    until: null,
    reason: null,
  }
  step.all.push({ topic: step.alerts, byKey: true, subject: 'alert', key: watchKey(i.tenant), value })
}
