import type { Selection } from '@mastery/topology/generations/generation.ts'
import type { EventLog } from '@mastery/topology/ports/event-log.ts'
import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'

/** What a replay would read and fold, as far as gold knows. */
export interface Selected {
  events: number
  commands: number
  students: number
  /** Records of learning.events, markers and ticks included, that are read to find them. */
  records: number
  /** Those of them that the log no longer has. */
  fromGold: number
}

/** Counts what a selection takes. Commands are counted by when they were issued. */
export async function countSelected(log: EventLog, gold: GoldStore, s: Selection): Promise<Selected> {
  const where: string[] = ['1']
  const params: Record<string, unknown> = {}
  const and = (sql: string, name: string, value: unknown) => {
    where.push(sql)
    params[name] = value
  }
  if (s.students) and('student_id IN {students:Array(String)}', 'students', s.students)
  if (s.fromOffsets) and('src_offset >= {from:Array(UInt64)}[src_partition + 1]', 'from', s.fromOffsets)
  if (s.toOffsets) and('src_offset < {to:Array(UInt64)}[src_partition + 1]', 'to', s.toOffsets)
  const at = (column: string) => [
    ...where,
    ...(s.fromTime === null ? [] : [`toUnixTimestamp64Milli(${column}) >= {fromTime:Int64}`]),
    ...(s.toTime === null ? [] : [`toUnixTimestamp64Milli(${column}) < {toTime:Int64}`]),
  ]
  if (s.fromTime !== null) params['fromTime'] = s.fromTime
  if (s.toTime !== null) params['toTime'] = s.toTime
  const [found] = await gold.query<{ events: number; students: number }>(
    `SELECT uniqExact(src_partition, src_offset) AS events, uniqExact(student_id) AS students
     FROM learning_events WHERE ${at('occurred_at').join(' AND ')}`,
    params,
  )
  const [commands] = await gold.query<{ n: number }>(
    `SELECT uniqExact(src_partition, src_offset) AS n FROM student_commands WHERE ${at('issued_at').join(' AND ')}`,
    params,
  )
  let records = 0
  let fromGold = 0
  for (let p = 0; p < (await log.partitions('learning.events')); p++) {
    const { start, end } = await log.bounds('learning.events', p)
    records += end
    fromGold += start
  }
  return {
    events: Number(found!.events),
    commands: Number(commands!.n),
    students: Number(found!.students),
    records,
    fromGold,
  }
}
