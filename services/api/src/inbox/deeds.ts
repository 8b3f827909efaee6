import { randomUUID } from 'node:crypto'
import { bodyChunks, SentPrefix } from '@mastery/infra/http/body.ts'
import { type Call, HttpError } from '@mastery/infra/http/call.ts'
import type { CommandKind } from '@mastery/schemas/src/generated/student-command.gen.ts'
import { classSubject } from '@mastery/topology/events/class-command.ts'
import { studentCommand } from '@mastery/topology/events/command.ts'
import { parseInstant } from '@mastery/topology/importers/clock.ts'
import { OPS_KEY, opsPartition } from '@mastery/topology/ops/place.ts'
import { partitionOf } from '@mastery/topology/partition.ts'
import type { Codec } from '@mastery/topology/ports/codec.ts'
import type { EventLog } from '@mastery/topology/ports/event-log.ts'
import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'
import { z } from 'zod'

const LIMIT = 4_096

const Asked = z.strictObject({
  reason: z.string().max(500).optional(),
  until: z.union([z.string().max(40), z.int()]).optional(),
  recipient: z.string().min(1).max(512).optional(),
})
export type Asked = z.infer<typeof Asked>

/** Throws HttpError 400. */
export async function deedOf(call: Call): Promise<Asked> {
  const chunks: Buffer[] = []
  const limits = { compressedBytes: LIMIT, decompressedBytes: LIMIT }
  for await (const chunk of bodyChunks(call.request, 'identity', limits, new SentPrefix(0))) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString('utf8')
  let json: unknown = {}
  try {
    if (text.trim() !== '') json = JSON.parse(text)
  } catch {
    throw new HttpError(
      400,
      'malformed_json',
      'The body is no JSON: send {"reason": "...", "until": "..."}, or nothing.',
    )
  }
  const parsed = Asked.safeParse(json)
  if (!parsed.success)
    throw new HttpError(
      400,
      'bad_request',
      'Send {"reason": "...", "until": "...", "recipient": "..."}: reason of up to 500 characters, until as ISO 8601 or epoch milliseconds; no other field.',
    )
  return parsed.data
}

export interface Deed {
  tenant: string
  /** Pseudonym of who does it; null: an operator. */
  author: string | null
  alert: string
  kind: Extract<CommandKind, 'acknowledge' | 'silence' | 'unsilence' | 'not_useful'>
  reason: string | null
  /** UTC milliseconds. */
  until: number | null
}

/** The end of a silence or acknowledgement. Throws HttpError 400. */
export function untilOf(asked: Asked, kind: Deed['kind'], now: number): number | null {
  if (asked.until === undefined) {
    if (kind !== 'silence') return null
    throw new HttpError(400, 'missing_until', 'A silence ends: send until, as ISO 8601 or epoch milliseconds.')
  }
  const until = typeof asked.until === 'number' ? asked.until : parseInstant(asked.until.trim())
  if (until === null || until <= now)
    throw new HttpError(
      400,
      'bad_until',
      'until is a time to come: ISO 8601, such as 2026-09-01T08:30:00Z, or epoch milliseconds.',
    )
  return until
}

/** Who answers alerts on the system itself. */
const SYSTEM_ROLES: readonly string[] = ['operator', 'content_owner']

/** Whom an alert is about. */
export interface Subject {
  /** What a command about it names as its student: a pseudonym, the class, or the system of an organisation. */
  key: string
  /** Pseudonym; empty for what is about no student. */
  student: string
  /** It is about the system itself, and decided where that is watched. */
  system: boolean
}

/**
 * Whom an alert is about that the person was told of; with null: that anybody was told of. Null: nobody was.
 * @throws HttpError 403 where it is about the system and the person does not answer for that
 */
export async function subjectOfAlert(
  gold: Pick<GoldStore, 'query'>,
  tenant: string,
  recipient: string | null,
  alert: string,
): Promise<Subject | null> {
  const own = recipient === null ? '' : 'AND recipient = {recipient:String}'
  const [row] = await gold.query<{ student_id: string; class_id: string; role: string }>(
    `SELECT student_id, class_id, toString(role) AS role FROM inbox WHERE tenant = {tenant:String} ${own} AND alert_id = {alert:String}
     ORDER BY role IN {roles:Array(String)} DESC, sequence DESC LIMIT 1`,
    { tenant, alert, roles: SYSTEM_ROLES, ...(recipient === null ? {} : { recipient }) },
  )
  if (row === undefined) return null
  if (row.student_id !== '') return { key: row.student_id, student: row.student_id, system: false }
  if (row.class_id !== '') return { key: classSubject(tenant, row.class_id), student: '', system: false }
  // A teacher who is told that data can't be relied on must not keep it from those who mend it.
  if (recipient !== null && !SYSTEM_ROLES.includes(row.role))
    throw new HttpError(
      403,
      'not_yours',
      'This alert is about the system itself, and you were told of it as a teacher. Ask an operator, or call with the API key of one and recipient.',
    )
  return { key: `system/${tenant}`, student: '', system: true }
}

/** Appends what somebody does about an alert, where it is decided: for a student or a class in its partition. Gives the command's id. */
export async function appendDeed(
  to: { log: EventLog; codec: Codec; partitions: number },
  about: Subject,
  deed: Deed,
  now: number,
): Promise<string> {
  const command_id = randomUUID()
  const value = to.codec.encode(
    'student-command',
    studentCommand({ ...deed, student: about.key, command_id, issued_at: now }),
  )
  const record = { value, timestamp: now }
  if (about.system) {
    const partition = opsPartition(await to.log.partitions('ops.metrics'))
    await to.log.append([{ topic: 'ops.metrics', partition, key: OPS_KEY, ...record }])
  } else {
    const partition = partitionOf(about.key, to.partitions)
    await to.log.append([{ topic: 'learning.events', partition, key: about.key, ...record }])
  }
  return command_id
}
