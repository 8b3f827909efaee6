import { FIELDS } from '@mastery/topology/reconcile/fields.ts'
import type { ReconcileReport } from '@mastery/topology/reconcile/report.ts'
import { type Difference, Tally } from '@mastery/topology/reconcile/tally.ts'
import type { RepairParts } from '../rebuild/parts.ts'
import type { Differing } from './messages.ts'
import type { OracleDifference } from './oracle.ts'
import type { RunState } from './store.ts'

/** The run's own row, written at `at` (ms); of several the newest counts. */
export async function recordRun(
  parts: RepairParts,
  s: RunState,
  now: { status: string; healed: number; seconds: number; peakRssMb: number; progress: number; finished: boolean },
  at: number,
): Promise<void> {
  const total = new Tally(s.tally).total()
  const row = [
    s.run_id,
    s.started_at,
    now.finished ? at : null,
    s.generation,
    s.cut.map(([, offset]) => offset),
    s.events,
    s.students,
    total.compared,
    total.mismatches,
    total.missing,
    total.extra,
    now.healed,
    s.moving.length,
    now.seconds,
    now.peakRssMb,
    now.status,
    now.progress,
    at,
  ]
  await parts.gold.insert([{ table: 'reconcile_runs', rows: [row] }])
}

export async function recordFields(parts: RepairParts, s: RunState): Promise<void> {
  const at = parts.now()
  const rows = new Tally(s.tally)
    .fields()
    .filter((f) => f.compared > 0)
    .map((f) => [s.run_id, f.field, f.model, f.compared, f.mismatches, f.missing, f.extra, f.smape, at])
  await parts.gold.insert([{ table: 'reconcile_fields', rows }])
}

/** What SQL finds stands under the name of its field with `sql.` before it. */
export async function recordDifferences(
  parts: RepairParts,
  runId: string,
  found: readonly Differing[],
  oracle: readonly OracleDifference[],
): Promise<void> {
  const at = parts.now()
  const row = (tenant: string, student: string, d: Difference) => {
    const { field, model } = FIELDS[d.field]!
    return [runId, tenant, student, d.topic, field, model, d.kind, finite(d.stored), finite(d.recomputed), at]
  }
  const rows = [
    ...found.flatMap((s) => s.differences.map((d) => row(s.tenant, s.student, d))),
    ...oracle.map((o) => [
      runId,
      o.tenant,
      o.student,
      o.topic,
      `sql.${o.field}`,
      '',
      'mismatch',
      finite(o.stored),
      finite(o.computed),
      at,
    ]),
  ]
  if (rows.length > 0) await parts.gold.insert([{ table: 'reconcile_mismatches', rows }])
}

const finite = (x: number | null) => (x === null || Number.isFinite(x) ? x : null)

/** A difference as a person reads it. */
export function inWords(d: Difference): string {
  const { field, model } = FIELDS[d.field]!
  const what = `${field}${model === '' || model === 'all' ? '' : ` (${model})`}${d.topic === '' ? '' : ` of ${d.topic}`}`
  if (d.kind === 'missing') return `${what}: missing`
  if (d.kind === 'extra') return `${what}: stored, but the history has nothing for it`
  return d.stored === null && d.recomputed === null
    ? `${what}: differs`
    : `${what}: ${d.stored} stored, ${d.recomputed} by the history`
}

/** Fields in which something differed, the worst first. */
export function differingFields(s: RunState): ReconcileReport['fields'] {
  const wrong = (f: ReconcileReport['fields'][number]) => f.mismatches + f.missing + f.extra
  return new Tally(s.tally)
    .fields()
    .filter((f) => wrong(f) > 0)
    .sort((a, b) => wrong(b) - wrong(a))
}
