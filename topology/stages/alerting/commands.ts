import type { StudentCommand } from '@mastery/schemas/src/generated/student-command.gen.ts'
import { hash53 } from '../../events/hash.ts'
import type { StepResult } from '../../stage.ts'
import { silences, silentUntil } from './due.ts'
import type { Evaluation } from './evaluate.ts'
import type { AlertState, Instance, Silence } from './state.ts'
import { idOf, type Step, shownState } from './telling.ts'

/** Commands of one student that are remembered, so that a copy of one does nothing. */
const REMEMBERED = 16
/** Silences of one student at a time. */
const MOST_SILENCES = 32

const refuse = (message: string): StepResult => ({ type: 'dead_letter', code: 'bad_command', message })

/** Why a command can't be carried out as it is; null where it can. Decides before anything changes. */
export function refusalOf(c: StudentCommand): StepResult | null {
  if ((c.kind === 'acknowledge' || c.kind === 'not_useful') && c.alert === null)
    return refuse(`A command "${c.kind}" needs the id of the alert. Send it again.`)
  if (c.kind === 'silence' && (c.until === null || c.author === null || (c.reason ?? '').trim() === ''))
    return refuse('A silence needs an author, a reason and a time at which it ends. Send it again.')
  return null
}

/** False for a copy of a command that was carried out. */
export function isNew(s: AlertState, c: StudentCommand): boolean {
  const id = hash53(c.command_id)
  if (s.commands.includes(id)) return false
  s.commands.push(id)
  if (s.commands.length > REMEMBERED) s.commands.shift()
  return true
}

/** Carries out what somebody wants of a student's alerts. */
export function obey(c: StudentCommand, s: AlertState, e: Evaluation, step: Step): void {
  const meant = (i: Instance) => {
    const rule = e.ruleOf(i.rule)
    return c.alert !== null && rule !== undefined && idOf(step, i, rule, topicOf(s, i)) === c.alert
  }
  const target = s.instances.find(meant)
  const deed = { by: c.author, until: c.until, reason: c.reason }
  if (c.kind === 'acknowledge' || c.kind === 'not_useful') {
    if (!target) return
    const rule = e.ruleOf(target.rule)!
    const before = stateOf(s, e, target)
    const until = c.until ?? step.meta.now + rule.acknowledged
    if (target.base === 'firing' || target.base === 'recovering') {
      target.ackUntil = until
      target.ackSeverity = target.severity
      target.owed = false
    }
    e.deed(target, rule, before, { ...deed, until: c.kind === 'acknowledge' ? until : null })
    return
  }
  const scope: Omit<Silence, 'until'> = target
    ? { rule: e.ruleOf(target.rule)!.id, topic: topicOf(s, target) }
    : { rule: c.rule, topic: c.topic }
  if (c.alert !== null && !target) return
  const affected = s.instances.filter((i) => {
    const rule = e.ruleOf(i.rule)
    return rule !== undefined && i.base === 'firing' && silences({ ...scope, until: 0 }, rule, topicOf(s, i))
  })
  const befores = affected.map((i) => stateOf(s, e, i))
  const same = (x: Silence) => x.rule === scope.rule && x.topic === scope.topic
  s.silences = s.silences.filter((x) => !same(x))
  if (c.kind === 'silence' && c.until! > step.meta.now) {
    s.silences.push({ ...scope, until: c.until! })
    if (s.silences.length > MOST_SILENCES) s.silences.shift()
  }
  affected.forEach((i, at) => {
    if (befores[at] !== stateOf(s, e, i)) e.deed(i, e.ruleOf(i.rule)!, befores[at]!, deed)
  })
}

const topicOf = (s: AlertState, i: Instance) => (i.topic < 0 ? null : s.topics[i.topic]!.name)

function stateOf(s: AlertState, e: Evaluation, i: Instance) {
  return shownState(i, silentUntil(s, e.ruleOf(i.rule)!, topicOf(s, i)) > 0)
}
