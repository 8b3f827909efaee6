import { type AlertRule, KINDS, type RuleKind } from '../../alerts/policy.ts'
import { nextDue, silentUntil } from './due.ts'
import { evidenceOf, idleEvidence } from './evidence.ts'
import type { TenantRules } from './in-force.ts'
import { idleTime, idleUntil, judge, type Verdict } from './judge.ts'
import { move, moveIdle, resolve, type Shown } from './machine.ts'
import { type AlertState, type Instance, newInstance } from './state.ts'
import { type Deed, type Step, settle, shownState } from './telling.ts'

/** Kinds that are not held against a student and a topic. */
const APART: readonly RuleKind[] = ['inactive', 'class_drop']

/** One student's alerts within one step. */
export class Evaluation {
  readonly s: AlertState
  readonly tenant: TenantRules
  readonly rules: readonly AlertRule[]
  private readonly step: Step

  constructor(s: AlertState, tenant: TenantRules, rules: readonly AlertRule[], step: Step) {
    this.s = s
    this.tenant = tenant
    this.rules = rules
    this.step = step
  }

  /** The rule of an alert as it holds for the student; undefined where it does not any more. */
  ruleOf(number: number): AlertRule | undefined {
    const place = this.tenant.placeOf.get(number)
    const rule = place === undefined ? undefined : this.rules[place]
    return rule?.enabled ? rule : undefined
  }

  /** What the rules say of a topic. `shown`: the answer on it that is this step's; null where there is none. */
  topic(at: number, shown: Shown | null): void {
    const { name } = this.s.topics[at]!
    this.rules.forEach((rule, place) => {
      if (rule.enabled && !APART.includes(rule.kind) && (rule.topics === null || rule.topics.includes(name)))
        this.one(rule, this.tenant.numbers[place]!, at, shown)
    })
  }

  /** The rules about topics that build on this one. */
  dependents(at: number): void {
    for (const name of this.tenant.dependents.get(this.s.topics[at]!.name) ?? []) {
      const on = this.s.find(name)
      if (on < 0) continue
      this.rules.forEach((rule, place) => {
        if (rule.enabled && rule.kind === 'prerequisite_gap' && (rule.topics === null || rule.topics.includes(name)))
          this.one(rule, this.tenant.numbers[place]!, on, null)
      })
    }
  }

  private one(rule: AlertRule, number: number, at: number, shown: Shown | null): void {
    const { s, step } = this
    const t = s.topics[at]!
    const found = judge(rule, t, s, this.tenant.book.policy)
    let i = s.instance(number, at)
    if (!i) {
      if (found?.at !== 'enter') return
      i = newInstance(number, at)
      s.instances.push(i)
    }
    // Of what is known no more nothing is wrong.
    const v: Verdict = found ?? { at: 'leave', value: 0, prerequisite: null }
    const silent = silentUntil(s, rule, t.name)
    const before = shownState(i, silent > 0)
    move(i, rule, v, t, shown, step.meta.now, this.tenant.book.policy.sessionGap)
    settle(step, i, rule, t.name, before, silent, () => evidenceOf(i, rule, t, v))
    this.tidy(i)
  }

  /** A beginning that came to nothing is forgotten. */
  private tidy(i: Instance): void {
    if (i.base === 'normal' && i.episode === 0) this.s.instances.splice(this.s.instances.indexOf(i), 1)
  }

  /** What the rules say of a student who does nothing. */
  idle(): void {
    const { s, step } = this
    const { now } = step.meta
    if (s.lastAnswer === 0 || now === 0) return
    const { breaks } = this.tenant.book.policy
    this.rules.forEach((rule, place) => {
      if (!rule.enabled || rule.kind !== 'inactive') return
      const number = this.tenant.numbers[place]!
      const time = idleTime(s.lastAnswer, now, breaks)
      let i = s.instance(number, -1)
      if (!i) {
        if (time < rule.enter) return
        i = newInstance(number, -1)
        s.instances.push(i)
      }
      const silent = silentUntil(s, rule, null)
      const before = shownState(i, silent > 0)
      moveIdle(i, rule, time, idleUntil(s.lastAnswer, rule.enter, breaks), now)
      settle(step, i, rule, null, before, silent, () => idleEvidence(s, time))
      this.tidy(i)
    })
  }

  /** What time alone changes. */
  time(): void {
    const { s, step } = this
    for (const i of [...s.instances]) {
      const rule = this.ruleOf(i.rule)
      if (rule && i.topic >= 0) this.one(rule, i.rule, i.topic, null)
    }
    this.idle()
    if (s.silences.some((x) => x.until <= step.meta.now)) s.silences = s.silences.filter((x) => x.until > step.meta.now)
  }

  /** Another policy is in force: alerts of rules that are gone end, and the others are judged by what the rules say now. */
  reconcile(names: readonly string[]): void {
    for (const i of [...this.s.instances]) {
      if (this.ruleOf(i.rule)) continue
      this.close(i, names[i.rule]!)
      this.tidy(i)
    }
    for (let t = 0; t < this.s.topics.length; t++) this.topic(t, null)
    this.s.policy = this.tenant.seq
  }

  private close(i: Instance, name: string): void {
    const [kind, id] = [name.slice(0, name.indexOf(' ')), name.slice(name.indexOf(' ') + 1)]
    const gone = { ...GONE, kind: KINDS.find((k) => k === kind) ?? GONE.kind, id }
    const topic = i.topic < 0 ? null : this.s.topics[i.topic]!.name
    const silent = silentUntil(this.s, gone, topic)
    const before = shownState(i, silent > 0)
    if (i.base === 'resolved') return
    if (i.base === 'normal' || i.episode === 0) i.base = 'normal'
    else resolve(i, this.step.meta.now)
    settle(this.step, i, gone, topic, before, silent, () => [])
  }

  /** Somebody did something about an alert, which has been applied to it; `before`: how people saw it. */
  deed(i: Instance, rule: AlertRule, before: ReturnType<typeof shownState>, deed: Deed): void {
    const t = i.topic < 0 ? null : this.s.topics[i.topic]!
    const v = t && judge(rule, t, this.s, this.tenant.book.policy)
    const silent = silentUntil(this.s, rule, t?.name ?? null)
    const facts = () =>
      t
        ? evidenceOf(i, rule, t, v)
        : idleEvidence(this.s, idleTime(this.s.lastAnswer, this.step.meta.now, this.tenant.book.policy.breaks))
    settle(this.step, i, rule, t?.name ?? null, before, silent, facts, deed)
  }

  /** To be called last. */
  done(): void {
    const idle = this.rules.filter((r) => r.enabled && r.kind === 'inactive')
    this.s.due = nextDue(this.s, this.tenant.book.policy, (n) => this.ruleOf(n), idle, this.step.meta.now)
  }
}

/** A rule of which only the name is left. */
const GONE: AlertRule = {
  id: '',
  kind: 'mastery_below' satisfies RuleKind,
  enabled: false,
  topics: null,
  severity: 'info',
  to: [],
  relatives: false,
  enter: 0,
  leave: 0,
  urgent: null,
  evidence: { attempts: 0, sessions: 0, time: 0 },
  for: 0,
  hold: 0,
  cooldown: 0,
  acknowledged: 0,
  maxLateness: 0,
  noData: null,
  escalate: null,
  tellResolved: false,
  window: 0,
  prerequisite: { below: 0, attempts: 0 },
  members: { least: 0, answers: 0, fell: 0, share: 0 },
}
