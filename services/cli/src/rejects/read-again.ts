import { FORMATS, OWN } from '@mastery/collector/src/format.ts'
import { pseudonymiser } from '@mastery/infra/config/secrets.ts'
import type { Installation } from '@mastery/infra/runtime/installation.ts'
import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import type { Reject } from '@mastery/schemas/src/generated/reject.gen.ts'
import type { StudentCommand } from '@mastery/schemas/src/generated/student-command.gen.ts'
import { partitionOf } from '@mastery/topology/partition.ts'
import { CodecError } from '@mastery/topology/ports/codec.ts'
import type { LogAppend } from '@mastery/topology/ports/event-log.ts'
import type { Content } from '@mastery/topology/rejects/content.ts'
import { rereadRow } from '@mastery/topology/rejects/imported-row.ts'
import type { IntakeOutcome } from '@mastery/topology/stages/intake/outcome.ts'
import type { SubjectName } from '@mastery/topology/topics.ts'

/** What a reject comes to when it is read once more: records for learning.events, or why it is refused. */
export type Again = { type: 'records'; records: LogAppend[] } | { type: 'refused'; code: string; message: string }

const refused = (code: string, message: string): Again => ({ type: 'refused', code, message })

/** Reads a reject's content on the way it came, as this build reads it. All of it becomes records, or nothing does. */
export function readAgain(installation: Installation, reject: Reject, content: Content): Again {
  if (content.form === 'unreadable') return refused(reject.code, content.why)
  if (content.form === 'record') return ofRecord(installation, reject, content.subject, content.value)
  const tenantId = reject.origin_topic === 'learning.intake' ? tenantIn(content.value) : reject.tenant
  const tenant = installation.secrets.tenants.find((t) => t.id === tenantId)
  if (!tenant)
    return refused('unknown_tenant', 'its tenant is not in the tenants file: add it there, or fix the record.')
  const context = { tenant: tenant.id, pseudonym: pseudonymiser(tenant), receivedAt: reject.observed_at }

  if (content.form === 'row') {
    const outcomes = rereadRow(content.row, context)
    if (typeof outcomes === 'string') return refused(reject.code, outcomes)
    const events: LearningEvent[] = []
    for (const o of outcomes) {
      if (o.type === 'reject') return refused(o.code, o.message)
      if (o.type === 'event') events.push(o.event)
    }
    return records(
      installation,
      events.map((e) => ['learning-event', e]),
      reject,
    )
  }

  if (content.value === undefined)
    return refused(
      'malformed_json',
      'its text is no JSON: fix it with an operation "text", or send it again from its source.',
    )
  const format = FORMATS.find((f) => f.route === reject.origin_topic) ?? OWN
  const opened = format.open(content.value)
  if (opened.type === 'problem') return refused(opened.code, opened.message)
  const outcomes = opened.records.map((r) => format.read(r, context))
  const bad = outcomes.find((o): o is Extract<IntakeOutcome, { type: 'reject' }> => o.type === 'reject')
  if (bad) return refused(bad.code, bad.message)
  const read = outcomes.flatMap((o): [SubjectName, LearningEvent | StudentCommand][] =>
    o.type === 'event' ? [['learning-event', o.event]] : o.type === 'command' ? [['student-command', o.command]] : [],
  )
  return records(installation, read, reject)
}

function tenantIn(value: unknown): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'tenant')
    ? (value as { tenant: unknown }).tenant
    : null
}

/** A dead letter, written as this build writes it, under the student inside it. */
function ofRecord(installation: Installation, reject: Reject, subject: SubjectName, value: unknown): Again {
  if (reject.origin_topic !== 'learning.events')
    return refused(
      reject.code,
      `a stage made it from ${reject.origin_topic} and has gone on since: repair the student with "npx mastery rebuild --student ${reject.student ?? 'PSEUDONYM'}".`,
    )
  if (subject !== 'learning-event' && subject !== 'student-command')
    return refused(reject.code, `it is a ${subject}, which belongs to no student: make it again where it came from.`)
  if (subject === 'student-command' && /^(install_checkpoint|warm)$/.test((value as StudentCommand).kind))
    return refused(reject.code, 'a checkpoint is of use only at its moment: rebuild the student again.')
  return records(installation, [[subject, value as LearningEvent | StudentCommand]], reject)
}

function records(
  installation: Installation,
  read: readonly (readonly [SubjectName, LearningEvent | StudentCommand])[],
  reject: Reject,
): Again {
  try {
    return {
      type: 'records',
      records: read.map(([subject, value]) => ({
        topic: 'learning.events',
        partition: partitionOf(value.student, installation.profile.partitions),
        key: value.student,
        value: installation.codec.encode(subject, value),
        timestamp: reject.observed_at,
      })),
    }
  } catch (e) {
    if (!(e instanceof CodecError)) throw e
    return refused('not_encodable', 'a field does not fit the schema of events: check ranges and types.')
  }
}
