import { exampleMessage, notifierContract } from '@mastery/topology/testing/notifier-contract.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type HookManner, HookServer } from './testing/hook-server.ts'
import { signatureOf, WebhookNotifier, type WebhookOptions } from './webhook.ts'

const optionsOf = (port: number, more: Partial<WebhookOptions> = {}): WebhookOptions => ({
  url: `http://127.0.0.1:${port}/hook`,
  secret: 'a long secret',
  names: false,
  timeoutMs: 700,
  now: () => 1_788_000_000_999,
  ...more,
})

const MANNERS: Record<string, HookManner> = {
  'refuses for good': 422,
  'refuses for now': 503,
  stalls: 'stall',
  'hangs up before': 'drop-before',
  'hangs up after': 'drop-after',
}

notifierContract(async () => {
  const server = await new HookServer().listen()
  return {
    notifier: new WebhookNotifier(optionsOf(server.port)),
    gone: new WebhookNotifier(optionsOf(1)),
    taken: async () => server.taken.map((h) => h.id),
    failing(how) {
      const manner = how === null ? 200 : MANNERS[how]!
      server.manner = () => manner
    },
    close: () => server.close(),
  }
})

describe('a webhook', () => {
  let server: HookServer
  beforeAll(async () => {
    server = await new HookServer().listen()
  })
  afterAll(() => server.close())

  it('is signed over its time and body, and has nobody by name', async () => {
    await new WebhookNotifier(optionsOf(server.port)).send(exampleMessage(5))
    const { headers, body } = server.taken.at(-1)!
    expect(headers['x-mastery-timestamp']).toBe('1788000000')
    expect(headers['x-mastery-signature']).toBe(signatureOf('a long secret', '1788000000', body))
    expect(signatureOf('another secret', '1788000000', body)).not.toBe(headers['x-mastery-signature'])
    expect(signatureOf('a long secret', '1788000001', body)).not.toBe(headers['x-mastery-signature'])
    expect(body).not.toMatch(/Dora|Ann/)
    expect(JSON.parse(body)).toMatchObject({ delivery_id: exampleMessage(5).delivery.delivery_id, language: 'en' })
  })

  it('has the text where the tenant asked for it', async () => {
    await new WebhookNotifier(optionsOf(server.port, { names: true })).send(exampleMessage(6))
    expect(JSON.parse(server.taken.at(-1)!.body)).toMatchObject({ text: expect.stringContaining('Ann') })
  })

  it.each([
    [301, 'MessageRefused'],
    [400, 'MessageRefused'],
    [410, 'MessageRefused'],
    [401, 'TransientError'],
    [408, 'TransientError'],
    [429, 'TransientError'],
    [500, 'TransientError'],
  ])('answered with HTTP %i is a %s', async (status, name) => {
    server.manner = () => status
    const error = await new WebhookNotifier(optionsOf(server.port)).send(exampleMessage(7)).catch((e: Error) => e)
    server.manner = () => 200
    expect((error as Error).name).toBe(name)
    expect((error as Error).message).toContain(String(status))
  })
})
