import type { IncomingMessage } from 'node:http'
import { holderOfKey, type KeyHolder, type Role, type Secrets } from '../config/secrets.ts'
import { HttpError } from './call.ts'

/** The API key that a request brings: a bearer token, X-Api-Key, or the password of basic credentials, as LRS clients send. */
export function apiKeyOf(request: IncomingMessage): string | null {
  const header = request.headers['x-api-key']
  if (typeof header === 'string' && header !== '') return header
  const [, scheme, value] = /^(bearer|basic)\s+(\S+)\s*$/i.exec(request.headers.authorization ?? '') ?? []
  if (scheme === undefined || value === undefined) return null
  if (scheme.toLowerCase() === 'bearer') return value
  const basic = Buffer.from(value, 'base64').toString('utf8')
  const colon = basic.indexOf(':')
  return colon < 0 ? null : basic.slice(colon + 1)
}

/** What a request wants to do. */
export type Right = 'ingest' | 'read' | 'inbox' | 'admin' | 'operator'

const RIGHTS: Record<Role | 'none', readonly Right[]> = {
  none: ['ingest', 'read'],
  ingest: ['ingest'],
  read: ['read'],
  person: ['inbox'],
  admin: ['read', 'inbox', 'admin'],
  operator: ['read', 'inbox', 'admin', 'operator'],
}

export function mayUse(role: Role | null, right: Right): boolean {
  return RIGHTS[role ?? 'none'].includes(right)
}

/** Whose key the request brings. Throws HttpError 401, or 403 where the key is not for this. */
export function authenticate(request: IncomingMessage, secrets: Secrets, right: Right): KeyHolder {
  const key = apiKeyOf(request)
  const headers = { 'WWW-Authenticate': 'Bearer realm="mastery"' }
  if (key === null)
    throw new HttpError(401, 'missing_key', 'Send the API key: "Authorization: Bearer <key>" or "X-Api-Key: <key>".', {
      headers,
    })
  const holder = holderOfKey(secrets, key)
  if (holder === null)
    throw new HttpError(
      401,
      'unknown_key',
      'This API key belongs to no tenant. Check that it was copied whole; the tenants file has the hashes of those that are in force.',
      { headers },
    )
  if (!mayUse(holder.role, right))
    throw new HttpError(
      403,
      'forbidden',
      `This API key ${holder.role === null ? 'has no role' : `has the role ${holder.role}`}, and that does not allow this request: it takes a key with the role ${right}. "npx mastery apikey --role ${right}" makes one.`,
      { more: { needs: right } },
    )
  return holder
}

const LOOPBACK = /^(::1|(::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3})$/

/**
 * Whether the request comes from this machine, and not from a page in its browser: the sender's address is a loopback
 * one, and the host that it asked for is this machine, so that no foreign name that resolves here gets in.
 */
export function isLoopback(request: IncomingMessage): boolean {
  if (!LOOPBACK.test(request.socket.remoteAddress ?? '')) return false
  const host = (request.headers.host ?? '').replace(/:\d+$/, '').replace(/^\[|\]$/g, '')
  if (host !== 'localhost' && !LOOPBACK.test(host)) return false
  const origin = request.headers.origin
  if (origin === undefined) return true
  const from = URL.parse(origin)?.hostname.replace(/^\[|\]$/g, '') ?? ''
  return from === 'localhost' || LOOPBACK.test(from)
}
