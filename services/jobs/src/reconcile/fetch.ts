import { recordsSql } from '@mastery/infra/adapters/clickhouse/history.ts'
import { COMMANDS, EVENTS } from '@mastery/infra/adapters/clickhouse/history-rows.ts'
import { checkpointsSql, HISTORY } from '@mastery/infra/provision/gold/checkpoints.ts'
import { partitionOf, sourceOf } from '@mastery/topology/partition.ts'
import type { StateScope } from '@mastery/topology/ports/state-store.ts'
import { topicAt } from '@mastery/topology/topics.ts'
import type { RepairParts } from '../rebuild/parts.ts'
import { type Cut, type Tail, within } from './cut.ts'
import type { Task } from './messages.ts'
import { inRange, type Range, rangeSql } from './ranges.ts'
import { featuresSql, scoresSql } from './rows.ts'

/**
 * Reads everything that is known of a range. What may change, rows and states, is read before the log's tail, so that
 * students whose records came after the cut are known and left out. Gives also who was left out for that.
 */
export async function fetchRange(
  parts: RepairParts,
  range: Range,
  cut: Cut,
  tail: Tail,
  since: ReadonlyMap<number, number>,
  id: number,
): Promise<{ task: Task; moving: string[]; withCheckpoint: string[] }> {
  const where = rangeSql(range)
  const own = `${where} AND generation = ${parts.generation}`
  const past = `${where} AND ${within(cut)}`
  const [features, scores, states] = await Promise.all([
    bytesOf(parts, featuresSql(own)),
    bytesOf(parts, scoresSql(own)),
    statesOf(parts, where, past),
  ])
  const [events, commands, installed] = await Promise.all([
    bytesOf(parts, recordsSql(EVENTS, past)),
    bytesOf(parts, recordsSql(COMMANDS, past)),
    [...since.values()].some((o) => o > 0) ? installedIn(parts, own) : [],
    tail.advance(),
  ])
  // After the events: whichever of them expired meanwhile are in a checkpoint then.
  const checkpoints = await checkpointsIn(parts, where)
  // Also those who have rows already, and nothing before the cut.
  const moving = [...tail.keys].filter((student) => inRange(range, student))
  return {
    task: { type: 'range', id, events, commands, features, scores, installed, states, checkpoints, skip: moving },
    moving,
    withCheckpoint: checkpoints.map(([, student]) => student),
  }
}

/** A query's bytes in memory of their own, so that they can be handed to another thread. */
async function bytesOf(parts: RepairParts, sql: string): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = []
  for await (const chunk of parts.gold.stream(`${sql} SETTINGS max_threads = 1, max_block_size = 8192`, 'RowBinary'))
    chunks.push(new Uint8Array(chunk))
  return chunks
}

async function statesOf(parts: RepairParts, whoever: string, where: string): Promise<Task['states']> {
  const { generation, state, partitions } = parts
  const rows = await parts.gold.query<{ s: string }>(
    `SELECT student_id AS s FROM (SELECT student_id FROM learning_events WHERE ${where} UNION DISTINCT SELECT student_id FROM student_commands WHERE ${where} UNION DISTINCT SELECT student_id FROM student_checkpoints WHERE ${whoever})`,
  )
  const students = new Map<number, string[]>()
  for (const { s } of rows) {
    const q = partitionOf(s, partitions.output)
    const list = students.get(q)
    if (list) list.push(s)
    else students.set(q, [s])
  }
  const loaded = await Promise.all(
    [...students].map(async ([partition, keys]) => {
      const source = sourceOf(partition, partitions.input)
      const windows: StateScope = { stage: 'features', generation, topic: 'learning.events', partition: source }
      const topic = topicAt('learning.features', generation)
      const scores: StateScope = { stage: 'scoring', generation, topic, partition }
      const [w, s] = await Promise.all([state.load(windows, keys), state.load(scores, keys)])
      return keys.map((key, i) => [key, w[i] ?? null, s[i] ?? null] as const)
    }),
  )
  return loaded.flat()
}

async function installedIn(parts: RepairParts, where: string): Promise<Task['installed']> {
  const rows = await parts.gold.query<{ s: string; o: number }>(
    `SELECT student_id AS s, max(src_offset) AS o FROM event_dispositions WHERE ${where} AND disposition IN ('installed', 'warmed') GROUP BY student_id`,
  )
  return rows.map(({ s, o }) => [s, o])
}

async function checkpointsIn(parts: RepairParts, where: string): Promise<Task['checkpoints']> {
  const rows = await parts.gold.query<{ tenant: string; s: string; stage: string; payload: string }>(
    checkpointsSql('tenant, student_id AS s, stage, payload', where, parts.generation),
  )
  return rows.map(({ tenant, s, stage, payload }) => [
    tenant,
    s,
    new Uint8Array(Buffer.from(stage === HISTORY ? payload : '', 'base64')),
  ])
}
