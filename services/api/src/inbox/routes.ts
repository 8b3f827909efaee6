import type { Secrets } from '@mastery/infra/config/secrets.ts'
import { type Call, HttpError, type Reply } from '@mastery/infra/http/call.ts'
import type { Handler } from '@mastery/infra/http/router.ts'
import type { Codec } from '@mastery/topology/ports/codec.ts'
import type { EventLog } from '@mastery/topology/ports/event-log.ts'
import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'
import type { IdentityVault } from '@mastery/topology/ports/identity-vault.ts'
import type { AccessLog } from '../access.ts'
import type { Caller, Who } from '../who.ts'
import { appendDeed, type Deed, deedOf, subjectOfAlert, untilOf } from './deeds.ts'
import { inboxPage } from './page.ts'
import { unsubscribeRoutes } from './unsubscribe.ts'

export interface InboxParts {
  gold: GoldStore
  log: EventLog
  codec: Codec
  /** Of learning.events. */
  partitions: number
  secrets: Secrets
  /** Names of students, for the page of whoever was told of them. */
  names: Pick<IdentityVault, 'people'>
  /** UTC milliseconds. */
  now(): number
}

type Ids = 'alerts' | 'acknowledge' | 'silence' | 'unsilence' | 'notUseful' | 'unsubscribe' | 'unsubscribePage'

/** A person sees and answers what the person was told of; admins and operators name whose inbox they mean. */
export function inboxRoutes(parts: InboxParts, who: Who, access: AccessLog): Record<Ids, Handler> {
  const { gold, now } = parts

  /** Whose inbox; null where nobody is named. */
  function reader(caller: Caller, named: string | null): string | null {
    if (caller.person === null) return named === null ? null : who.pseudonymGiven(caller.tenant, named)
    if (named !== null && who.pseudonymGiven(caller.tenant, named) !== caller.person)
      throw new HttpError(403, 'not_yours', "This key opens its own person's inbox. Leave recipient out.")
    return caller.person
  }

  async function alerts(call: Call): Promise<Reply> {
    const caller = who.caller(call, 'inbox')
    const recipient = reader(caller, call.query.get('recipient'))
    if (recipient === null)
      throw new HttpError(400, 'missing_recipient', 'Send recipient: whose inbox is to be shown, by id or pseudonym.')
    const student = call.query.get('student_id')
    const students = student === null ? null : await who.pseudonymsOf(caller.tenant, student)
    const page = await inboxPage(gold, parts.names, { tenant: caller.tenant.id, recipient, students }, call.query)
    access.note({ ...who.entry(call, caller), action: 'read inbox', student: students?.[0] ?? '' })
    return { status: 200, body: page }
  }

  const doing = (kind: Deed['kind']): Handler => {
    return async (call) => {
      const caller = who.caller(call, 'inbox')
      const asked = await deedOf(call)
      const author = reader(caller, asked.recipient ?? null)
      const until = untilOf(asked, kind, now())
      const reason = asked.reason?.trim() || null
      if (kind === 'silence' && reason === null)
        throw new HttpError(400, 'missing_reason', 'A silence has a reason: send reason.')
      if (kind === 'silence' && author === null)
        throw new HttpError(400, 'missing_recipient', 'A silence has an author: send recipient, on whose behalf it is.')
      const alert = call.params['alert_id']!
      const tenant = caller.tenant.id
      const about = await subjectOfAlert(gold, tenant, caller.person, alert)
      if (about === null)
        throw new HttpError(
          404,
          'unknown_alert',
          'No alert of this id is in the inbox. GET /alerts lists those that are.',
        )
      const command_id = await appendDeed(parts, about, { tenant, author, alert, kind, reason, until }, now())
      access.note({ ...who.entry(call, caller), action: `${kind} alert`, student: about.student })
      return { status: 202, body: { command_id, alert_id: alert, kind } }
    }
  }

  return {
    alerts,
    acknowledge: doing('acknowledge'),
    silence: doing('silence'),
    unsilence: doing('unsilence'),
    notUseful: doing('not_useful'),
    ...unsubscribeRoutes(parts.secrets, gold, now),
  }
}
