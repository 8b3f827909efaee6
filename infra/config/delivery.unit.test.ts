import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { loadDelivery } from './delivery.ts'

const folder = mkdtempSync(join(tmpdir(), 'delivery-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let n = 0
function fileOf(tenants: object, more: object = {}): string {
  const path = join(folder, `${++n}.json`)
  const rest = {
    publicUrl: 'https://x.example',
    studentPage: '{publicUrl}/s/{student}',
    inboxPage: 'https://y.example/inbox',
    maxAgeHours: 72,
    perHour: 6,
    attempts: 3,
    backoffSeconds: 1,
  }
  writeFileSync(path, JSON.stringify({ ...rest, tenants, ...more }))
  return path
}
const mail = { host: 'mail.example', port: 587, tls: 'starttls', from: 'alerts@x.example' }
const none = { language: 'en', mail: null, webhook: null }

describe('how people are reached', () => {
  it('is nobody outside, as shipped', () => {
    const shipped = loadDelivery({})
    expect(shipped.of('school')).toEqual(none)
    expect(shipped.maxAgeHours).toBe(72)
  })

  it('is per tenant, with those that are not named as "*" has it', () => {
    const secret = join(folder, 'hook-secret')
    writeFileSync(secret, 'a secret of the hook\n', { mode: 0o600 })
    const config = loadDelivery(
      { SMTP_PASSWORD: 'a secret of the mail' },
      fileOf({
        '*': none,
        north: { ...none, language: 'de', mail: { ...mail, user: 'u', password: { env: 'SMTP_PASSWORD' } } },
        south: { ...none, webhook: { url: 'https://hook.example', secret: { file: secret } } },
      }),
    )
    expect(config.of('elsewhere')).toEqual(none)
    expect(config.of('north').mail).toMatchObject({
      host: 'mail.example',
      password: 'a secret of the mail',
      timeoutSeconds: 30,
    })
    expect(config.of('south').webhook).toMatchObject({ secret: 'a secret of the hook', names: false })
  })

  it('is refused with every mistake, and without a secret', () => {
    const open = join(folder, 'open-secret')
    writeFileSync(open, 'seen by all of them')
    chmodSync(open, 0o644)
    const message = (tenants: object, more: object = {}) => {
      try {
        loadDelivery({ SHORT: 'x' }, fileOf(tenants, more))
        return ''
      } catch (e) {
        return (e as Error).message
      }
    }
    expect(message({ a: { ...none, mail: { ...mail, port: 0, from: 'A <a@x.example>' } } }, { perHour: 0 })).toMatch(
      /perHour.*tenants\.a\.mail\.port.*tenants\.a\.mail\.from/,
    )
    const secrets = message({
      a: { ...none, mail: { ...mail, user: 'u', password: { env: 'UNSET' } } },
      b: { ...none, webhook: { url: 'https://h.example', secret: { file: open } } },
      c: { ...none, webhook: { url: 'https://h.example', secret: { env: 'SHORT' } } },
      d: { ...none, mail: { ...mail, user: 'u' } },
      e: { ...none, webhook: { url: 'https://h.example', secret: { file: join(folder, 'nowhere') } } },
    })
    for (const part of [
      'tenants.a.mail.password: the environment variable UNSET is not set',
      'tenants.b.webhook.secret: The secret file',
      'chmod 600',
      'tenants.c.webhook.secret: the secret has fewer than 8 bytes',
      'tenants.d.mail: give user and password, or neither',
      'tenants.e.webhook.secret: there is no file',
    ])
      expect(secrets).toContain(part)
    expect(secrets).not.toContain('seen by all of them')
    expect(message({ a: { ...none, webhook: { url: 'https://h.example', secret: 'in the clear' } } })).toMatch(
      /tenants\.a\.webhook\.secret/,
    )
  })
})
