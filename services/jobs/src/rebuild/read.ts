import { inOffsetOrder, recordsSql } from '@mastery/infra/adapters/clickhouse/history.ts'
import { COMMANDS, EVENTS } from '@mastery/infra/adapters/clickhouse/history-rows.ts'
import { readRows } from '@mastery/infra/adapters/clickhouse/row-binary.ts'
import { quote } from '@mastery/infra/provision/gold/ddl.ts'
import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import type { StudentCommand } from '@mastery/schemas/src/generated/student-command.gen.ts'
import type { HistoryRecord } from '@mastery/topology/history/fold.ts'
import type { HistoryCheckpoint } from '@mastery/topology/history/kept.ts'
import { type Codec, CodecError } from '@mastery/topology/ports/codec.ts'
import { timeOf } from '@mastery/topology/stages/windowing/entry.ts'
import { type Erasure, WINDOW_STATE } from '@mastery/topology/stages/windowing/state.ts'
import type { RepairParts } from './parts.ts'

/** Records of the log that are fetched at a time. */
const CHUNK = 2_000

/** What is known of one student's past. */
export interface StudentRecords {
  tenant: string
  student: string
  /** Ascending by offset, each offset once. */
  records: HistoryRecord[]
}

/** `student_id IN (...)` with the values quoted. */
export function among(students: Iterable<string>): string {
  return `student_id IN (${[...students].map(quote).join(', ')})`
}

/**
 * All that gold and, beyond it, the log hold of students of one partition, up to `end`. Students without any record are
 * not there.
 */
export async function readStudents(
  parts: RepairParts,
  partition: number,
  students: ReadonlySet<string>,
  end: number,
): Promise<Map<string, StudentRecords>> {
  const found = new Map<string, StudentRecords>()
  const add = (r: HistoryRecord) => {
    const { tenant, student } = r.value
    const known = found.get(student)
    if (known) known.records.push(r)
    else found.set(student, { tenant, student, records: [r] })
  }
  const { start } = await parts.log.bounds('learning.events', partition)
  const at = await parts.state.peek({ stage: 'gold', generation: 0, topic: 'learning.events', partition })
  const inGold = Math.min(at?.nextOffset ?? 0, end)
  if (inGold < start)
    throw new Error(
      `Gold has learning.events partition ${partition} up to offset ${inGold}, but the log begins at ${start}: the records between are in neither, so that no student of this partition can be rebuilt. Restore the topic, or gold.`,
    )
  if (inGold > 0) {
    const where = `${among(students)} AND src_partition = ${partition} AND src_offset < ${inGold}`
    for await (const rows of readRows(parts.gold.stream(recordsSql(EVENTS, where), 'RowBinary'), EVENTS.read))
      for (const r of rows) add(r as HistoryRecord)
    for await (const rows of readRows(parts.gold.stream(recordsSql(COMMANDS, where), 'RowBinary'), COMMANDS.read))
      for (const r of rows) add(r as HistoryRecord)
  }
  for (let from = inGold; from < end; ) {
    const records = await parts.log.read('learning.events', partition, from, CHUNK)
    if (records.length === 0) break
    for (const r of records) {
      if (r.offset >= end || !students.has(r.key)) continue
      const decoded = await decodeOrSkip(parts.codec, r.value)
      if (decoded === null || (decoded.subject !== 'learning-event' && decoded.subject !== 'student-command')) continue
      const value = decoded.value as LearningEvent | StudentCommand
      // The stages refuse what stands under another key.
      if (value.student === r.key) add({ subject: decoded.subject, offset: r.offset, value } as HistoryRecord)
    }
    from = records.at(-1)!.offset + 1
  }
  for (const s of found.values()) inOffsetOrder(s.records)
  return found
}

/** Null for bytes that nobody can read: the stages have set them aside as dead letters. */
export async function decodeOrSkip(codec: Codec, bytes: Uint8Array) {
  for (let asked = false; ; asked = true)
    try {
      return codec.decode(bytes)
    } catch (e) {
      if (!(e instanceof CodecError)) throw e
      if (asked || e.code !== 'unknown_schema' || e.schemaId === null || !(await codec.learn(e.schemaId))) return null
    }
}

/** What a state knows of an erasure; null also for bytes that are no state. */
export function erasureOf(bytes: Uint8Array | null, student: string): Erasure | null {
  try {
    return bytes === null ? null : WINDOW_STATE.decode(bytes, student).erasure
  } catch {
    return null
  }
}

/** The checkpoint that a fold may begin from: none from before an erasure. */
export function keptAfter(erasure: Erasure | null, kept: HistoryCheckpoint | null): HistoryCheckpoint | null {
  if (erasure === null || kept === null) return kept
  return kept.windows.erasure?.eraseId === erasure.eraseId ? kept : null
}

/** Without what an erasure keeps out, also where the command itself is no longer in any store. */
export function honouring(erasure: Erasure | null, records: readonly HistoryRecord[]): readonly HistoryRecord[] {
  if (erasure === null) return records
  return records.filter((r) => r.subject === 'student-command' || timeOf(r.value) > erasure.floor)
}
