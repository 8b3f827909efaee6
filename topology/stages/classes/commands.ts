import type { Alert } from '@mastery/schemas/src/generated/alert.gen.ts'
import type { StudentCommand } from '@mastery/schemas/src/generated/student-command.gen.ts'
import { hash53 } from '../../events/hash.ts'
import { classKey } from '../alerting/classes.ts'
import type { TenantRules } from '../alerting/in-force.ts'
import { alertIdOf, shownAs, type Writing } from './decide.ts'
import { covers, silentUntil } from './silence.ts'
import { actsAt, type ClassState, type Standing, topicAndRule } from './state.ts'

/** Commands of one class that are remembered, so that a copy of one does nothing. */
const REMEMBERED = 64
/** Silences of one class at a time. */
const MOST_SILENCES = 32

/** Keeps a command until its time has come; false for a copy. */
export function keepCommand(s: ClassState, c: StudentCommand, klass: string): boolean {
  const id = hash53(c.command_id)
  if (s.commands.includes(id)) return false
  s.commands.push(id)
  if (s.commands.length > REMEMBERED) s.commands.shift()
  s.tenant = c.tenant
  s.class = klass
  s.waiting.push(c)
  // By time, and within one by name: two sources may come in any order.
  s.waiting.sort((a, b) => a.issued_at - b.issued_at || (a.command_id < b.command_id ? -1 : 1))
  return true
}

interface Meant {
  x: Standing
  topic: string
  rule: string
}

/** Carries out the first command that waits, as of its time. */
export function obeyNext(s: ClassState, rules: TenantRules | null, to: Writing): void {
  const c = s.waiting.shift()!
  const at = actsAt(c)
  s.silences = s.silences.filter((x) => x.until > at)
  const all = [...s.standings].map(([about, x]): Meant => {
    const [topic, rule] = topicAndRule(about)
    return { x, topic, rule }
  })
  const target = all.find(({ x, topic, rule }) => c.alert !== null && alertIdOf(s, x, topic, rule) === c.alert)
  if (c.kind === 'acknowledge' || c.kind === 'not_useful') {
    if (!target) return
    const before = shownAs(s, target.x, target.topic, target.rule, at)
    if (target.x.firing) target.x.acknowledged = true
    write(s, target, before, c, rules, at, to)
    return
  }
  if (c.alert !== null && !target) return
  const scope = target ? { rule: target.rule, topic: target.topic } : { rule: c.rule, topic: c.topic }
  const affected = all.filter(({ x, topic, rule }) => x.firing && covers(scope, rule, topic))
  const befores = affected.map(({ x, topic, rule }) => shownAs(s, x, topic, rule, at))
  s.silences = s.silences.filter((x) => x.rule !== scope.rule || x.topic !== scope.topic)
  if (c.kind === 'silence' && c.until! > at) {
    s.silences.push({ ...scope, until: c.until! })
    if (s.silences.length > MOST_SILENCES) s.silences.shift()
  }
  affected.forEach((m, i) => {
    if (befores[i] !== shownAs(s, m.x, m.topic, m.rule, at)) write(s, m, befores[i]!, c, rules, at, to)
  })
}

function write(
  s: ClassState,
  { x, topic, rule }: Meant,
  before: Alert['state'],
  c: StudentCommand,
  rules: TenantRules | null,
  at: number,
  to: Writing,
): void {
  const state = shownAs(s, x, topic, rule, at)
  const klass = rules?.roster?.classNamed(s.class) ?? null
  const known = rules?.book.rulesOf(klass ? [klass] : []).find((r) => r.id === rule)
  const value: Alert = {
    origin_partition: to.source,
    origin_offset: to.offset,
    ordinal: to.ordinals.alerts++,
    generation: to.generation,
    tenant: s.tenant,
    alert_id: alertIdOf(s, x, topic, rule),
    sequence: 0,
    rule,
    policy: rules?.version ?? '',
    scope: 'class',
    student: null,
    class: s.class,
    topic,
    severity: known?.severity ?? 'normal',
    state,
    before,
    cause: c.kind,
    occurred_at: at,
    now: at,
    told: false,
    held_back: null,
    evidence: [],
    by: c.author,
    until: state === 'silenced' ? silentUntil(s, rule, topic) : null,
    reason: c.reason,
  }
  to.all.push({ topic: to.alerts, subject: 'alert', key: classKey(s.tenant, s.class), value })
}
