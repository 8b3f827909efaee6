import type { Evidence, Notice } from '@mastery/schemas/src/generated/notice.gen.ts'

/**
 * What a notice waits for. urgent: the end of quiet hours. group: the wait of its group. digest: the reader's hour.
 * told: it went out when it came, and stands for its effect on others only.
 */
export const WAITS = ['urgent', 'group', 'digest', 'told'] as const
export type Wait = (typeof WAITS)[number]

/** A notice that one reader has not been told of, or whose effect on others is not settled yet. */
export interface Entry {
  tenant: string
  role: string
  kind: string
  alert: string
  sequence: number
  rule: string
  policy: string
  scope: string
  severity: string
  student: string | null
  class: string | null
  topic: string | null
  school: string | null
  /** Of its school; null: the policy's. */
  zone: string | null
  occurredAt: number
  /** When it was decided; with the place of its record this orders entries, however they came. */
  now: number
  source: number
  offset: number
  ordinal: number
  wait: Wait
  /** When its turn comes, UTC milliseconds. */
  at: number
  evidence: Evidence[]
}

export function entryOf(n: Notice, zone: string | null): Entry {
  return {
    tenant: n.tenant,
    role: n.role,
    kind: n.kind,
    alert: n.alert_id,
    sequence: n.sequence,
    rule: n.rule,
    policy: n.policy,
    scope: n.scope,
    severity: n.severity,
    student: n.student,
    class: n.class,
    topic: n.topic,
    school: n.school,
    zone,
    occurredAt: n.occurred_at,
    // Before the first tick the event's own time is the only one.
    now: n.now > 0 ? n.now : n.occurred_at,
    source: n.origin_partition,
    offset: n.origin_offset,
    ordinal: n.ordinal,
    wait: 'digest',
    at: 0,
    evidence: n.evidence,
  }
}

/** The order in which notices were decided. */
export function inOrder(a: Entry, b: Entry): number {
  return a.now - b.now || a.source - b.source || a.offset - b.offset || a.ordinal - b.ordinal
}

const SEVERITY: Readonly<Record<string, number>> = { urgent: 3, normal: 2, info: 1 }
const SCOPE: Readonly<Record<string, number>> = { pipeline: 3, class: 2 }

/**
 * How strong the evidence is, 0 to 1: how far mastery is from whole, shrunk where few answers stand behind it (four
 * count as a prior); else a little for each fact.
 */
export function strengthOf(evidence: readonly Evidence[]): number {
  const value = (code: string) => evidence.find((e) => e.code === code)?.value ?? null
  const mastery = value('mastery')
  if (mastery === null) return Math.min(1, evidence.length / 100)
  const attempts = Math.max(0, value('attempts') ?? 0)
  return (1 - Math.min(1, Math.max(0, mastery))) * (attempts / (attempts + 4))
}

/** The most pressing first: what goes on before what is over, then severity, breadth, evidence and age. */
export function byPressure(a: Entry, b: Entry): number {
  return (
    Number(a.kind === 'resolved') - Number(b.kind === 'resolved') ||
    (SEVERITY[b.severity] ?? 0) - (SEVERITY[a.severity] ?? 0) ||
    (SCOPE[b.scope] ?? 0) - (SCOPE[a.scope] ?? 0) ||
    Number(b.kind === 'escalated') - Number(a.kind === 'escalated') ||
    strengthOf(b.evidence) - strengthOf(a.evidence) ||
    a.occurredAt - b.occurredAt ||
    (a.alert < b.alert ? -1 : a.alert > b.alert ? 1 : a.sequence - b.sequence)
  )
}
