import type { OpsMetric } from '@mastery/schemas/src/generated/ops-metric.gen.ts'
import { merged } from '../../ops/latency.ts'

export const MINUTE = 60_000
/** Longest window of a rule about parts. */
const KEPT_MS = 15 * MINUTE
/** A process that was not heard for so long, while another of its part was, is no more. */
const STALE_MS = 2 * MINUTE
/** A part that was silent for so long is no part any more. */
const FORGOTTEN_MS = 7 * 86_400_000
/** Reasons are shown, not kept for good. */
const MOST_TEXT = 500

/** What one process last said of a part. Times in milliseconds of `heard`, but `to`. */
export interface Writer {
  service: string
  instance: string
  /** Its newest record, by its own clock: an older one is a repeat. */
  to: number
  heard: number
  /** It was told to end. */
  last: boolean
  lag: number | null
  partitions: number
  stopped: number
  rebuilding: number
  problem: string | null
}

/** What was done within a minute, in all processes. */
export interface Bucket {
  /** Beginning of the minute. */
  at: number
  operations: number
  errors: number
  deadLetters: number
  retries: number
  latency: number[]
  age: number[]
}

/** A stage, or a service that has none, in one generation. */
export interface Part {
  name: string
  generation: number
  /** By service and instance. */
  writers: Map<string, Writer>
  /** Ascending. */
  buckets: Bucket[]
}

export const partKey = (name: string, generation: number): string => `${generation}/${name}`

/** Processes that are there as far as is known. */
export const liveIn = (p: Part): Writer[] => [...p.writers.values()].filter((w) => !w.last)

/**
 * Takes what a process says of a part. `now`: the greatest time of any record, UTC milliseconds; `heard`: the time in
 * which anything was. Gives whether it says something new.
 */
export function takeMetric(parts: Map<string, Part>, m: OpsMetric, now: number, heard: number): boolean {
  const key = partKey(m.part, m.generation)
  const known = parts.get(key)
  const who = `${m.service}\n${m.instance}`
  const before = known?.writers.get(who)
  if (before !== undefined && m.to <= before.to) return false
  const p = known ?? { name: m.part, generation: m.generation, writers: new Map<string, Writer>(), buckets: [] }
  if (known === undefined) parts.set(key, p)
  for (const [other, w] of p.writers) if (other !== who && heard - w.heard >= STALE_MS) p.writers.delete(other)
  p.writers.set(who, {
    service: m.service,
    instance: m.instance,
    to: m.to,
    heard,
    last: m.last,
    lag: m.lag,
    partitions: m.partitions,
    stopped: m.stopped,
    rebuilding: m.rebuilding,
    problem: m.problem?.slice(0, MOST_TEXT) ?? null,
  })
  count(p, m, now)
  return true
}

function count(p: Part, m: OpsMetric, now: number): void {
  const at = Math.floor(now / MINUTE) * MINUTE
  p.buckets = p.buckets.filter((b) => b.at > at - KEPT_MS - MINUTE)
  let b = p.buckets.at(-1)
  if (b?.at !== at)
    p.buckets.push((b = { at, operations: 0, errors: 0, deadLetters: 0, retries: 0, latency: [], age: [] }))
  b.operations += m.operations
  b.errors += m.errors
  b.deadLetters += m.dead_letters
  b.retries += m.retries
  b.latency = merged(b.latency, m.latency)
  b.age = merged(b.age, m.age)
}

/** What was done in the minutes that the window up to `now` touches. */
export function sumOf(p: Part, now: number, window: number): Omit<Bucket, 'at'> {
  const sum = { operations: 0, errors: 0, deadLetters: 0, retries: 0, latency: [] as number[], age: [] as number[] }
  for (const b of p.buckets) {
    if (b.at + MINUTE <= now - window) continue
    sum.operations += b.operations
    sum.errors += b.errors
    sum.deadLetters += b.deadLetters
    sum.retries += b.retries
    sum.latency = merged(sum.latency, b.latency)
    sum.age = merged(sum.age, b.age)
  }
  return sum
}

/** How long nothing was heard of any process of the part, milliseconds; null: all have said that they end. */
export function silenceOf(p: Part, heard: number): number | null {
  const live = liveIn(p)
  return live.length === 0 ? null : heard - Math.max(...live.map((w) => w.heard))
}

/** Lets go of parts that are no more. */
export function forgetParts(parts: Map<string, Part>, heard: number): void {
  for (const [key, p] of parts) {
    const newest = Math.max(...[...p.writers.values()].map((w) => w.heard))
    if (heard - newest >= FORGOTTEN_MS) parts.delete(key)
  }
}

/**
 * Parts as readers see them: of a stage that runs for several generations the one of the active generation. What has
 * no generations writes zero.
 */
export function partsSeen(parts: ReadonlyMap<string, Part>, active: number): Part[] {
  return [...parts.values()]
    .filter((p) => p.generation === active || (p.generation === 0 && !parts.has(partKey(p.name, active))))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}
