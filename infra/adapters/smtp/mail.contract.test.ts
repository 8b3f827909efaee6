import { exampleMessage, notifierContract } from '@mastery/topology/testing/notifier-contract.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SmtpNotifier, type SmtpOptions } from './mail.ts'
import { MailServer, type Manner } from './testing/mail-server.ts'

const optionsOf = (port: number, more: Partial<SmtpOptions> = {}): SmtpOptions => ({
  host: '127.0.0.1',
  port,
  tls: 'none',
  user: null,
  password: null,
  from: 'alerts@school.example',
  fromName: 'A School, "North"',
  timeoutMs: 700,
  connections: 3,
  ...more,
})

const MANNERS: Record<string, Manner> = {
  'refuses for good': 'refuse',
  'refuses for now': 'greylist',
  stalls: 'stall',
  'hangs up before': 'drop-before',
  'hangs up after': 'drop-after',
}

notifierContract(async () => {
  const server = await new MailServer().listen()
  const notifier = new SmtpNotifier(optionsOf(server.port))
  const gone = new SmtpNotifier(optionsOf(1))
  return {
    notifier,
    gone,
    taken: async () => server.mailbox.map((m) => m.messageId),
    failing(how) {
      const manner = how === null ? 'accept' : MANNERS[how]!
      server.manner = () => manner
    },
    async close() {
      await notifier.close()
      await gone.close()
      await server.close()
    },
  }
})

describe('a mail', () => {
  let server: MailServer
  let notifier: SmtpNotifier
  beforeAll(async () => {
    server = await new MailServer({ user: 'mastery', password: 'a long secret' }).listen()
    notifier = new SmtpNotifier(optionsOf(server.port, { user: 'mastery', password: 'a long secret' }))
  })
  afterAll(async () => {
    await notifier.close()
    await server.close()
  })

  it('has both forms, a stable id, and one-click unsubscription', async () => {
    await notifier.send(exampleMessage(77))
    const { raw, to } = server.mailbox.at(-1)!
    expect(to).toBe('dora@school.example')
    expect(raw).toMatch(/^Message-ID: <0{30}4d@school\.example>/m)
    expect(raw).toMatch(/^Content-Type: multipart\/alternative/m)
    expect(raw).toMatch(/^Content-Type: text\/plain/m)
    expect(raw).toMatch(/^Content-Type: text\/html/m)
    expect(raw).toMatch(/^List-Unsubscribe: <http:\/\/127\.0\.0\.1:8080\/unsubscribe\?token=x\.y>/m)
    expect(raw).toMatch(/^List-Unsubscribe-Post: List-Unsubscribe=One-Click/m)
    expect(raw).toMatch(/^Auto-Submitted: auto-generated/m)
    expect(raw).toMatch(/^Content-Language: en/m)
    expect(raw).toMatch(/^Date: Mon, 07 Sep 2026 15:30:00 \+0000/m)
    expect(raw).not.toMatch(/<img/i)
  })

  it('goes to one reader, whatever the address says', async () => {
    for (const address of ['a@x.example\r\nBcc: all@x.example', 'a@x.example, b@x.example']) {
      const before = server.mailbox.length
      await notifier.send(exampleMessage(78, { address })).catch(() => {})
      for (const m of server.mailbox.slice(before)) {
        expect(m.raw).not.toMatch(/^Bcc:/im)
        expect(m.to).not.toContain(',')
      }
    }
  })

  it('is tried again where the login is refused: a password can be mended, and the secret is not told', async () => {
    const wrong = new SmtpNotifier(optionsOf(server.port, { user: 'mastery', password: 'another secret' }))
    const error = await wrong.send(exampleMessage(79)).catch((e: Error) => e)
    await wrong.close()
    expect((error as Error).name).toBe('TransientError')
    expect((error as Error).message).not.toContain('another secret')
  })

  it('is not sent in the clear where TLS was asked for', async () => {
    const strict = new SmtpNotifier(optionsOf(server.port, { tls: 'starttls' }))
    const before = server.mailbox.length
    await expect(strict.send(exampleMessage(80))).rejects.toThrow()
    await strict.close()
    expect(server.mailbox.length).toBe(before)
  })

  it('has no reader where there is no address', async () => {
    await expect(notifier.send(exampleMessage(81, { address: null }))).rejects.toThrow(/no mail address/)
  })
})
