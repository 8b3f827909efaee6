import type { StudentCommand } from '@mastery/schemas/src/generated/student-command.gen.ts'
import { hash53 } from '../../events/hash.ts'
import { inForce } from '../alerting/in-force.ts'
import { abandoned } from './evaluate.ts'
import type { WatchMeta } from './meta.ts'
import { isOf, silentUntil } from './silence.ts'
import { alertIdOf, type Step, settle } from './telling.ts'

/** Commands that are remembered, so that a copy of one does nothing. */
const REMEMBERED = 256
/** Silences of an organisation at a time. */
const MOST_SILENCES = 256
/** How long an acknowledgement holds where nobody says until when. */
const ACKNOWLEDGED_MS = 14 * 86_400_000

/**
 * Carries out what somebody does about an alert on the system itself. Null: it is done; else why nothing was: it is a copy
 * of a command that was carried out, or about an alert that is not there any more.
 */
export function obey(meta: WatchMeta, c: StudentCommand, step: Step): 'seen' | 'the alert is over' | null {
  const id = hash53(c.command_id)
  if (meta.commands.includes(id)) return 'seen'
  meta.commands.push(id)
  if (meta.commands.length > REMEMBERED) meta.commands.shift()
  const rules = inForce(meta.inForce, c.tenant)
  const i = [...meta.instances.values()].find((x) => x.tenant === c.tenant && alertIdOf(x) === c.alert)
  if (rules === null || i === undefined) return 'the alert is over'
  const { tenant, rule, subject } = i
  if (c.kind === 'acknowledge') {
    if (i.base === 'firing' || i.base === 'recovering') i.ackUntil = c.until ?? step.now + ACKNOWLEDGED_MS
    i.again = false
  } else if (c.kind === 'silence' || c.kind === 'unsilence') {
    meta.silences = meta.silences.filter((s) => !isOf(s, i) && s.until > step.now)
    if (c.kind === 'silence' && c.until! > step.now) meta.silences.push({ tenant, rule, subject, until: c.until! })
    const own = meta.silences.filter((s) => s.tenant === tenant)
    if (own.length > MOST_SILENCES) meta.silences.splice(meta.silences.indexOf(own[0]!), 1)
  } else if (c.kind !== 'not_useful') return 'seen'
  const known = rules.book.policy.watches.find((r) => r.id === rule) ?? abandoned(i)
  settle(step, i, known, rules, null, silentUntil(meta.silences, i), c)
  return null
}
