import type { OpsMetric } from '@mastery/schemas/src/generated/ops-metric.gen.ts'

const WIDTH = 10 * 60_000
/** Longest window of a rule about sources. */
const KEPT_MS = 2 * 86_400_000
/** Names of sources come from outside. */
const MOST_SOURCES = 2_000

/** What came from one source of one organisation. */
export interface Source {
  tenant: string
  name: string
  /** Ascending, each of ten minutes. */
  buckets: { at: number; accepted: number; rejected: number }[]
}

const keyOf = (tenant: string, name: string) => `${tenant}\n${name}`

export function takeSources(sources: Map<string, Source>, m: OpsMetric, now: number): void {
  const at = Math.floor(now / WIDTH) * WIDTH
  for (const { tenant, source, accepted, rejected } of m.sources) {
    if (accepted + rejected === 0) continue
    const key = keyOf(tenant, source)
    let s = sources.get(key)
    if (s === undefined) {
      if (sources.size >= MOST_SOURCES) dropQuiet(sources, at)
      if (sources.size >= MOST_SOURCES) continue
      sources.set(key, (s = { tenant, name: source, buckets: [] }))
    }
    let b = s.buckets.at(-1)
    if (b?.at !== at) {
      s.buckets = s.buckets.filter((x) => x.at > at - KEPT_MS - WIDTH)
      s.buckets.push((b = { at, accepted: 0, rejected: 0 }))
    }
    b.accepted += accepted
    b.rejected += rejected
  }
}

/** Sources of which nothing came within the longest window. */
function dropQuiet(sources: Map<string, Source>, at: number): void {
  for (const [key, s] of sources) if (s.buckets.at(-1)!.at <= at - KEPT_MS) sources.delete(key)
}

/** Events in the ten minutes that the window up to `now` touches. */
export function eventsOf(s: Source, now: number, window: number): { accepted: number; rejected: number } {
  const sum = { accepted: 0, rejected: 0 }
  for (const b of s.buckets) {
    if (b.at + WIDTH <= now - window) continue
    sum.accepted += b.accepted
    sum.rejected += b.rejected
  }
  return sum
}
