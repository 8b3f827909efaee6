import { RuleBook } from '../../alerts/effective.ts'
import type { AlertRule } from '../../alerts/policy.ts'
import { NOBODY_NAMED } from '../../alerts/watch-rule.ts'
import type { Roster } from '../../roster/recipients.ts'
import { type AlertMeta, bookOf, rosterOf } from './meta.ts'

/** A pause that divides sessions, where no policy says. */
export const USUAL_GAP_MS = 30 * 60_000

/** The policy and the roster of one tenant as they stand, ready to use. */
export interface TenantRules {
  version: string
  seq: number
  book: RuleBook
  roster: Roster | null
  /** By place in the policy: index into the meta's rules. */
  numbers: readonly number[]
  /** The other way round. */
  placeOf: ReadonlyMap<number, number>
  /** Topics that build on a topic. */
  dependents: ReadonlyMap<string, readonly string[]>
  /** Whether a rule looks at whole classes. */
  classes: boolean
}

export const nameOf = (rule: Pick<AlertRule, 'id' | 'kind'>): string => `${rule.kind} ${rule.id}`

const known = new WeakMap<AlertMeta, Map<string, TenantRules | null>>()
/** The one asked for last, which is nearly always asked for next. */
let latest: { meta: AlertMeta; tenant: string; rules: TenantRules | null } | null = null

const NO_RULES = new RuleBook({
  mastered: 1,
  sessionGap: USUAL_GAP_MS,
  breaks: [],
  rules: [],
  watches: [],
  people: NOBODY_NAMED,
  overrides: [],
  prerequisites: {},
})

/** Null: the tenant has never had a policy. */
export function inForce(meta: AlertMeta, tenant: string): TenantRules | null {
  if (latest !== null && latest.meta === meta && latest.tenant === tenant) return latest.rules
  let tenants = known.get(meta)
  if (!tenants) {
    tenants = new Map()
    known.set(meta, tenants)
  }
  let rules = tenants.get(tenant)
  if (rules === undefined) {
    rules = make(meta, tenant)
    tenants.set(tenant, rules)
  }
  latest = { meta, tenant, rules }
  return rules
}

function make(meta: AlertMeta, tenant: string): TenantRules | null {
  const p = meta.policies.get(tenant)
  if (!p) return null
  const book = p.payload === '' ? NO_RULES : bookOf(p.payload)
  const r = meta.rosters.get(tenant)
  const numbers = book.policy.rules.map((rule) => meta.rules.indexOf(nameOf(rule)))
  const dependents = new Map<string, string[]>()
  for (const [topic, before] of Object.entries(book.policy.prerequisites))
    for (const b of before) dependents.set(b, [...(dependents.get(b) ?? []), topic])
  return {
    version: p.version,
    seq: p.seq,
    book,
    roster: r ? rosterOf(r.payload) : null,
    numbers,
    placeOf: new Map(numbers.map((n, place) => [n, place])),
    dependents,
    classes: r !== undefined && book.policy.rules.some((rule) => rule.kind === 'class_drop'),
  }
}

/** To be called when a policy or a roster of the partition has changed. */
export function versionsChanged(meta: AlertMeta): void {
  known.delete(meta)
  latest = null
}
