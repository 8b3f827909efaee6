import type { Alert, Evidence } from '@mastery/schemas/src/generated/alert.gen.ts'
import type { Notice } from '@mastery/schemas/src/generated/notice.gen.ts'
import type { AlertRule } from '../../alerts/policy.ts'
import { hash128 } from '../../events/hash.ts'
import type { Recipient } from '../../roster/relations.ts'
import type { StageOutput } from '../../stage.ts'
import type { TopicName } from '../../topics.ts'
import { classKey } from '../alerting/classes.ts'
import type { TenantRules } from '../alerting/in-force.ts'
import { silentUntil } from './silence.ts'
import { type ClassState, type Standing, type Sums, topicAndRule } from './state.ts'

/** Weeks without enough answers after which nobody says any more that the class falls back. */
const MOST_SILENT = 4

/** Where outputs go and come from. */
export interface Writing {
  readonly generation: number
  readonly alerts: TopicName
  readonly notices: TopicName
  /** Number of the source, behind those of the partitions of mastery.scores. */
  readonly source: number
  readonly offset: number
  readonly all: StageOutput[]
  ordinals: { alerts: number; notices: number }
}

const NOBODY: Sums = { members: 0, fell: 0, change: 0, mastery: 0 }

/** What a week says by a rule: the condition holds, it is over, or neither. Null: too few answered. */
export function judgeWeek(rule: AlertRule, x: Sums): 'enter' | 'between' | 'leave' | null {
  if (x.members < rule.members.least) return null
  const fall = -x.change / x.members / 1e6
  if (fall >= rule.enter && x.fell >= rule.members.share * x.members) return 'enter'
  return fall <= rule.leave ? 'leave' : 'between'
}

function evidenceOf(x: Sums): Evidence[] {
  if (x.members === 0) return []
  const fact = (code: string, value: number): Evidence => ({ code, value, text: null })
  return [
    fact('class_fall', -x.change / x.members / 1e6),
    fact('members_fell', x.fell),
    fact('members', x.members),
    fact('class_mastery', x.mastery / x.members / 1e6),
  ]
}

/**
 * Decides a week of a class, which is whole: all rules on all its topics, in the order of their names. `week`: its end,
 * UTC milliseconds. `rules` null: the tenant has never had a policy.
 */
export function decideWeek(s: ClassState, week: number, rules: TenantRules | null, active: number, to: Writing): void {
  const said = s.weeks.get(week) ?? new Map<string, Sums>()
  s.weeks.delete(week)
  const going = [...s.standings].flatMap(([about, x]) => (x.firing ? [about] : []))
  const klass = rules?.roster?.classNamed(s.class) ?? null
  const own = rules?.book.rulesOf(klass ? [klass] : []) ?? []
  for (const about of [...new Set([...said.keys(), ...going])].sort()) {
    const [topic, id] = topicAndRule(about)
    const rule = own.find((r) => r.id === id && r.kind === 'class_drop' && r.enabled)
    const sums = said.get(about) ?? NOBODY
    const verdict = rule === undefined ? 'leave' : judgeWeek(rule, sums)
    let x = s.standings.get(about)
    if (x === undefined) {
      if (verdict !== 'enter') continue
      s.standings.set(
        about,
        (x = { firing: false, episode: 0, sequence: 0, told: false, acknowledged: false, week, silent: 0 }),
      )
    }
    x.week = week
    x.silent = verdict === null ? x.silent + 1 : 0
    const fires = !x.firing && verdict === 'enter'
    const ends = x.firing && (verdict === 'leave' || x.silent >= MOST_SILENT)
    if (!fires && !ends) continue
    const before = shownAs(s, x, topic, id, week)
    x.firing = fires
    x.acknowledged = false
    if (fires) Object.assign(x, { episode: x.episode + 1, sequence: 0, told: false })
    tell(s, x, { week, topic, id, rule, rules, active, before, sums }, to)
  }
}

interface Change {
  week: number
  topic: string
  id: string
  rule: AlertRule | undefined
  rules: TenantRules | null
  active: number
  before: Alert['before']
  sums: Sums
}

/** Where an alert on a class stands as people see it at a time. */
export function shownAs(s: ClassState, x: Standing, topic: string, rule: string, at: number): Alert['state'] {
  if (!x.firing) return x.episode > 0 ? 'resolved' : 'normal'
  if (silentUntil(s, rule, topic) > at) return 'silenced'
  return x.acknowledged ? 'acknowledged' : 'firing'
}

/** The how-manieth time it fires is part of its name. */
export const alertIdOf = (s: ClassState, x: Standing, topic: string, rule: string): string =>
  hash128(s.tenant, rule, 'class', s.class, topic, String(x.episode))

/** Writes a transition down, and tells the class's teachers where they are to be told. */
function tell(s: ClassState, x: Standing, c: Change, to: Writing): void {
  // That it is over has to be told: as long as it goes on, it stands for its members.
  const wanted = x.firing || x.told
  const readers = wanted ? (c.rules?.roster?.teachersOf(s.class, c.week) ?? []) : []
  let heldBack: string | null = null
  if (wanted && readers.length === 0) heldBack = 'no recipient'
  else if (wanted) {
    x.sequence++
    if (c.active !== to.generation) heldBack = 'replayed'
    else if (x.firing && silentUntil(s, c.id, c.topic) > c.week) heldBack = 'silenced'
  }
  x.told = x.firing && wanted && readers.length > 0 && heldBack !== 'silenced'
  const told = wanted && heldBack === null
  const about = {
    generation: to.generation,
    tenant: s.tenant,
    alert_id: alertIdOf(s, x, c.topic, c.id),
    sequence: readers.length > 0 ? x.sequence : 0,
    rule: c.id,
    policy: c.rules?.version ?? '',
    scope: 'class' as const,
    student: null,
    class: s.class,
    topic: c.topic,
    severity: c.rule?.severity ?? ('normal' as const),
    occurred_at: c.week,
    now: c.week,
    evidence: evidenceOf(c.sums),
  }
  const place = { origin_partition: to.source, origin_offset: to.offset }
  const alert: Alert = {
    ...place,
    ordinal: to.ordinals.alerts++,
    ...about,
    state: shownAs(s, x, c.topic, c.id, c.week),
    before: c.before,
    cause: c.rule === undefined ? 'policy' : 'time',
    told,
    held_back: heldBack,
    by: null,
    until: null,
    reason: null,
  }
  to.all.push({ topic: to.alerts, subject: 'alert', key: classKey(s.tenant, s.class), value: alert })
  if (told)
    for (const r of readers) to.all.push(noticeTo(r, x, about, { ...place, ordinal: to.ordinals.notices++ }, to))
}

function noticeTo(
  r: Recipient,
  x: Standing,
  about: Omit<Notice, 'origin_partition' | 'origin_offset' | 'ordinal' | 'recipient' | 'role' | 'kind' | 'school'>,
  place: Pick<Notice, 'origin_partition' | 'origin_offset' | 'ordinal'>,
  to: Writing,
): StageOutput {
  const { user: recipient, role, school } = r
  const value: Notice = { ...place, ...about, recipient, role, kind: x.firing ? 'firing' : 'resolved', school }
  return { topic: to.notices, byKey: true, subject: 'notice', key: recipient, value }
}
