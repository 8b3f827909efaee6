import { randomUUID } from 'node:crypto'
import type { Marker } from '@mastery/schemas/src/generated/marker.gen.ts'
import {
  controlKey,
  controlMarker,
  FIRST,
  type Generation,
  generationOf,
} from '@mastery/topology/generations/generation.ts'
import type { Codec } from '@mastery/topology/ports/codec.ts'
import type { EventLog } from '@mastery/topology/ports/event-log.ts'
import { broadcastMarker } from './broadcast.ts'

const CHUNK = 1000

/** What mastery.control says of the generations, kept up to date by reading on. All of it stands in partition 0. */
export class Generations {
  private readonly log: EventLog
  private readonly codec: Codec
  private readonly known = new Map<number, Generation>([[0, FIRST]])
  private next = 0

  constructor(log: EventLog, codec: Codec) {
    this.log = log
    this.codec = codec
  }

  /** Reads what came since the last call. True where something did. */
  async refresh(): Promise<boolean> {
    const { start, end } = await this.log.bounds('mastery.control', 0)
    if (end <= this.next) return false
    for (let from = Math.max(start, this.next); from < end; ) {
      const records = await this.log.read('mastery.control', 0, from, CHUNK)
      if (records.length === 0) break
      for (const r of records) {
        const g = generationOf(this.codec.decode(r.value).value as Marker)
        if (g) this.known.set(g.id, g)
      }
      from = records.at(-1)!.offset + 1
    }
    this.next = end
    return true
  }

  all(): Generation[] {
    return [...this.known.values()].sort((a, b) => a.id - b.id)
  }

  get(id: number): Generation | undefined {
    return this.known.get(id)
  }

  /** The one that readers see: of several that say so the newest. */
  get active(): Generation {
    const active = this.all().filter((g) => g.status === 'active')
    return active.reduce((a, b) => (b.changedAt >= a.changedAt ? b : a), active[0] ?? FIRST)
  }

  /** Writes statuses, all in one append. */
  async set(...changed: Generation[]): Promise<void> {
    await this.log.append(
      changed.map((g) => ({
        topic: 'mastery.control' as const,
        partition: 0,
        key: controlKey(g.id),
        value: this.codec.encode('marker', controlMarker(g)),
        timestamp: g.changedAt,
      })),
    )
    await this.refresh()
  }

  /** Tells the partitions of learning.events and ops.metrics: each switches where its copy stands. */
  async mark(action: Marker['action'], g: Generation, now: number): Promise<void> {
    const value = this.codec.encode('marker', {
      marker_id: randomUUID(),
      action,
      subject: 'generation',
      name: 'pipeline',
      version: String(g.id),
      payload: null,
      issued_at: now,
    })
    await broadcastMarker(this.log, { key: 'marker', value, timestamp: now })
  }

  /** Looks every `everyMs`; `changed` runs after news, one call at a time, and again where it failed. Gives the way to stop. */
  watch(everyMs: number, changed: () => Promise<void> | void, failed: (e: Error) => void): () => Promise<void> {
    let stopped = false
    let news = false
    let wake: () => void = () => {}
    const loop = (async () => {
      while (!stopped) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, everyMs)
          wake = () => {
            clearTimeout(timer)
            resolve()
          }
        })
        if (stopped) return
        try {
          if (await this.refresh()) news = true
          if (!news) continue
          await changed()
          news = false
        } catch (e) {
          failed(e as Error)
        }
      }
    })()
    return () => {
      stopped = true
      wake()
      return loop
    }
  }
}
