import { NOBODY_NAMED, type People, type WatchRule } from './watch-rule.ts'

/** What a rule looks at: a student's own answers, time, or all students of a class. */
export const KINDS = [
  'mastery_below',
  'mastery_above',
  'falling',
  'stalled',
  'inactive',
  'rapid_guessing',
  'prerequisite_gap',
  'class_drop',
] as const
export type RuleKind = (typeof KINDS)[number]

export const ROLES = ['teacher', 'guardian', 'student'] as const
export type Role = (typeof ROLES)[number]

export const SEVERITIES = ['info', 'normal', 'urgent'] as const
export type Severity = (typeof SEVERITIES)[number]

export interface Evidenced {
  /** Answers on the topic. */
  attempts: number
  /** Different sessions in which the condition was seen to hold. */
  sessions: number
  /** Event time between the first and the last answer that showed it, milliseconds. */
  time: number
}

/** A rule as it holds for a student. Times in milliseconds, mastery from 0 to 1. */
export interface AlertRule {
  id: string
  kind: RuleKind
  enabled: boolean
  /** Topics that it is about; null: all. */
  topics: readonly string[] | null
  severity: Severity
  to: readonly Role[]
  /** Relatives count as guardians. */
  relatives: boolean
  /**
   * mastery_below, mastery_above, prerequisite_gap: mastery. falling: the fall over the window. stalled: answers.
   * inactive: milliseconds. rapid_guessing: the share of answers. class_drop: the mean fall over a week.
   */
  enter: number
  /** Mastery at which it ends; falling, class_drop: the fall; rapid_guessing: the share. Means nothing for inactive. */
  leave: number
  /** Value from which on it is urgent, in the unit of `enter`; null: never. */
  urgent: number | null
  evidence: Evidenced
  /** How long the condition must hold, by ticks. */
  for: number
  /** How long it must be over, by ticks. */
  hold: number
  /** Between two notices of one student and topic. */
  cooldown: number
  /** How long an acknowledgement holds. */
  acknowledged: number
  /** An answer that was observed later than this after it was given tells nobody anything. */
  maxLateness: number
  /** Without an answer for so long nothing is known any more; null: never. */
  noData: number | null
  escalate: { after: number; to: readonly Role[] } | null
  /** Whether people are told that it is over. */
  tellResolved: boolean
  /** falling: the time over which the fall is fitted. */
  window: number
  /** prerequisite_gap: mastery of what comes before, and the answers on it that this rests on. */
  prerequisite: { below: number; attempts: number }
  /** class_drop. */
  members: Members
}

/** Which students of a class count in a week, and how many of them there have to be. */
export interface Members {
  /** Students with answers enough, so that it says something of a class. */
  least: number
  /** Answers of one student on the topic within the week. */
  answers: number
  /** So far mastery of one student must fall to count as a fall. */
  fell: number
  /** Of those who count the share that must have fallen. */
  share: number
}

/** What another school or grade has differently. Of several that fit the last one wins, field by field. */
export interface Override {
  /** Schools of the roster; null: all. */
  schools: readonly string[] | null
  /** Grades of the classes; null: all. */
  grades: readonly string[] | null
  /** By rule id. */
  rules: Readonly<Record<string, Partial<AlertRule>>>
}

/** Holidays: days on which nobody is missed. */
export interface Break {
  /** UTC milliseconds, inclusive. */
  from: number
  /** Exclusive. */
  until: number
}

/** All rules of one tenant, complete and checked. */
export interface AlertPolicy {
  /** Mastery from which on a topic counts as learned: nothing but mastery_above begins there, and what fires ends. */
  mastered: number
  /** A pause that divides sessions, milliseconds. */
  sessionGap: number
  breaks: readonly Break[]
  rules: readonly AlertRule[]
  /** Rules about the system itself. */
  watches: readonly WatchRule[]
  people: People
  overrides: readonly Override[]
  /** What comes before a topic, from the tenant's topic graph. */
  prerequisites: Readonly<Record<string, readonly string[]>>
  /** How people are told, as the file says it, for the stage that tells them. */
  notifications?: unknown
}

/**
 * Reads what `policyText` wrote.
 * @throws Error where it is something else
 */
export function readPolicy(text: string): AlertPolicy {
  const p = JSON.parse(text) as Partial<AlertPolicy> & { format?: number }
  if (p.format !== 1 || !Array.isArray(p.rules))
    throw new Error('It is no alert policy of this format; "npx mastery alerts activate" writes them.')
  const { format: _, ...policy } = p
  // Of policies that are older than these.
  return { watches: [], people: NOBODY_NAMED, ...policy } as AlertPolicy
}

/** The policy as an artefact holds it. The same policy is the same text. */
export function policyText(policy: AlertPolicy): string {
  return `${JSON.stringify({ format: 1, ...policy })}\n`
}

const ARTEFACT = 'alerts.'

/** Under which name the artefact store keeps a tenant's rules. No model's id has a dot. */
export const policyArtefact = (tenant: string): string => `${ARTEFACT}${tenant}`
export const isPolicyArtefact = (name: string): boolean => name.startsWith(ARTEFACT)
