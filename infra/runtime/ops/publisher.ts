import { hostname } from 'node:os'
import type { OpsMetric } from '@mastery/schemas/src/generated/ops-metric.gen.ts'
import type { Tallied } from '@mastery/topology/ops/tally.ts'
import type { Codec } from '@mastery/topology/ports/codec.ts'
import type { EventLog } from '@mastery/topology/ports/event-log.ts'
import type { Telemetry } from '@mastery/topology/ports/telemetry.ts'
import { appendOps } from './append.ts'
import { type Meter, type Meters, NOTHING_TO_READ, type Standing } from './meters.ts'

export interface PublisherParts {
  log: Pick<EventLog, 'append' | 'partitions'>
  codec: Codec
  telemetry: Telemetry
  meters: Meters
}

export interface PublisherOptions {
  /** As ops-metric names it. */
  service: string
  everySeconds: number
  /** UTC milliseconds. */
  now?(): number
  /** How long a part may take to say how it stands, milliseconds. */
  standingMs?: number
  /** How long the last records may take, milliseconds: a process has ten seconds to leave. */
  lastMs?: number
}

/** The first records come soon, so that whoever looks at a process that has just started sees it. */
const FIRST_MS = 1_000

interface Told {
  meter: Meter
  tallied: Tallied
  last: boolean
}

/**
 * Writes one ops-metric for each part of this process, every so often. What can't be written is warned about once and
 * counted in the next record; the service never hears of it.
 */
export class Publisher {
  private readonly parts: PublisherParts
  private readonly options: PublisherOptions
  private readonly instance = `${hostname()}:${process.pid}`
  private readonly started = Math.round(performance.timeOrigin)
  private timer: NodeJS.Timeout | null = null
  private writing: Promise<void> | null = null
  private failing = false

  constructor(parts: PublisherParts, options: PublisherOptions) {
    this.parts = parts
    this.options = options
  }

  start(): void {
    const every = this.options.everySeconds * 1000
    if (every <= 0) return
    const next = (ms: number) => {
      this.timer = setTimeout(() => {
        next(every)
        // Where the log takes longer than the interval, the records after it tell of both.
        this.writing ??= this.write().finally(() => {
          this.writing = null
        })
      }, ms)
      this.timer.unref()
    }
    next(Math.min(FIRST_MS, every))
  }

  /** No more records; to be called before the parts are stopped, so that none of them is taken for gone too early. */
  pause(): void {
    if (this.timer) clearTimeout(this.timer)
    this.timer = null
  }

  /** What is left to be told, once the parts have stopped. `clean`: they were told to; nobody misses them then. */
  async end(clean: boolean): Promise<void> {
    this.pause()
    if (this.options.everySeconds <= 0) return
    const rest = async () => {
      await this.writing
      await this.write(() => clean)
    }
    await atMost(this.options.lastMs ?? 1_500, rest())
  }

  /** `ended`: of which parts this is the last word. */
  private async write(ended: (m: Meter) => boolean = (m) => m.ended): Promise<void> {
    const { meters, log, codec, telemetry } = this.parts
    const all = meters.all()
    if (all.length === 0) return
    const standings = await Promise.all(all.map((m) => this.standingOf(m)))
    const to = this.options.now?.() ?? Date.now()
    const told: Told[] = all.map((meter) => ({
      meter,
      tallied: meter.tally.take(),
      last: ended(meter),
    }))
    try {
      await appendOps(
        log,
        codec,
        told.map((t, i) => ({ subject: 'ops-metric', value: this.record(t, standings[i]!, to), at: to })),
      )
      for (const { meter, last: gone } of told) {
        meter.from = endOf(meter, to)
        if (gone && meter.ended) meters.forget(meter)
      }
      if (this.failing) telemetry.info('ops.metrics takes records again')
      this.failing = false
    } catch (e) {
      for (const { meter, tallied } of told) meter.tally.putBack(tallied)
      if (!this.failing)
        telemetry.warn(
          `How this service fares can't be written to ops.metrics; it goes on and tries again: ${(e as Error).message}`,
        )
      this.failing = true
    }
  }

  private async standingOf(meter: Meter): Promise<Standing> {
    if (meter.ended) return NOTHING_TO_READ
    const unknown = new Promise<Standing>((resolve) => {
      setTimeout(() => resolve(NOTHING_TO_READ), this.options.standingMs ?? 5_000).unref()
    })
    return Promise.race([meter.standing().catch(() => NOTHING_TO_READ), unknown])
  }

  private record({ meter, tallied, last }: Told, standing: Standing, to: number): OpsMetric {
    return {
      service: this.options.service,
      part: meter.part,
      instance: this.instance,
      generation: meter.generation,
      from: meter.from,
      to: endOf(meter, to),
      started: this.started,
      last,
      ...tallied,
      ...standing,
    }
  }
}

/** Of an interval, in milliseconds: later than its beginning, also where the clock was set back, or readers take it for a copy. */
const endOf = ({ from }: Meter, to: number): number => Math.max(from + 1, to)

/** Waits for `work` so long at most; it goes on alone then, and what becomes of it is nobody's business any more. */
function atMost(ms: number, work: Promise<void>): Promise<void> {
  return Promise.race([work.catch(() => {}), new Promise<void>((resolve) => setTimeout(resolve, ms))])
}
