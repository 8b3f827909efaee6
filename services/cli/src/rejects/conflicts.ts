import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import { partitionOf } from '@mastery/topology/partition.ts'
import { acceptSecond, type FirstEvent } from '@mastery/topology/rejects/conflict.ts'
import { contentOf } from '@mastery/topology/rejects/content.ts'
import { type Host, type Io, UsageError } from '../command.ts'
import { shortId } from './resend.ts'
import { sendAll } from './send.ts'
import { loadAll, type RejectRow, remember } from './store.ts'

/** The second of two events under one id is right: makes it the one that counts, and says how. Gives the exit code. */
export async function acceptConflict(host: Host, row: RejectRow, io: Io): Promise<number> {
  if (row.code !== 'id_conflict')
    throw new UsageError(
      `${shortId(row.reject_id)} is ${row.code}; accept decides an id_conflict. "npx mastery rejects show ${shortId(row.reject_id)}" says what can be done.`,
    )
  const [loaded] = await loadAll(host.installation, [row])
  if (!loaded || 'gone' in loaded) {
    io.err.write(`${shortId(row.reject_id)}: ${loaded?.gone}\n`)
    return 1
  }
  const { codec, profile } = host.installation
  const content = contentOf(loaded.reject, loaded.bytes, codec)
  if (content.form !== 'record' || content.subject !== 'learning-event')
    throw new UsageError(`The bytes of ${shortId(row.reject_id)} are no event.`)
  const second = content.value as LearningEvent
  const { commands, events, said } = acceptSecond(await firstEvent(host, second), second, Date.now())
  const place = { topic: 'learning.events', key: second.student, timestamp: loaded.reject.observed_at } as const
  const partition = partitionOf(second.student, profile.partitions)
  const values = [
    ...commands.map((c) => codec.encode('student-command', c)),
    ...events.map((e) => codec.encode('learning-event', e)),
  ]
  const check = await host.stages()
  const { refused, waited } = await sendAll(
    host,
    values.map((value) => ({ ...place, partition, value })),
    check,
  )
  const failed = refused.find((r) => r !== null)
  if (failed) {
    io.err.write(`${shortId(row.reject_id)}: ${failed.code}: ${failed.message}\n`)
    return 1
  }
  const entry = { reject_id: row.reject_id, action: 'accepted', note: said, attempts: row.attempts } as const
  await remember(host, [entry], Date.now())
  io.out(`${shortId(row.reject_id)} accepted: ${said}.${waited ? '' : ' The stages have not come to it yet.'}\n`)
  return 0
}

/** The event that counts under the id, null where gold no longer has it. */
async function firstEvent(host: Host, e: LearningEvent): Promise<FirstEvent | null> {
  const gold = await host.gold()
  const [row] = await gold.query<FirstEvent>(
    `SELECT toString(kind) AS kind, toString(role) AS role, item, topics, score, correct,
     coalesce(occurred_ms, toUnixTimestamp64Milli(v_learning_events.occurred_at)) AS occurred_at,
     coalesce(observed_ms, toUnixTimestamp64Milli(v_learning_events.observed_at)) AS observed_at
     FROM v_learning_events WHERE tenant = {tenant:String} AND student_id = {student:String} AND event_id = {id:String}
     AND toString(disposition) NOT IN ('conflict', 'duplicate', 'erased') ORDER BY src_offset LIMIT 1`,
    { tenant: e.tenant, student: e.student, id: e.event_id },
  )
  return row ?? null
}
