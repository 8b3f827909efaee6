import type { OpsMetric } from '@mastery/schemas/src/generated/ops-metric.gen.ts'
import type { OpsSignal } from '@mastery/schemas/src/generated/ops-signal.gen.ts'
import { addTo } from '../ops/latency.ts'
import { TABLE_TENANT } from './table-roster.ts'
import type { Look, MetricSeries, TableTest } from './table-tests.ts'

/** What stands in ops.metrics at a time; milliseconds from the beginning. */
export interface OpsHappening {
  at: number
  subject: 'ops-metric' | 'ops-signal'
  value: OpsMetric | OpsSignal
}

const bins = (ms: number, n: number) => {
  const found: number[] = []
  addTo(found, ms, n)
  return found
}

function metricOf(s: MetricSeries, to: number, value: number, last: boolean): OpsMetric {
  const { operations } = s
  const failed = Math.min(value, operations)
  const is = (measure: MetricSeries['measure']) => s.measure === measure
  return {
    service: s.part,
    part: s.part,
    instance: s.part,
    generation: 0,
    from: to - s.every,
    to,
    started: 0,
    last,
    operations,
    errors: is('errors') ? failed : 0,
    dead_letters: is('dead_letters') ? failed : 0,
    retries: is('retries') ? value : 0,
    lag: is('lag') ? value : 0,
    partitions: 4,
    stopped: is('stopped') ? value : 0,
    rebuilding: 0,
    problem: null,
    latency: bins(is('latency_p99') ? value : 10, operations),
    age: bins(is('age_p99') ? value : 100, operations),
    sources: is('rejected')
      ? [{ tenant: TABLE_TENANT, source: s.source, accepted: operations - failed, rejected: failed }]
      : [],
  }
}

function signalOf(looks: readonly Look[], from: number): OpsSignal {
  const { at, kind } = looks[0]!
  const subjects = looks.flatMap((l) =>
    (l.found ?? []).map((subject) => ({
      subject,
      topic: l.topic,
      findings: [...l.findings],
      since: null,
      figures: [],
    })),
  )
  const time = from + at
  return {
    tenant: TABLE_TENANT,
    kind,
    at: time,
    as_of: time,
    looked_at: subjects.length,
    total: subjects.length,
    subjects,
  }
}

/** Records of ops.metrics that a test stands for. */
export function watchHappenings(test: Pick<TableTest, 'from' | 'metrics' | 'looks'>): OpsHappening[] {
  const all: OpsHappening[] = []
  for (const s of test.metrics)
    s.values.forEach((value, i) => {
      if (value === null) return
      const at = s.start + i * s.every
      const last = s.ends && i === s.values.length - 1
      all.push({ at, subject: 'ops-metric', value: metricOf(s, test.from + at, value, last) })
    })
  const looks = new Map<string, Look[]>()
  for (const l of test.looks) {
    const key = `${l.kind} ${l.at}`
    looks.set(key, [...(looks.get(key) ?? []), l])
  }
  for (const own of looks.values()) all.push({ at: own[0]!.at, subject: 'ops-signal', value: signalOf(own, test.from) })
  return all
}
