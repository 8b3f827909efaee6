import { userInfo } from 'node:os'
import { AccessLog } from '@mastery/api/src/access.ts'
import { privacyParts } from '@mastery/api/src/privacy/open.ts'
import type { PrivacyParts, Subject } from '@mastery/api/src/privacy/parts.ts'
import { pseudonymiser } from '@mastery/infra/config/secrets.ts'
import { type Host, UsageError } from './command.ts'

/** Whom --student and --tenant name: 32 hexadecimal digits are a pseudonym already. */
export function subjectOf(host: Host, student: string | undefined, tenantId: string | undefined): Subject {
  if (!student) throw new UsageError('--student is missing: the id that the school uses, or a pseudonym.')
  const tenant = host.tenant(tenantId)
  return {
    tenant: tenant.id,
    student: /^[0-9a-f]{32}$/.test(student) ? student : pseudonymiser(tenant)(student),
  }
}

/** The stores, with the stages running where this process runs them. */
export async function privacyOf(host: Host): Promise<PrivacyParts> {
  const check = await host.stages()
  return privacyParts(host.installation, await host.gold(), { jobs: () => host.jobs(), check, waitMs: 120_000 })
}

/** Who runs the command line, as the access log names it. */
export function operator(): string {
  return `command line (${user()})`
}

function user(): string {
  try {
    return userInfo().username
  } catch {
    return 'unknown user'
  }
}

/** Puts a reading or a change of personal data into the access log; stored when this resolves. */
export async function noteAccess(host: Host, of: Subject, action: string): Promise<void> {
  const log = new AccessLog(await host.gold(), host.installation.telemetry, Date.now)
  log.note({ ...of, who: operator(), role: 'operator', action, purpose: '' })
  await log.close()
}
