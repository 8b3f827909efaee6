import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** Bytes of one connection and direction that are held back before the sender is slowed down. */
const HELD_BYTES = 256 * 1024
const SLICE_BYTES = 8 * 1024
const HOST = '127.0.0.1'

interface Connection {
  client: Socket
  server: Socket
  /** The answer that comes next is swallowed, and the connection reset. */
  losing: boolean
  /** Nothing passes any more, and nobody is told. */
  stranded: boolean
}

/**
 * A TCP proxy with faults, between a client and a server that know nothing of it. All faults are off at first; what is
 * set holds for connections that exist as for new ones.
 */
export class TcpProxy {
  /** Added to every chunk, each way, milliseconds. Chunks under way at once are delayed together. */
  latencyMs = 0
  /** Per connection and direction. */
  bytesPerSecond = Number.POSITIVE_INFINITY
  /** Nothing passes and nobody is told: a cable that was pulled. Bytes that came before the fault still pass. */
  halfOpen = false
  /** Sent to the client in answer to its first chunk, which goes nowhere; then the connection ends. */
  answer: Buffer | null = null
  /** Connections taken, and answers swallowed. */
  readonly seen = { connections: 0, lost: 0 }
  private readonly target: { host: string; port: number }
  private readonly open = new Set<Connection>()
  private losses = { left: 0, when: (_request: Buffer) => true }
  private server: Server | null = null
  private bound = 0

  constructor(target: { host: string; port: number }) {
    this.target = target
  }

  /** A proxy before the server of a URL, or of host:port. */
  static async before(address: string): Promise<TcpProxy> {
    const { hostname, port } = new URL(address.includes('://') ? address : `tcp://${address}`)
    const proxy = new TcpProxy({ host: hostname, port: Number(port) })
    await proxy.listen()
    return proxy
  }

  /** The address, with this proxy in the server's place. */
  address(of: string): string {
    return of.replace(`:${this.target.port}`, `:${this.bound}`)
  }

  get port(): number {
    return this.bound
  }

  /** Takes connections, again after `refuse` at the same port. */
  async listen(): Promise<void> {
    if (this.server) return
    const server = createServer((client) => this.take(client))
    server.listen(this.bound, HOST)
    await once(server, 'listening')
    this.bound = (server.address() as AddressInfo).port
    this.server = server
  }

  /** Resets every connection and refuses new ones. */
  async refuse(): Promise<void> {
    const { server } = this
    this.server = null
    if (!server) return
    const closed = once(server, 'close')
    server.close()
    this.reset()
    await closed
  }

  /** Cuts every connection with a reset. */
  reset(): void {
    for (const c of [...this.open]) this.cut(c)
  }

  /** The server gets the next `count` requests that fit, and the client never gets the answers: a reset instead. */
  loseAnswers(count: number, when: (request: Buffer) => boolean = () => true): void {
    this.losses = { left: count, when }
  }

  /** Present connections fall silent for good, as when a firewall has forgotten them; new ones are well. */
  strand(): void {
    for (const c of this.open) c.stranded = true
  }

  async close(): Promise<void> {
    await this.refuse()
  }

  private cut(c: Connection): void {
    this.open.delete(c)
    c.client.resetAndDestroy()
    c.server.resetAndDestroy()
  }

  private take(client: Socket): void {
    this.seen.connections++
    const server = connect(this.target)
    const c: Connection = { client, server, losing: false, stranded: false }
    this.open.add(c)
    for (const s of [client, server]) {
      s.setNoDelay(true)
      s.on('error', () => this.cut(c))
      s.on('close', () => this.open.delete(c))
    }
    this.pump(client, server, (chunk) => {
      if (c.stranded) return false
      if (this.answer) {
        client.end(this.answer)
        return false
      }
      if (this.losses.left > 0 && this.losses.when(chunk)) {
        this.losses.left--
        c.losing = true
      }
      return true
    })
    this.pump(server, client, () => {
      if (c.stranded) return false
      if (!c.losing) return true
      this.seen.lost++
      this.cut(c)
      return false
    })
  }

  /** Hands chunks on in their order, each when its time has come; `pass` sees it first and may keep it. */
  private pump(from: Socket, to: Socket, pass: (chunk: Buffer) => boolean): void {
    const queue: { chunk: Buffer; due: number }[] = []
    let held = 0
    let busy = false
    let ended = false
    const work = async () => {
      if (busy) return
      busy = true
      for (let next = queue.shift(); next; next = queue.shift()) {
        const early = next.due - performance.now()
        if (early > 0) await pause(early)
        while (this.halfOpen && !from.destroyed) await pause(20)
        await this.write(to, next.chunk)
        held -= next.chunk.length
        if (held < HELD_BYTES) from.resume()
      }
      busy = false
      if (ended) to.end()
    }
    from.on('data', (chunk: Buffer) => {
      if (!pass(chunk)) return
      queue.push({ chunk, due: performance.now() + this.latencyMs })
      held += chunk.length
      if (held >= HELD_BYTES) from.pause()
      void work()
    })
    from.on('end', () => {
      ended = true
      void work()
    })
  }

  private async write(to: Socket, chunk: Buffer): Promise<void> {
    for (let at = 0; at < chunk.length && !to.destroyed; ) {
      const rate = this.bytesPerSecond
      const slice = Number.isFinite(rate) ? chunk.subarray(at, at + SLICE_BYTES) : chunk.subarray(at)
      at += slice.length
      if (Number.isFinite(rate)) await pause((slice.length / rate) * 1000)
      if (!to.write(slice) && !to.destroyed) await Promise.race([once(to, 'drain'), once(to, 'close')]).catch(() => {})
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
