import type { OpsMetric } from '@mastery/schemas/src/generated/ops-metric.gen.ts'
import { merged, quantileMs } from './latency.ts'

/** Rates and quantiles are of so many milliseconds up to a part's newest record. */
export const RECENT_MS = 15 * 60_000

/**
 * running, or: stopped (a partition stands still), rebuilding, silent (nothing was heard of it for three intervals, and
 * a minute at least), ended (it was told to).
 */
export type PartState = 'running' | 'stopped' | 'rebuilding' | 'silent' | 'ended'

/** How one part of one generation stands, over all its processes. The view v_pipeline of gold says the same. */
export interface PartStanding {
  service: string
  part: string
  generation: number
  state: PartState
  /** UTC milliseconds. */
  last_seen: number
  /** Processes that have it now. */
  instances: number
  lag: number | null
  partitions: number
  stopped: number
  rebuilding: number
  problem: string
  operations: number
  per_second: number | null
  p50_ms: number | null
  p99_ms: number | null
  age_p50_ms: number | null
  age_p99_ms: number | null
  errors: number
  error_share: number | null
  dead_letters: number
  retries: number
}

/** How long after its end the next record of the same part should have come. */
const patience = (m: OpsMetric) => Math.max(60_000, 3 * (m.to - m.from))

/** How every part stands at `now`, UTC milliseconds, from records in any order; in order of service, part, generation. */
export function pipelineOf(metrics: Iterable<OpsMetric>, now: number): PartStanding[] {
  const parts = new Map<string, OpsMetric[]>()
  for (const m of metrics) {
    const key = [m.service, m.part, m.generation].join('\n')
    const there = parts.get(key)
    if (there) there.push(m)
    else parts.set(key, [m])
  }
  const all = [...parts.values()].map((of) => standingOf(of, now))
  const order = (p: PartStanding) => [p.service, p.part, String(p.generation).padStart(5, '0')].join('\n')
  return all.sort((a, b) => (order(a) < order(b) ? -1 : 1))
}

/** Of records with one beginning the later one tells of both. */
function withoutRepeats(all: readonly OpsMetric[]): OpsMetric[] {
  const kept = new Map<string, OpsMetric>()
  for (const m of all) {
    const key = `${m.instance}\n${m.from}`
    const there = kept.get(key)
    if (!there || there.to <= m.to) kept.set(key, m)
  }
  return [...kept.values()]
}

function standingOf(all: readonly OpsMetric[], now: number): PartStanding {
  const seen = all.reduce((most, m) => Math.max(most, m.to), 0)
  const recent = withoutRepeats(all).filter((m) => m.to > seen - RECENT_MS)
  const newest = new Map<string, OpsMetric>()
  for (const m of recent) if ((newest.get(m.instance)?.to ?? -1) < m.to) newest.set(m.instance, m)
  const current = [...newest.values()].filter((m) => !m.last && m.to > seen - patience(m))
  const sum = (of: readonly OpsMetric[], value: (m: OpsMetric) => number) => of.reduce((n, m) => n + value(m), 0)
  const operations = sum(recent, (m) => m.operations)
  const errors = sum(recent, (m) => m.errors)
  const seconds = (seen - recent.reduce((least, m) => Math.min(least, m.from), seen)) / 1000
  const latency = recent.reduce<readonly number[]>((bins, m) => merged(bins, m.latency), [])
  const age = recent.reduce<readonly number[]>((bins, m) => merged(bins, m.age), [])
  const stopped = sum(current, (m) => m.stopped)
  const rebuilding = sum(current, (m) => m.rebuilding)
  const { service, part, generation } = all[0]!
  const lags = current.flatMap((m) => m.lag ?? [])
  const silent = seen < now - recent.reduce((most, m) => Math.max(most, patience(m)), 0)
  return {
    service,
    part,
    generation,
    state:
      current.length === 0
        ? 'ended'
        : silent
          ? 'silent'
          : stopped > 0
            ? 'stopped'
            : rebuilding > 0
              ? 'rebuilding'
              : 'running',
    last_seen: seen,
    instances: current.length,
    lag: lags.length === 0 ? null : lags.reduce((a, b) => a + b, 0),
    partitions: sum(current, (m) => m.partitions),
    stopped,
    rebuilding,
    problem: current.find((m) => m.problem !== null)?.problem ?? '',
    operations,
    per_second: seconds > 0 ? operations / seconds : null,
    p50_ms: quantileMs(latency, 0.5),
    p99_ms: quantileMs(latency, 0.99),
    age_p50_ms: quantileMs(age, 0.5),
    age_p99_ms: quantileMs(age, 0.99),
    errors,
    error_share: operations > 0 ? errors / operations : null,
    dead_letters: sum(recent, (m) => m.dead_letters),
    retries: sum(recent, (m) => m.retries),
  }
}
