import type { OpsMetric } from '@mastery/schemas/src/generated/ops-metric.gen.ts'
import type { OpsSignal } from '@mastery/schemas/src/generated/ops-signal.gen.ts'
import type { Origin } from '@mastery/topology/stage.ts'
import type { Put } from './rows.ts'

export function metricRow(m: OpsMetric, o: Origin, put: Put): void {
  put('ops_metrics', [
    m.service,
    m.part,
    m.generation,
    m.instance,
    m.from,
    m.to,
    m.started,
    m.last,
    m.operations,
    m.errors,
    m.dead_letters,
    m.retries,
    m.lag,
    m.partitions,
    m.stopped,
    m.rebuilding,
    m.problem ?? '',
    m.latency,
    m.age,
    m.sources.map((s) => s.tenant),
    m.sources.map((s) => s.source),
    m.sources.map((s) => s.accepted),
    m.sources.map((s) => s.rejected),
    o.partition,
    o.offset,
  ])
}

/** A row of the whole, so that a picture in which nothing stands is one, and a row of each subject. */
export function signalRows(s: OpsSignal, o: Origin, put: Put): void {
  const head = [s.tenant, s.kind, s.at, s.as_of, s.looked_at, s.total]
  put('ops_signals', [...head, 0, '', '', [], null, [], [], o.partition, o.offset])
  s.subjects.forEach((x, i) => {
    const codes = x.figures.map((f) => f.code)
    const values = x.figures.map((f) => f.value)
    const row = [i + 1, x.subject, x.topic ?? '', x.findings, x.since, codes, values]
    put('ops_signals', [...head, ...row, o.partition, o.offset])
  })
}
