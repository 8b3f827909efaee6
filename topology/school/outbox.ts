import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import { HOUR } from './calendar.ts'
import type { Random } from './random.ts'

/** An event counts as late from this difference between observed_at and occurred_at, milliseconds. */
export const LATE_FROM = HOUR

export interface Delivery {
  event: LearningEvent
  duplicate: boolean
}

/** Chances per event, or per session for `offline`: all answers of a session are observed when the device is back. */
const DUPLICATED = 0.01
const DELAYED = 0.01
export const OFFLINE = 0.01

/**
 * Events on their way to the collector, in buckets of one hour of observed_at, so that memory is bounded by what is on
 * its way. `remaining` counts down to exactly zero: when it is zero nothing more may happen in the school.
 */
export class Outbox {
  remaining: number
  readonly #random: Random
  readonly #buckets = new Map<number, Delivery[]>()

  constructor(random: Random, events: number) {
    this.#random = random
    this.remaining = events
  }

  /**
   * Sends an event whose occurred_at is set; sets its observed_at. `back`: when the device is online again, null for
   * one that is online. There must be room for one.
   */
  send(event: LearningEvent, back: number | null): void {
    const random = this.#random
    const server = event.authority === 'server'
    let observed = event.occurred_at + random.between(server ? 40 : 150, server ? 900 : 2500)
    if (back !== null) observed = Math.max(observed, back + (event.source_sequence % 50))
    else if (random.chance(DELAYED)) observed += LATE_FROM + hoursToDays(random)
    event.observed_at = observed
    this.#post(event, false)
    if (this.remaining > 0 && random.chance(DUPLICATED)) {
      const again = random.chance(0.7) ? random.between(800, 40_000) : random.between(60_000, 30 * HOUR)
      this.#post({ ...event, observed_at: observed + again }, true)
    }
  }

  #post(event: LearningEvent, duplicate: boolean): void {
    this.remaining--
    const hour = Math.floor(event.observed_at / HOUR)
    const bucket = this.#buckets.get(hour)
    if (bucket) bucket.push({ event, duplicate })
    else this.#buckets.set(hour, [{ event, duplicate }])
  }

  /** Takes what is observed within the hour (hours since the epoch), in order of observed_at. */
  take(hour: number): Delivery[] {
    const bucket = this.#buckets.get(hour)
    if (!bucket) return []
    this.#buckets.delete(hour)
    return bucket.sort((a, b) => a.event.observed_at - b.event.observed_at)
  }

  /** The hours that still hold something, ascending. */
  hours(): number[] {
    return [...this.#buckets.keys()].sort((a, b) => a - b)
  }
}

/** Up to three days, the short ones more often. */
export function hoursToDays(random: Random): number {
  const u = random.uniform()
  return Math.floor(u * u * 72 * HOUR)
}
