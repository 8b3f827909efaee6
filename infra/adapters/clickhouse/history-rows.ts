import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import type { Marker } from '@mastery/schemas/src/generated/marker.gen.ts'
import type { StudentCommand } from '@mastery/schemas/src/generated/student-command.gen.ts'
import type { Tick } from '@mastery/schemas/src/generated/tick.gen.ts'
import type { RowCursor } from './row-binary.ts'

interface Place {
  partition: number
  offset: number
  key: string
  /** UTC milliseconds, as the log held it. */
  timestamp: number
}

/** A record of learning.events as gold gives it back: equal to what the log held, but for a checkpoint's bytes. */
export type HistoryRecord =
  | (Place & { subject: 'learning-event'; value: LearningEvent })
  | (Place & {
      subject: 'student-command'
      value: StudentCommand
      /** Size of a checkpoint that gold does not keep; `value.payload` is null then. */
      droppedBytes: number | null
    })
  | (Place & { subject: 'marker'; value: Marker })
  | (Place & { subject: 'tick'; value: Tick })

/** How a table's rows become records: the columns in the order in which `read` takes them. */
export interface RecordSource {
  table: 'learning_events' | 'student_commands' | 'markers' | 'ticks'
  columns: string
  read(c: RowCursor): HistoryRecord
}

const textOrNull = (c: RowCursor): string | null => (c.isNull() ? null : c.text())
const int32OrNull = (c: RowCursor): number | null => (c.isNull() ? null : c.int32())
const int64OrNull = (c: RowCursor): number | null => (c.isNull() ? null : c.int64())
const floatOrNull = (c: RowCursor): number | null => (c.isNull() ? null : c.float64())
const flagOrNull = (c: RowCursor): boolean | null => (c.isNull() ? null : c.flag())

function texts(c: RowCursor, slot: number): string[] {
  const list: string[] = []
  for (let n = c.size(); n > 0; n--) list.push(c.repeated(slot))
  return list
}

function counts(c: RowCursor): Record<string, number> {
  const map: Record<string, number> = {}
  for (let n = c.size(); n > 0; n--) {
    const name = c.text()
    const value = c.int32()
    // Plain assignment would take this name for the object's prototype and lose it.
    if (name === '__proto__')
      Object.defineProperty(map, name, { value, enumerable: true, configurable: true, writable: true })
    else map[name] = value
  }
  return map
}

/** What a time column holds, or the number beside it where the column can't. */
function later(ms: number, beyond: number | null): number {
  return beyond ?? ms
}

export const EVENTS: RecordSource = {
  table: 'learning_events',
  columns: `src_partition, src_offset, tenant, student_id, event_id, kind, role, authority, item, topics, session, context,
    occurred_at, occurred_ms, observed_at, observed_ms, source_sequence, correct, score, score_rule, attempt_number, hints,
    response_time_ms, first_action_ms, answer_request_ms, actions, video_coverage, help_requests, source_system,
    source_dialect, adapter_version, opportunity_key, supersedes, logged_ms`,
  read(c) {
    const partition = c.uint16()
    const offset = c.int64()
    const tenant = c.repeated(0)
    const student = c.repeated(1)
    const value: LearningEvent = {
      event_id: c.text(),
      tenant,
      student,
      kind: c.repeated(2) as LearningEvent['kind'],
      role: c.repeated(3) as LearningEvent['role'],
      authority: c.repeated(4) as LearningEvent['authority'],
      item: textOrNull(c),
      topics: texts(c, 5),
      session: c.isNull() ? null : c.repeated(6),
      context: c.isNull() ? null : c.repeated(7),
      occurred_at: later(c.int64(), int64OrNull(c)),
      observed_at: later(c.int64(), int64OrNull(c)),
      source_sequence: c.int64(),
      correct: flagOrNull(c),
      score: floatOrNull(c),
      score_rule: c.isNull() ? null : c.repeated(8),
      attempt_number: int32OrNull(c),
      hints: int32OrNull(c),
      response_time_ms: int64OrNull(c),
      first_action_ms: int64OrNull(c),
      answer_request_ms: int64OrNull(c),
      actions: counts(c),
      video_coverage: floatOrNull(c),
      help_requests: int32OrNull(c),
      source_system: c.repeated(9),
      source_dialect: c.repeated(10),
      adapter_version: c.repeated(11),
      opportunity_key: textOrNull(c),
      supersedes: textOrNull(c),
    }
    return { subject: 'learning-event', value, partition, offset, key: student, timestamp: c.float64() }
  },
}

/** These columns stand behind others that are no part of the command. */
const NO_ALERT = { alert: null, rule: null, topic: null, until: null, author: null }

export const COMMANDS: RecordSource = {
  table: 'student_commands',
  columns: `src_partition, src_offset, tenant, student_id, command_id, kind, target_event_id, correct, score, reason,
    issued_at, issued_ms, after_offset, generation, topics, payload_size, alert, rule, topic, until_ms, author, logged_ms`,
  read(c) {
    const partition = c.uint16()
    const offset = c.int64()
    const tenant = c.repeated(0)
    const student = c.repeated(1)
    const value: StudentCommand = {
      command_id: c.text(),
      tenant,
      student,
      kind: c.repeated(2) as StudentCommand['kind'],
      target_event_id: textOrNull(c),
      correct: flagOrNull(c),
      score: floatOrNull(c),
      reason: textOrNull(c),
      issued_at: later(c.int64(), int64OrNull(c)),
      payload: null,
      after_offset: int64OrNull(c),
      generation: int32OrNull(c),
      topics: texts(c, 3),
      ...NO_ALERT,
    }
    const droppedBytes = c.isNull() ? null : c.uint32()
    value.alert = textOrNull(c)
    value.rule = textOrNull(c)
    value.topic = textOrNull(c)
    value.until = int64OrNull(c)
    value.author = textOrNull(c)
    return { subject: 'student-command', value, droppedBytes, partition, offset, key: student, timestamp: c.float64() }
  },
}

export const MARKERS: RecordSource = {
  table: 'markers',
  columns:
    'src_partition, src_offset, marker_id, action, subject, name, version, payload, issued_at, issued_ms, log_key, logged_ms',
  read(c) {
    const partition = c.uint16()
    const offset = c.int64()
    const value: Marker = {
      marker_id: c.text(),
      action: c.repeated(0) as Marker['action'],
      subject: c.repeated(1) as Marker['subject'],
      name: c.text(),
      version: c.text(),
      payload: textOrNull(c),
      issued_at: later(c.int64(), int64OrNull(c)),
    }
    return { subject: 'marker', value, partition, offset, key: c.repeated(2), timestamp: c.float64() }
  },
}

export const TICKS: RecordSource = {
  table: 'ticks',
  columns: 'src_partition, src_offset, at, at_ms, log_key, logged_ms',
  read(c) {
    const partition = c.uint16()
    const offset = c.int64()
    const value: Tick = { at: later(c.int64(), int64OrNull(c)) }
    return { subject: 'tick', value, partition, offset, key: c.repeated(0), timestamp: c.float64() }
  },
}
