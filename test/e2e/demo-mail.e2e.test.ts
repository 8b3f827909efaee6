import { join, resolve } from 'node:path'
import { MailServer } from '@mastery/infra/adapters/smtp/testing/mail-server.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runScript } from '../processes/cli.ts'

const DEMO = join(resolve(import.meta.dirname, '../..'), 'services/cli/src/demo-main.ts')
const SMALL = ['--students', '20', '--events', '8000', '--json']

interface Mailed {
  messages: number
  accepted: number
  unwanted: number
  dead: number
  message_ids: string[]
}

let server: MailServer
beforeAll(async () => {
  server = await new MailServer().listen()
})
afterAll(() => server.close())

const mailedIn = (out: string) => (JSON.parse(out.trimEnd().split('\n').at(-1)!) as { mailed: Mailed }).mailed

describe('npm run demo -- --mail-to', { timeout: 180_000 }, () => {
  it("puts the mails of the school's last week into the mailbox, each under an id of its own", async () => {
    // One is put off, and one is taken by a server that hangs up before it says so: that one comes again.
    server.manner = (nth) => (nth === 1 ? 'greylist' : nth === 2 ? 'drop-after' : 'accept')
    const { code, out, err } = await runScript(DEMO, [...SMALL, '--mail-to', `smtp://127.0.0.1:${server.port}`])
    expect([code, err.includes('Error')]).toEqual([0, false])
    const mailed = mailedIn(out)
    expect(mailed.messages).toBeGreaterThan(2)
    expect([mailed.dead, mailed.accepted + mailed.unwanted]).toEqual([0, mailed.messages])
    const ids = server.mailbox.map((m) => m.messageId)
    expect([...new Set(ids)].sort()).toEqual([...mailed.message_ids].sort())
    expect(ids).toHaveLength(mailed.accepted + 1)
    for (const m of server.mailbox) {
      expect(m.to).toMatch(/@mail\.example$/)
      expect(m.raw).toMatch(/^List-Unsubscribe-Post: List-Unsubscribe=One-Click/m)
    }
  })

  it('says before it simulates anything that no mail server is there, and how the address is written', async () => {
    const none = await runScript(DEMO, [...SMALL, '--mail-to', 'smtp://127.0.0.1:1'])
    expect(none.err).toMatch(/no SMTP server greets at 127\.0\.0\.1:1 \(ECONNREFUSED\).*npm run mailbox/s)
    expect([none.code, none.out]).toEqual([1, ''])
    const wrong = await runScript(DEMO, [...SMALL, '--mail-to', '127.0.0.1:2525'])
    expect(wrong.err).toMatch(/--mail-to is "127\.0\.0\.1:2525"; right would be smtp:\/\/HOST:PORT/)
    expect(wrong.code).toBe(2)
  })
})
