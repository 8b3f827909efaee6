import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { TcpProxy } from './proxy.ts'

/** Answers each line with the same line, and remembers all lines. */
let server: Server
let got: string[]
let proxy: TcpProxy
const clients: Socket[] = []

beforeEach(async () => {
  got = []
  server = createServer((s) => {
    s.on('error', () => {})
    s.on('data', (b: Buffer) => {
      got.push(b.toString())
      s.write(b)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  proxy = await TcpProxy.before(`redis://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
afterEach(async () => {
  for (const c of clients.splice(0)) c.destroy()
  await proxy.close()
  server.close()
})

class Client {
  received = ''
  ended: string | null = null
  readonly socket: Socket
  constructor() {
    this.socket = connect(proxy.port, '127.0.0.1')
    clients.push(this.socket)
    this.socket.on('data', (b: Buffer) => {
      this.received += b.toString()
    })
    this.socket.on('error', (e) => {
      this.ended = (e as NodeJS.ErrnoException).code ?? e.message
    })
    this.socket.on('close', () => {
      this.ended ??= 'closed'
    })
  }
  async until(what: () => boolean, ms = 3_000): Promise<void> {
    for (let waited = 0; !what(); waited += 5) {
      if (waited > ms) throw new Error(`It did not happen; received ${this.received.length}, ended ${this.ended}.`)
      await new Promise((r) => setTimeout(r, 5))
    }
  }
}

describe('the TCP proxy', () => {
  it('passes everything both ways, and its end', async () => {
    const c = new Client()
    const large = 'x'.repeat(3_000_000)
    c.socket.write(large)
    await c.until(() => c.received.length === large.length)
    expect(c.received).toBe(large)
    c.socket.end()
    await c.until(() => c.ended === 'closed')
    expect(proxy.address('redis://127.0.0.1:1')).toBe('redis://127.0.0.1:1')
    expect(proxy.address(`http://127.0.0.1:${(server.address() as AddressInfo).port}/path`)).toBe(
      `http://127.0.0.1:${proxy.port}/path`,
    )
  })

  it('delays chunks together, in their order', async () => {
    proxy.latencyMs = 60
    const c = new Client()
    const started = performance.now()
    for (const n of [1, 2, 3]) {
      c.socket.write(`${n}`)
      await new Promise((r) => setTimeout(r, 15))
    }
    await c.until(() => c.received === '123')
    // Each way once; three delays one after the other would be six of them.
    expect(performance.now() - started).toBeGreaterThanOrEqual(118)
  })

  it('limits the rate, and holds the sender back', async () => {
    proxy.bytesPerSecond = 100_000
    const c = new Client()
    c.socket.write('y'.repeat(30_000))
    const started = performance.now()
    await c.until(() => c.received.length === 30_000)
    expect(performance.now() - started).toBeGreaterThanOrEqual(290)
    // More than the buffers of the kernel take.
    for (let i = 0; i < 300; i++) c.socket.write(Buffer.alloc(64 * 1024))
    await new Promise((r) => setTimeout(r, 100))
    expect(c.socket.writableLength).toBeGreaterThan(0)
  })

  it('loses an answer after the request has arrived, once, and only of requests that fit', async () => {
    proxy.loseAnswers(1, (request) => request.includes('commit'))
    const c = new Client()
    c.socket.write('load')
    await c.until(() => c.received === 'load')
    c.socket.write('commit')
    await c.until(() => c.ended !== null)
    expect(c.ended).toBe('ECONNRESET')
    expect([got, c.received, proxy.seen.lost]).toEqual([['load', 'commit'], 'load', 1])
    const again = new Client()
    again.socket.write('commit')
    await again.until(() => again.received === 'commit')
  })

  it('says nothing to anybody while half-open, and goes on after', async () => {
    const c = new Client()
    c.socket.write('a')
    await c.until(() => c.received === 'a')
    proxy.halfOpen = true
    c.socket.write('b')
    await new Promise((r) => setTimeout(r, 80))
    expect([got, c.received, c.ended]).toEqual([['a'], 'a', null])
    proxy.halfOpen = false
    await c.until(() => c.received === 'ab')
  })

  it('resets, refuses, and listens again at the same port', async () => {
    const c = new Client()
    c.socket.write('a')
    await c.until(() => c.received === 'a')
    proxy.reset()
    await c.until(() => c.ended === 'ECONNRESET')
    await proxy.refuse()
    const refused = new Client()
    await refused.until(() => refused.ended === 'ECONNREFUSED')
    await proxy.listen()
    const later = new Client()
    later.socket.write('z')
    await later.until(() => later.received === 'z')
  })

  it("answers in the server's place", async () => {
    proxy.answer = Buffer.from('500')
    const c = new Client()
    c.socket.write('insert')
    await c.until(() => c.received === '500')
    expect(got).toEqual([])
  })
})
