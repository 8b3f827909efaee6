import type { FeatureRecord } from '@mastery/schemas/src/generated/feature-record.gen.ts'
import type { EventKind, LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import type { StudentCommand } from '@mastery/schemas/src/generated/student-command.gen.ts'
import type { Tick } from '@mastery/schemas/src/generated/tick.gen.ts'
import { isAboutStudent } from '../../events/class-command.ts'
import { concernsAlerts } from '../../events/command.ts'
import type { Stage, StageOutput, StageRecord, StepResult } from '../../stage.ts'
import { topicAt } from '../../topics.ts'
import { applyEvent, type RingLimits } from './apply.ts'
import { applyCommand, type Commanded } from './commands.ts'
import { timeOf } from './entry.ts'
import { WINDOW_META, WINDOW_STATE, type WindowMeta, type WindowState } from './state.ts'
import { topicWindows } from './windows.ts'

export interface WindowingConfig {
  /** Window lengths in days, ascending. */
  days: readonly number[]
  ring: RingLimits
  generation: number
}

/**
 * learning.events to learning.features. Decides what each event is (a new opportunity, a duplicate, a view of one, a
 * correction), keeps the exact windows, and tells the models how the student's sequence of opportunities changes.
 */
export function windowingStage(config: WindowingConfig): Stage<WindowState, WindowMeta> {
  const output = topicAt('learning.features', config.generation)

  function emit(
    record: StageRecord,
    meta: WindowMeta,
    state: WindowState,
    applied: Commanded,
    about: {
      tenant: string
      event_id: string
      kind: EventKind
      item: string | null
      occurred_at: number
      reason?: string | null
      source?: string
    },
  ): StageOutput[] {
    const value: FeatureRecord = {
      origin_partition: record.origin.partition,
      origin_offset: record.origin.offset,
      ordinal: 0,
      generation: config.generation,
      tenant: about.tenant,
      student: record.key,
      event_id: about.event_id,
      kind: about.kind,
      item: about.item,
      disposition: applied.disposition,
      occurred_at: about.occurred_at,
      clamped: applied.clamped,
      now: meta.now,
      ops: applied.ops,
      rows: [],
      checkpoint: applied.checkpoint ? Buffer.from(applied.checkpoint) : null,
      reason: about.reason ?? null,
      source: about.source ?? '',
      schema_version: about.source === undefined ? 0 : (record.version ?? 0),
    }
    for (const topic of applied.topics)
      value.rows.push(applied.rows?.get(state.sets.topics.names[topic]!) ?? topicWindows(state, topic, config.days))
    return [{ topic: output, subject: 'feature-record', key: record.key, value }]
  }

  function event(record: StageRecord, e: LearningEvent, state: WindowState, meta: WindowMeta): StepResult {
    if (e.student !== record.key) return wrongKey(e.student)
    const applied = applyEvent(state, e, config.ring)
    const { tenant, event_id, kind, item } = e
    // Of what comes after an erasure only its number is kept.
    const about =
      applied.disposition === 'erased'
        ? { tenant, event_id: '', kind: 'other' as const, item: null, occurred_at: 0 }
        : { tenant, event_id, kind, item, occurred_at: timeOf(e), source: e.source_dialect }
    const outputs = emit(record, meta, state, applied, about)
    if (applied.disposition === 'conflict')
      return {
        type: 'dead_letter',
        code: 'id_conflict',
        message:
          'An event with this id and another time, item or score came before; the first one counts. If this one is right, send a correction; if it is another event, send it under an id of its own.',
        outputs,
      }
    state.lastOffset = record.origin.offset
    return { type: 'ok', outputs }
  }

  function command(record: StageRecord, c: StudentCommand, state: WindowState | null, meta: WindowMeta): StepResult {
    if (c.student !== record.key) return wrongKey(c.student)
    if (state === null) return aboutClass(record, c)
    if (c.generation !== null && c.generation !== config.generation) return { type: 'drop', reason: 'other generation' }
    if (concernsAlerts(c.kind)) {
      // Nothing about a student who was erased goes any further.
      if (state.erasure !== null && c.issued_at <= state.erasure.floor) return { type: 'drop', reason: 'erased' }
      return { type: 'ok', outputs: [{ topic: output, subject: 'student-command', key: record.key, value: c }] }
    }
    const applied = applyCommand(state, c)
    if (applied.refused) return { type: 'dead_letter', ...applied.refused }
    if (applied.disposition !== 'outdated') state.lastOffset = record.origin.offset
    const outputs = emit(record, meta, state, applied, {
      tenant: c.tenant,
      event_id: c.command_id,
      kind: 'other',
      item: null,
      occurred_at: c.issued_at,
      reason: c.reason,
    })
    return { type: 'ok', outputs }
  }

  function aboutClass({ key }: StageRecord, c: StudentCommand): StepResult {
    if (concernsAlerts(c.kind))
      return { type: 'ok', outputs: [{ topic: output, subject: 'student-command', key, value: c }] }
    return {
      type: 'dead_letter',
      code: 'bad_command',
      message: `The command "${c.kind}" is about a student, and this one names a class.`,
    }
  }

  const forward = (record: StageRecord): StepResult => ({
    type: 'ok',
    outputs: [{ topic: output, broadcast: true, subject: record.subject, key: record.key, value: record.value }],
  })

  return {
    name: 'features',
    inputs: ['learning.events'],
    outputs: [output],
    state: WINDOW_STATE,
    meta: WINDOW_META,
    keyOf: (r) => (r.subject === 'learning-event' || isAboutStudent(r) ? r.key : null),
    step(record, state, meta) {
      switch (record.subject) {
        case 'learning-event':
          return event(record, record.value as LearningEvent, state!, meta)
        case 'student-command':
          return command(record, record.value as StudentCommand, state, meta)
        case 'tick':
          meta.now = Math.max(meta.now, (record.value as Tick).at)
          return forward(record)
        case 'marker':
          return forward(record)
        default:
          return {
            type: 'dead_letter',
            code: 'wrong_subject',
            message: `A ${record.subject} does not belong into learning.events.`,
          }
      }
    },
  }
}

function wrongKey(student: string): StepResult {
  return {
    type: 'dead_letter',
    code: 'wrong_key',
    message:
      'The record key is not the pseudonym inside the record, so it may stand in the wrong partition. Outside producers write to learning.intake.',
    student,
  }
}
