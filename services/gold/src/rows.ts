import { WINDOW_COLUMNS, WINDOW_DAYS } from '@mastery/infra/provision/gold/tables.ts'
import type { Alert } from '@mastery/schemas/src/generated/alert.gen.ts'
import type { FeatureRecord, TopicFeatures } from '@mastery/schemas/src/generated/feature-record.gen.ts'
import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import type { Marker } from '@mastery/schemas/src/generated/marker.gen.ts'
import type { MasteryScore } from '@mastery/schemas/src/generated/mastery-score.gen.ts'
import type { Reject } from '@mastery/schemas/src/generated/reject.gen.ts'
import type { StudentCommand } from '@mastery/schemas/src/generated/student-command.gen.ts'
import type { Tick } from '@mastery/schemas/src/generated/tick.gen.ts'
import { explainInWords } from '@mastery/topology/features/words.ts'
import { generationOf } from '@mastery/topology/generations/generation.ts'
import type { Origin } from '@mastery/topology/stage.ts'
import type { Sourced } from '@mastery/topology/stages/marks.ts'

export type Row = readonly unknown[]

/** Takes rows in their table's column order. */
export interface Put {
  (table: string, row: Row): void
  /**
   * A current row: of one key only the greatest version counts, and only that row is made. The last one put need not be
   * it: an owner that was replaced may send older records again, after newer ones.
   */
  latest(table: string, key: string, version: number, row: () => Row): void
}

/** Of two rows with one key the greater wins. Exact while offsets stay below 2^49. The key holds the generation. */
export function rowVersion(offset: number, ordinal: number): number {
  return offset * 16 + ordinal
}

/** Columns of where a record comes from, as most tables end. */
export function fromOf(r: Sourced & { generation: number }): Row {
  return [r.origin_partition, r.origin_offset, r.ordinal, r.generation]
}

/** Beyond these a DateTime64 shows its end instead. */
const EARLIEST = Date.UTC(1900, 0, 1)
const LATEST = Date.UTC(2299, 11, 31, 23, 59, 59, 999)
const beyond = (ms: number): number | null => (ms < EARLIEST || ms > LATEST ? ms : null)

/** `logged` is the log record's own time, UTC milliseconds. */
export function eventRow(e: LearningEvent, o: Origin, logged: number, put: Put): void {
  put('learning_events', [
    e.tenant,
    e.student,
    e.event_id,
    e.kind,
    e.role,
    e.authority,
    e.item,
    e.topics,
    e.session,
    e.context,
    e.occurred_at,
    e.observed_at,
    e.source_sequence,
    e.correct,
    e.score,
    e.score_rule,
    e.attempt_number,
    e.hints,
    e.response_time_ms,
    e.first_action_ms,
    e.answer_request_ms,
    e.actions,
    e.video_coverage,
    e.help_requests,
    e.source_system,
    e.source_dialect,
    e.adapter_version,
    e.opportunity_key,
    e.supersedes,
    beyond(e.occurred_at),
    beyond(e.observed_at),
    logged,
    o.partition,
    o.offset,
    0,
    0,
  ])
}

export function featureRows(f: FeatureRecord, put: Put): void {
  // What an erasure keeps out is counted; nothing else of it is known.
  const kept = f.disposition !== 'erased' || f.ops.length > 0
  put('event_dispositions', [
    f.tenant,
    f.student,
    kept ? f.event_id : '',
    kept ? f.kind : 'other',
    f.disposition,
    f.clamped && kept,
    kept ? f.occurred_at : 0,
    ...fromOf(f),
  ])
  for (const r of f.rows)
    put.latest(
      'student_topic_features',
      `${f.generation}/${f.tenant}/${f.student}/${r.topic}`,
      rowVersion(f.origin_offset, f.ordinal),
      () => topicFeatureRow(f, r),
    )
}

function topicFeatureRow(f: FeatureRecord, r: TopicFeatures): unknown[] {
  const row: unknown[] = [
    f.tenant,
    f.student,
    r.topic,
    r.as_of,
    r.previous_at,
    r.attempts_total,
    r.trend_per_day,
    r.decayed_accuracy,
    r.approximate,
  ]
  for (const days of WINDOW_DAYS) {
    const w = r.windows.find((x) => x.days === days)
    for (const [name] of WINDOW_COLUMNS) row.push(w ? w[name as 'attempts'] : 0)
  }
  row.push(Math.max(f.now, f.occurred_at), ...fromOf(f), rowVersion(f.origin_offset, f.ordinal))
  return row
}

export function scoreRows(s: MasteryScore, put: Put): void {
  const updated = Math.max(s.now, s.occurred_at)
  const version = rowVersion(s.origin_offset, s.ordinal)
  if (s.predictions.length > 0 && s.correct !== null)
    put('next_correct_prediction_rows', [
      s.tenant,
      s.student,
      s.event_id,
      s.item,
      s.occurred_at,
      s.correct,
      s.score,
      s.predictions.map((p) => p.model),
      s.predictions.map((p) => p.version),
      s.predictions.map((p) => p.p),
      ...fromOf(s),
    ])
  for (const r of s.rows) {
    const row = [
      s.tenant,
      s.student,
      r.topic,
      s.event_id,
      r.as_of,
      r.revision,
      r.opportunities,
      r.scores.map((x) => x.model),
      r.scores.map((x) => x.version),
      r.scores.map((x) => x.mastery),
      r.uncertainty,
      r.standing,
      explainInWords(r).text,
      s.stale,
      s.cause,
      s.reason,
      updated,
      ...fromOf(s),
      version,
    ]
    put('student_mastery_history_rows', row)
    put.latest('student_mastery_rows', `${s.generation}/${s.tenant}/${s.student}/${r.topic}`, version, () => row)
  }
}

/** What says that a student was erased is no alert, and makes no row. */
export function alertRow(a: Alert, put: Put): void {
  if (a.cause === 'erased') return
  put('alerts', [
    a.tenant,
    a.student ?? '',
    a.alert_id,
    a.sequence,
    a.rule,
    a.policy,
    a.scope,
    a.class ?? '',
    a.topic ?? '',
    a.severity,
    a.state,
    a.before,
    a.cause,
    a.occurred_at,
    a.now,
    a.told,
    a.held_back ?? '',
    a.evidence.map((e) => e.code),
    a.evidence.map((e) => e.value),
    a.evidence.map((e) => e.text),
    a.by,
    a.until,
    a.reason,
    ...fromOf(a),
  ])
}

export function rejectRow(r: Reject, o: Origin, put: Put): void {
  put('rejects', [
    r.reject_id,
    r.stage,
    r.code,
    r.message,
    r.tenant,
    r.student,
    r.origin_topic,
    r.origin_partition,
    r.origin_offset,
    r.content_type,
    r.bytes.length,
    r.attempts,
    r.service_version,
    r.observed_at,
    o.partition,
    o.offset,
  ])
}

export function markerRow(m: Marker, o: Origin, log: { key: string; timestamp: number }, put: Put): void {
  put('markers', [
    m.marker_id,
    m.action,
    m.subject,
    m.name,
    m.version,
    m.payload,
    m.issued_at,
    beyond(m.issued_at),
    log.key,
    log.timestamp,
    o.partition,
    o.offset,
  ])
}

export function tickRow(t: Tick, o: Origin, log: { key: string; timestamp: number }, put: Put): void {
  put('ticks', [t.at, beyond(t.at), log.key, log.timestamp, o.partition, o.offset])
}

/** The checkpoint of an install_checkpoint can be a hundred kilobytes and is of use only while it is the newest: its size is kept. */
export function commandRow(c: StudentCommand, o: Origin, logged: number, put: Put): void {
  put('student_commands', [
    c.tenant,
    c.student,
    c.command_id,
    c.kind,
    c.target_event_id,
    c.correct,
    c.score,
    c.reason,
    c.issued_at,
    c.after_offset,
    c.generation,
    c.topics,
    c.payload === null ? null : c.payload.length,
    c.alert,
    c.rule,
    c.topic,
    c.until,
    c.author,
    beyond(c.issued_at),
    logged,
    o.partition,
    o.offset,
  ])
}

/** A generation's status, from mastery.control. */
export function generationRow(m: Marker, put: Put): void {
  const g = generationOf(m)
  if (g) put('generations', [g.id, g.status, g.reason, g.changedAt])
}
