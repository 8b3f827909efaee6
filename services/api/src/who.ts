import { pseudonymiser, type Secrets, type Tenant } from '@mastery/infra/config/secrets.ts'
import { apiKeyOf, authenticate, isLoopback, mayUse, type Right } from '@mastery/infra/http/auth.ts'
import { type Call, HttpError } from '@mastery/infra/http/call.ts'
import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'
import type { Access } from './access.ts'

/** key: every request needs an API key. loopback-open: requests from this machine may come without one. */
export type AuthMode = 'key' | 'loopback-open'

/** On whose behalf a request is answered. */
export interface Caller {
  tenant: Tenant
  /** For the access log. */
  who: string
  role: string
  /** May see the bytes of rejects. */
  mayUnseal: boolean
  /** The person whose key it is, by pseudonym; null for keys of nobody in particular. */
  person: string | null
}

const PSEUDONYM = /^[0-9a-f]{32}$/

/** Whose data a request may read, and which pseudonyms a student id may stand for. */
export class Who {
  private readonly secrets: Secrets
  private readonly auth: AuthMode
  private readonly gold: GoldStore
  private readonly pseudonyms: ReadonlyMap<string, (studentId: string) => string>

  constructor(secrets: Secrets, auth: AuthMode, gold: GoldStore) {
    this.secrets = secrets
    this.auth = auth
    this.gold = gold
    this.pseudonyms = new Map(secrets.tenants.map((t) => [t.id, pseudonymiser(t)]))
  }

  /**
   * Throws HttpError 401, 403 where the key is not for this, or 400 where an open request does not say which of several
   * tenants it means. Without a key nothing but reading is open.
   */
  caller(call: Call, right: Right): Caller {
    const reading = right === 'read' || (right === 'inbox' && call.request.method !== 'POST')
    if (!reading || this.auth === 'key' || apiKeyOf(call.request) !== null || !isLoopback(call.request)) {
      const { tenant, keyId, role, person } = authenticate(call.request, this.secrets, right)
      return { tenant, who: keyId, role: role ?? 'read', mayUnseal: mayUse(role, 'operator'), person }
    }
    const { tenants } = this.secrets
    const named = call.query.get('tenant')
    const found = named === null && tenants.length === 1 ? tenants[0] : tenants.find((t) => t.id === named)
    if (!found)
      throw new HttpError(
        400,
        'which_tenant',
        'There are several tenants here: send an API key, or name one with ?tenant=.',
      )
    return { tenant: found, who: 'this machine', role: 'operator', mayUnseal: false, person: null }
  }

  /**
   * The pseudonyms that an id may stand for, likeliest first: 32 hexadecimal digits are a pseudonym already, or else
   * an id that looks like one. A bare pseudonym counts only where gold knows it under this tenant, or there is no other.
   */
  async pseudonymsOf(tenant: Tenant, studentId: string): Promise<string[]> {
    const own = this.pseudonyms.get(tenant.id)!(studentId)
    if (!PSEUDONYM.test(studentId)) return [own]
    if (this.secrets.tenants.length === 1) return [studentId, own]
    const rows = await this.gold.query<{ known: number }>(
      'SELECT 1 AS known FROM v_student_mastery WHERE tenant = {tenant:String} AND student_id = {student:String} LIMIT 1',
      { tenant: tenant.id, student: studentId },
    )
    return rows.length > 0 ? [studentId, own] : [own]
  }

  /** Of what a request that changes or takes out data means: 32 hexadecimal digits are a pseudonym, all else an id. */
  pseudonymGiven(tenant: Tenant, studentId: string): string {
    return PSEUDONYM.test(studentId) ? studentId : this.pseudonyms.get(tenant.id)!(studentId)
  }

  /** What the access log says of a request; X-Purpose says why, in the caller's words. */
  entry(call: Call, caller: Caller): Pick<Access, 'tenant' | 'who' | 'role' | 'purpose'> {
    const given = call.request.headers['x-purpose']
    const purpose = typeof given === 'string' ? given.slice(0, 200) : ''
    return { tenant: caller.tenant.id, who: caller.who, role: caller.role, purpose }
  }
}
