import { Worker } from 'node:worker_threads'
import { fileOf, type ParameterSource, parametersBytes, servedArtefact } from '@mastery/topology/models/parameters.ts'
import { type PackedWalk, packWalk, takeOutcome, type WalkOutcome } from '@mastery/topology/served/packed.ts'
import type { AnyServed, Server } from '@mastery/topology/served/served.ts'
import { KeptServers, type ServerSource } from '@mastery/topology/served/servers.ts'

export type ToThread =
  | { type: 'open'; call: number; server: number; model: string; bytes: Uint8Array }
  | { type: 'walk'; call: number; server: number; walks: readonly PackedWalk[] }
  | { type: 'close'; server: number }

export type FromThread =
  | { type: 'done'; call: number; outcomes: WalkOutcome[] | null }
  | { type: 'failed'; call: number; message: string }
  | { type: 'told'; level: 'info' | 'warn'; message: string; fields: Record<string, unknown> }

interface Pending {
  resolve(outcomes: WalkOutcome[] | null): void
  reject(e: Error): void
}

/** Servers in a thread of their own, so that this one's event loop stays free: heartbeats go out, other stages go on. */
class ServingThread {
  private readonly worker = new Worker(new URL('./served-thread-main.ts', import.meta.url))
  private readonly pending = new Map<number, Pending>()
  private calls = 0
  private servers = 0
  private broken: Error | null = null

  constructor(told: (m: Extract<FromThread, { type: 'told' }>) => void) {
    this.worker.on('message', (m: FromThread) => {
      if (m.type === 'told') return told(m)
      const p = this.pending.get(m.call)!
      this.pending.delete(m.call)
      if (this.pending.size === 0) this.worker.unref()
      if (m.type === 'done') p.resolve(m.outcomes)
      else p.reject(new Error(m.message))
    })
    this.worker.on('error', (e) =>
      this.fail(new Error(`The thread of trained models ended: ${(e as Error).message}`, { cause: e })),
    )
    this.worker.on('exit', (code) => {
      if (code !== 0) this.fail(new Error(`The thread of trained models ended with code ${code}.`))
    })
    this.worker.unref()
  }

  private fail(e: Error): void {
    this.broken ??= e
    for (const p of this.pending.values()) p.reject(e)
    this.pending.clear()
  }

  private call(m: (call: number) => ToThread): Promise<WalkOutcome[] | null> {
    if (this.broken) return Promise.reject(this.broken)
    return new Promise((resolve, reject) => {
      const call = ++this.calls
      this.pending.set(call, { resolve, reject })
      // Work that is under way keeps the process alive; a thread that waits does not.
      this.worker.ref()
      this.worker.postMessage(m(call))
    })
  }

  async open(model: AnyServed, payload: ParameterSource): Promise<Server> {
    // Read here, too: whatever is wrong with it is said where it was asked for.
    const artefact = servedArtefact(model, payload)
    const f = fileOf(payload)
    const bytes = f === null ? new TextEncoder().encode(payload!) : parametersBytes(f)
    const server = ++this.servers
    const back = model.looksBack(artefact)
    await this.call((call) => ({ type: 'open', call, server, model: model.id, bytes }))
    return {
      walk: async (walks) => {
        const packed = walks.map((w) => packWalk(w, back))
        const outcomes = await this.call((call) => ({ type: 'walk', call, server, walks: packed }))
        walks.forEach((w, i) => {
          takeOutcome(w, outcomes![i]!)
        })
      },
      close: () => this.worker.postMessage({ type: 'close', server } satisfies ToThread),
    }
  }

  async close(): Promise<void> {
    await this.worker.terminate()
  }
}

/** Servers in another thread, which is started when the first version is needed. */
export function threadServers(told: (m: Extract<FromThread, { type: 'told' }>) => void): ServerSource {
  let thread: ServingThread | null = null
  const kept = new KeptServers((model, payload) => {
    thread ??= new ServingThread(told)
    return thread.open(model, payload)
  })
  return {
    of: (model, key, payload) => kept.of(model, key, payload),
    async close() {
      await thread?.close()
    },
  }
}
