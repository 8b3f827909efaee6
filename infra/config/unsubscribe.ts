import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Secrets, Tenant } from './secrets.ts'

const keyOf = (tenant: Tenant) =>
  createHmac('sha256', Buffer.from(tenant.pseudonymKey, 'hex')).update('unsubscribe').digest()

const macOf = (tenant: Tenant, recipient: string) =>
  createHmac('sha256', keyOf(tenant)).update(`${tenant.id}\u0000${recipient}\u0000mail`).digest()

/** Lets whoever has it take one reader off mails, and nothing else. It does not expire: old mails must keep their promise. */
export function unsubscribeToken(tenant: Tenant, recipient: string): string {
  const mac = macOf(tenant, recipient).toString('base64url')
  return `${Buffer.from(JSON.stringify([tenant.id, recipient])).toString('base64url')}.${mac}`
}

/** Whose token it is; null for one that we have not made. */
export function readUnsubscribeToken(secrets: Secrets, token: string): { tenant: string; recipient: string } | null {
  const [body = '', mac = ''] = token.split('.')
  let named: unknown
  try {
    named = JSON.parse(Buffer.from(body, 'base64url').toString('utf8'))
  } catch {
    return null
  }
  if (!Array.isArray(named) || typeof named[0] !== 'string' || typeof named[1] !== 'string') return null
  const tenant = secrets.tenants.find((t) => t.id === named[0])
  if (!tenant) return null
  const given = Buffer.from(mac, 'base64url')
  const right = macOf(tenant, named[1])
  return given.length === right.length && timingSafeEqual(given, right)
    ? { tenant: named[0], recipient: named[1] }
    : null
}
