import { GoldRemoval, type Removal } from '@mastery/infra/adapters/clickhouse/removal.ts'
import { isDerived, PERSONAL, type PersonalTable } from '@mastery/infra/provision/gold/personal.ts'
import { FIRST, type Generation, partitionIn } from '@mastery/topology/generations/generation.ts'
import { partitionOf } from '@mastery/topology/partition.ts'
import { topicAt } from '@mastery/topology/topics.ts'
import type { PrivacyParts, Subject } from './parts.ts'
import type { GoldEntry } from './receipt.ts'

/** An erasure as the sink has noted it, one row per topic that it passed. */
export interface Noted {
  command_id: string
  tenant: string
  student_id: string
  part: string
  src_offset: number
  erased_ms: number
  readmitted_ms: number | null
  counts: Record<string, number>
  verified: boolean
  receipt: string
}

const NOTED = `SELECT command_id, tenant, student_id, toString(part) AS part, src_offset, toUnixTimestamp64Milli(erased_at) AS erased_ms,
  toUnixTimestamp64Milli(readmitted_at) AS readmitted_ms, counts, verified, receipt FROM erasures FINAL`

export async function notedBy(parts: PrivacyParts, commandId: string): Promise<Noted[]> {
  const rows = await parts.gold.query<Noted>(`${NOTED} WHERE command_id = {id:String}`, { id: commandId })
  return rows.map((r) => ({ ...r, erased_ms: Number(r.erased_ms), src_offset: Number(r.src_offset) }))
}

/** The student's newest erasure that gold knows, null for none. */
export async function newestOf(parts: PrivacyParts, { tenant, student }: Subject): Promise<Noted | null> {
  const [row] = await parts.gold.query<Noted>(
    `${NOTED} WHERE tenant = {tenant:String} AND student_id = {student:String} AND part = 'learning.events' ORDER BY src_offset DESC LIMIT 1`,
    { tenant, student },
  )
  return row ?? null
}

/**
 * Counts, in every table, what is left of the student from before the erasure, and removes what came after its pass (a
 * repair that had begun before it, say). `settled`: generations that it has passed.
 */
export async function goldEntries(
  parts: PrivacyParts,
  of: Subject,
  noted: readonly Noted[],
  settled: readonly Generation[],
): Promise<GoldEntry[]> {
  const entries: GoldEntry[] = []
  for (const table of PERSONAL) entries.push(await entry(parts, of, table, noted, settled))
  return entries
}

async function entry(
  parts: PrivacyParts,
  of: Subject,
  table: PersonalTable,
  noted: readonly Noted[],
  settled: readonly Generation[],
): Promise<GoldEntry> {
  const removal = new GoldRemoval(parts.gold)
  let removed = 0
  for (const n of noted) removed += Number(n.counts[table.table] ?? 0)
  let left = 0
  const passed = (isDerived(table.topic) ? settled : [FIRST]).map((g) => ({
    g,
    note: noted.find((n) => n.part === topicAt(table.topic, g.id)),
  }))
  for (const { g, note } of passed) {
    // Without a place in learning.events a row of after a readmission looks like one of before.
    if (!note || (note.readmitted_ms !== null && (table.place === null || table.placedWhere))) continue
    const doomed: Removal = {
      table,
      // A score has the place of the feature record that it was made from, all else that of a record of learning.events.
      partition:
        table.topic === 'mastery.scores'
          ? partitionIn(g, table.topic, of.student, parts.partitions)
          : partitionOf(of.student, parts.partitions),
      generation: g.id,
      students: [{ ...of, below: note.src_offset }],
    }
    const found = async () => (await removal.count(doomed)).get(of.student) ?? 0
    const late = await found()
    if (late === 0) continue
    removed += late
    await removal.remove(doomed)
    left += await found()
  }
  return { table: table.table, removed, left, verified: left === 0 && passed.every((p) => p.note !== undefined) }
}
