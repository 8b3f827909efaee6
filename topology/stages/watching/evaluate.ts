import type { OpsSignal } from '@mastery/schemas/src/generated/ops-signal.gen.ts'
import { isAbout, type WatchRule } from '../../alerts/watch-rule.ts'
import { inForce, type TenantRules } from '../alerting/in-force.ts'
import { foundBy, judgeLook, judgeSource, signalOf } from './judge-look.ts'
import { judgePart } from './judge-part.ts'
import { type Instance, move, newInstance, resolve, type Verdict } from './machine.ts'
import type { WatchMeta } from './meta.ts'
import { forgetParts, partsSeen } from './parts.ts'
import { silentUntil } from './silence.ts'
import { type Step, settle } from './telling.ts'

const keyOf = (tenant: string, rule: string, subject: string) => JSON.stringify([tenant, rule, subject])

/** Moves one instance by what its measure says. One that is not there begins where the condition holds. */
function one(
  meta: WatchMeta,
  step: Step,
  rules: TenantRules,
  tenant: string,
  rule: WatchRule,
  subject: string,
  v: Verdict | null,
  clock: number,
): void {
  const key = keyOf(tenant, rule.id, subject)
  let i = meta.instances.get(key)
  if (i === undefined) {
    if (v?.at !== 'enter') return
    meta.instances.set(key, (i = newInstance(tenant, rule, subject)))
  }
  move(i, rule, v, clock, step.now)
  settle(step, i, rule, rules, v, silentUntil(meta.silences, i))
  if ((i.base === 'normal' || i.base === 'resolved') && i.toldAt + rule.cooldown <= step.now) meta.instances.delete(key)
}

/** What every record of a service moves: rules on parts and on sources of events, of every organisation. */
export function watchParts(meta: WatchMeta, step: Step): void {
  const { now, heard, inForce: said } = meta
  forgetParts(meta.parts, heard)
  const parts = partsSeen(meta.parts, said.active)
  for (const tenant of said.policies.keys()) {
    const rules = inForce(said, tenant)
    if (rules === null) continue
    for (const rule of rules.book.policy.watches) {
      if (!rule.enabled) continue
      if (rule.kind === 'pipeline') {
        for (const p of parts)
          if (isAbout(rule, p.name)) one(meta, step, rules, tenant, rule, p.name, judgePart(p, rule, now, heard), heard)
      } else if (rule.measure === 'rejected') {
        for (const s of meta.sources.values())
          if (s.tenant === tenant && isAbout(rule, s.name))
            one(meta, step, rules, tenant, rule, s.name, judgeSource(s, rule, now), heard)
      }
      silent(meta, step, rules, tenant, rule)
    }
  }
}

/** What nothing is said of: parts that are forgotten, sources that stay away, things that nobody looks at any more. */
function silent(meta: WatchMeta, step: Step, rules: TenantRules, tenant: string, rule: WatchRule): void {
  const looks = signalOf(rule) !== null
  for (const i of [...meta.instances.values()]) {
    if (i.tenant !== tenant || i.rule !== rule.id) continue
    if (looks) one(meta, step, rules, tenant, rule, i.subject, null, meta.now)
    else if (!isKnown(meta, i)) {
      const gone: Verdict = { at: 'leave', evidence: [], members: [] }
      one(meta, step, rules, tenant, rule, i.subject, gone, meta.heard)
    }
  }
}

/** Whether the part or the source that an alert is about has not been forgotten. */
function isKnown(meta: WatchMeta, i: Instance): boolean {
  if (i.kind === 'data_quality') return meta.sources.has(`${i.tenant}\n${i.subject}`)
  return [...meta.parts.values()].some((p) => p.name === i.subject)
}

/** What a look at gold found: the whole picture of one kind in one organisation. */
export function lookAt(meta: WatchMeta, signal: OpsSignal, step: Step): void {
  const { tenant } = signal
  const rules = inForce(meta.inForce, tenant)
  if (rules === null) return
  // Of very many only the worst are named: what is not among them may be as bad as before.
  const whole = signal.total <= signal.subjects.length
  for (const rule of rules.book.policy.watches) {
    if (!rule.enabled || signalOf(rule) !== signal.kind) continue
    const found = foundBy(rule, signal)
    const going = [...meta.instances.values()].flatMap((i) =>
      i.tenant === tenant && i.rule === rule.id ? [i.subject] : [],
    )
    for (const subject of [...new Set([...found.keys(), ...going])].sort())
      one(
        meta,
        step,
        rules,
        tenant,
        rule,
        subject,
        found.has(subject) || whole ? judgeLook(rule, signal, subject, found.get(subject) ?? []) : null,
        meta.now,
      )
  }
}

/** Whether a rule is still about what an instance of it is about. A look that finds nothing ends what it no longer counts. */
function goesOn(i: Instance, r: WatchRule): boolean {
  if (r.id !== i.rule || r.kind !== i.kind || r.measure !== i.measure || !r.enabled) return false
  return signalOf(r) !== null || isAbout(r, i.subject)
}

/** Other rules are in force: alerts of rules that are gone, switched off or of another kind end. */
export function endAbandoned(meta: WatchMeta, step: Step): void {
  for (const [key, i] of [...meta.instances]) {
    const rules = inForce(meta.inForce, i.tenant)
    const rule = rules?.book.policy.watches.find((r) => goesOn(i, r))
    if (rules === null || rule !== undefined) continue
    if (i.base === 'pending' || (i.base === 'no_data' && !i.fired)) i.base = 'normal'
    else if (i.base !== 'normal' && i.base !== 'resolved') resolve(i, 0)
    settle(step, i, abandoned(i), rules, null, 0)
    meta.instances.delete(key)
  }
}

/** What is left of a rule that is gone: who was told is told that it is over. */
export function abandoned(i: Instance): WatchRule {
  return {
    id: i.rule,
    kind: i.kind,
    enabled: false,
    severity: 'normal',
    to: [],
    measure: i.measure,
    enter: 0,
    leave: 0,
    only: null,
    findings: null,
    window: 0,
    least: 0,
    for: 0,
    hold: 0,
    cooldown: 0,
    noData: 0,
    tellResolved: true,
  }
}
