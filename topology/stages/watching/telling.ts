import type { Alert, Evidence } from '@mastery/schemas/src/generated/alert.gen.ts'
import type { Notice, NoticeKind } from '@mastery/schemas/src/generated/notice.gen.ts'
import type { CommandKind, StudentCommand } from '@mastery/schemas/src/generated/student-command.gen.ts'
import type { WatchKind, WatchRule } from '../../alerts/watch-rule.ts'
import { hash128 } from '../../events/hash.ts'
import type { Recipient } from '../../roster/relations.ts'
import type { StageOutput } from '../../stage.ts'
import type { TopicName } from '../../topics.ts'
import type { TenantRules } from '../alerting/in-force.ts'
import { fact } from './judge-part.ts'
import { type Instance, shownAs, type Verdict } from './machine.ts'
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
  readonly cause: 'metric' | 'look' | 'policy' | CommandKind
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

/** Code of the fact that says what an alert is about; null: its topic does. */
const ABOUT: Readonly<Record<WatchKind, string | null>> = {
  pipeline: 'part',
  data_quality: 'source',
  model_drift: 'model',
  item_health: null,
  item_drift: null,
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

/** Stable name of an alert: of its rule, what it is about, and when the episode began. */
export const alertIdOf = (i: Instance): string => hash128(i.tenant, i.rule, SCOPE[i.kind], i.subject, String(i.began))

function aboutOf(step: Step, i: Instance, rule: WatchRule, rules: TenantRules) {
  return {
    origin_partition: step.source,
    origin_offset: step.offset,
    generation: step.generation,
    tenant: i.tenant,
    alert_id: alertIdOf(i),
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
  silent: number,
): Told {
  if (silent > step.now) return { told: false, heldBack: 'silenced' }
  if (i.ackUntil > step.now) return { told: false, heldBack: 'acknowledged' }
  if (i.toldAt > 0 && i.toldAt + rule.cooldown > step.now) return { told: false, heldBack: 'cooldown' }
  const to = readersOf(rule, topicOf(i), rules.book.policy.people, rules.roster, step.now)
  if (to.length === 0) return { told: false, heldBack: 'no recipient' }
  const told = send(step, i, rule, rules, 'firing', to, evidence)
  i.owed = false
  i.again = false
  i.toldAt = step.now
  const known = new Map(i.readers.map((r) => [r.user, r]))
  for (const r of to) if (!known.has(r.user)) known.set(r.user, r)
  i.readers = [...known.values()]
  i.members = [...new Set([...i.members, ...members])]
  return told
}

/**
 * Ends a step for one instance: tells people, and writes down what has changed since it was last written down. `v`: what
 * was found; null where nothing was looked at. `silent`: until when it is silenced, UTC milliseconds. `deed`: what somebody
 * did about it, which is written down in any case.
 */
export function settle(
  step: Step,
  i: Instance,
  rule: WatchRule,
  rules: TenantRules,
  v: Verdict | null,
  silent: number,
  deed: StudentCommand | null = null,
): void {
  const before = i.shown
  let told: Told = { told: false, heldBack: null }
  const evidence = [...(v?.evidence ?? [])]
  const about = ABOUT[i.kind]
  if (deed !== null && about !== null && i.subject !== '') evidence.push({ code: about, value: null, text: i.subject })
  // A look says itself since when, in the time of events.
  if (v === null && deed === null && i.base === 'resolved' && step.cause !== 'policy')
    evidence.push(fact('unknown_since', i.seen))
  const began = evidence.some((e) => e.code === 'since' || e.code === 'looked_at')
  if (i.base !== 'normal' && !began) evidence.push(fact('since', i.began))
  if (i.base === 'firing' && (i.owed || i.again) && v !== null)
    told = tellFiring(step, i, rule, rules, v.members, evidence, silent)
  if (i.base === 'resolved' && before !== 'resolved' && i.readers.length > 0) {
    // What holds others back is always said to be over.
    if (silent > step.now && rule.kind !== 'data_quality') told = { told: false, heldBack: 'silenced' }
    else if (rule.tellResolved) told = send(step, i, rule, rules, 'resolved', i.readers, evidence)
    i.readers = []
  }
  const replayed = told.heldBack === 'replayed'
  const state = shownAs(i, silent, step.now)
  i.shown = state
  if (state === before && !told.told && !replayed && deed === null) return
  const value: Alert = {
    ...aboutOf(step, i, rule, rules),
    ordinal: step.ordinals.alerts++,
    sequence: told.told || replayed ? i.sequence : 0,
    state,
    before,
    cause: step.cause,
    told: told.told,
    held_back: told.heldBack,
    evidence,
    by: deed?.author ?? null,
    until: deed?.until ?? (state === 'silenced' ? silent : state === 'acknowledged' ? i.ackUntil : null),
    reason: deed?.reason ?? null,
  }
  step.all.push({ topic: step.alerts, byKey: true, subject: 'alert', key: watchKey(i.tenant), value })
}
