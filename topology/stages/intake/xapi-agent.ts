import { Fields } from './fields.ts'
import { isObject } from './outcome.ts'

const IFI = ['mbox', 'mbox_sha1sum', 'openid', 'account'] as const

/**
 * Who an actor is. `problem` where it is none that xAPI allows; `student` null where it is a group, which is allowed
 * and no learner. An agent has exactly one identifier.
 */
export function agentId(actor: unknown): { student: string | null; problem: string | null } {
  const wrong = (problem: string) => ({ student: null, problem })
  if (!isObject(actor)) return wrong('is missing or no object: send {"account": {"homePage": ..., "name": ...}}')
  const type = actor['objectType'] ?? 'Agent'
  if (type === 'Group') return { student: null, problem: null }
  if (type !== 'Agent') return wrong('has an objectType other than Agent or Group')
  const given = IFI.filter((name) => Object.hasOwn(actor, name) && actor[name] != null)
  if (given.length !== 1) return wrong(`needs exactly one of ${IFI.join(', ')}; it has ${given.length}`)
  const f = new Fields(actor)
  const name = given[0]!
  if (name === 'account') {
    const account = actor['account']
    const a = new Fields(isObject(account) ? account : {})
    const id = a.text('name')
    if (a.text('homePage') === null || id === null) return wrong('has an account without homePage and name')
    return { student: id, problem: null }
  }
  const text = f.text(name)
  if (text === null) return wrong(`has an unusable ${name}`)
  if (name !== 'mbox') return { student: text, problem: null }
  return /^mailto:\S+@\S+$/.test(text)
    ? { student: text.slice('mailto:'.length), problem: null }
    : wrong('has an mbox that is not "mailto:" and an address')
}
