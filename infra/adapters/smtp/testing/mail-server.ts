import type { AddressInfo, Socket } from 'node:net'
import { SMTPServer } from 'smtp-server'

/**
 * What the server does with a message. refuse: no such reader, for good. greylist: not now. stall: says nothing more.
 * drop-before: hangs up in the middle of the message. drop-after: takes it, and hangs up without saying so.
 */
export type Manner = 'accept' | 'refuse' | 'greylist' | 'refuse-content' | 'stall' | 'drop-before' | 'drop-after'

export interface Mail {
  messageId: string
  to: string
  raw: string
}

/** A real SMTP server on this machine, in whose mailbox lie the messages that it took, each as often as it took it. */
export class MailServer {
  readonly mailbox: Mail[] = []
  /** How it treats the next message; asked for each. */
  manner: (nth: number) => Manner = () => 'accept'
  /** Hears of each message that it takes, before the sender does; what it throws refuses the message for now. */
  taken: (mail: Mail, nth: number) => void = () => {}
  private asked = 0
  private readonly server: SMTPServer
  port = 0

  constructor(options: { user?: string; password?: string } = {}) {
    const { user, password } = options
    const manners = new Map<string, Manner>()
    this.server = new SMTPServer({
      disabledCommands: user === undefined ? ['AUTH', 'STARTTLS'] : ['STARTTLS'],
      authOptional: user === undefined,
      allowInsecureAuth: true,
      closeTimeout: 500,
      onAuth: (auth, _session, done) =>
        auth.username === user && auth.password === password ? done(null, { user }) : done(new Error('wrong login')),
      onRcptTo: (_address, session, done) => {
        const manner = this.manner(++this.asked)
        manners.set(session.id, manner)
        if (manner === 'refuse') return done(replied(550, '5.1.1 No such reader <nobody@school.example> here'))
        if (manner === 'greylist') return done(replied(451, '4.7.1 Greylisted, come again'))
        done()
      },
      onData: (stream, session, done) => {
        const manner = manners.get(session.id) ?? 'accept'
        const parts: Buffer[] = []
        if (manner === 'drop-before') {
          this.hangUp(session.id)
          return
        }
        stream.on('data', (b: Buffer) => parts.push(b))
        stream.on('end', () => {
          if (manner === 'stall') return
          if (manner === 'refuse-content') return done(replied(554, '5.6.0 Not this content'))
          const raw = Buffer.concat(parts).toString('utf8')
          const messageId = /^Message-ID:\s*(<[^>]+>)/im.exec(raw)?.[1] ?? ''
          const mail = { messageId, to: session.envelope.rcptTo[0]?.address ?? '', raw }
          try {
            this.taken(mail, this.mailbox.length + 1)
          } catch (e) {
            return done(replied(451, `4.3.0 It could not be kept: ${(e as Error).message}`))
          }
          this.mailbox.push(mail)
          if (manner === 'drop-after') this.hangUp(session.id)
          else done()
        })
      },
    })
    this.server.on('error', () => {})
  }

  private hangUp(id: string): void {
    const { connections } = this.server as unknown as { connections: Set<{ id: string; _socket: Socket }> }
    for (const c of connections) if (c.id === id) c._socket.destroy()
  }

  async listen(port = 0): Promise<this> {
    await new Promise<void>((done, failed) => {
      this.server.once('error', failed)
      this.server.listen(port, '127.0.0.1', done)
    })
    this.port = (this.server.server.address() as AddressInfo).port
    return this
  }

  async close(): Promise<void> {
    await new Promise<void>((done) => this.server.close(done))
  }
}

function replied(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode })
}
