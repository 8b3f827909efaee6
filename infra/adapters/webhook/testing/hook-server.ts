import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A status to answer with, or: says nothing; hangs up unread; takes the message and hangs up without saying so. */
export type HookManner = number | 'stall' | 'drop-before' | 'drop-after'

export interface Hook {
  id: string
  headers: Record<string, string>
  body: string
}

/** A real HTTP receiver on this machine, with the messages that it took, each as often as it took it. */
export class HookServer {
  readonly taken: Hook[] = []
  manner: (nth: number) => HookManner = () => 200
  port = 0
  private asked = 0
  private readonly server: Server

  constructor() {
    this.server = createServer((request, response) => {
      const manner = this.manner(++this.asked)
      if (manner === 'drop-before') return void request.socket.destroy()
      const parts: Buffer[] = []
      request.on('data', (b: Buffer) => parts.push(b))
      request.on('end', () => {
        if (manner === 'stall') return
        if (typeof manner === 'number' && (manner < 200 || manner >= 300)) {
          response.writeHead(manner, manner < 400 ? { Location: 'http://127.0.0.1:1/elsewhere' } : {}).end()
          return
        }
        const headers = request.headers as Record<string, string>
        this.taken.push({ id: headers['x-mastery-id'] ?? '', headers, body: Buffer.concat(parts).toString('utf8') })
        if (manner === 'drop-after') request.socket.destroy()
        else response.writeHead(manner).end('{"ok":true}')
      })
    })
  }

  async listen(): Promise<this> {
    await new Promise<void>((done) => this.server.listen(0, '127.0.0.1', done))
    this.port = (this.server.address() as AddressInfo).port
    return this
  }

  async close(): Promise<void> {
    this.server.closeAllConnections()
    await new Promise<void>((done) => this.server.close(() => done()))
  }
}
