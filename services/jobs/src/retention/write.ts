import {
  HISTORY,
  readCheckpoints,
  type StudentKey,
  storeCheckpoints,
} from '@mastery/infra/provision/gold/checkpoints.ts'
import type { RetainedGold } from '@mastery/infra/provision/gold/retention.ts'
import { readScoreMeta } from '@mastery/infra/runtime/artefacts.ts'
import { foldHistory } from '@mastery/topology/history/fold.ts'
import { keptOf } from '@mastery/topology/history/keep.ts'
import type { HistoryCheckpoint } from '@mastery/topology/history/kept.ts'
import { partitionOf } from '@mastery/topology/partition.ts'
import type { ScoreMeta } from '@mastery/topology/stages/scoring/meta.ts'
import { serveFolded } from '@mastery/topology/stages/scoring/together.ts'
import { topicAt } from '@mastery/topology/topics.ts'
import { incompleteAmong } from '../rebuild/incomplete.ts'
import { pause, type RepairParts } from '../rebuild/parts.ts'
import { among, erasureOf, honouring, keptAfter, readStudents } from '../rebuild/read.ts'

/** Students whose histories are in memory at a time. */
const GROUP = 32
/** Students that are asked after at a time. */
const CHUNK = 1_000

/** With a gold that rows can be taken from. */
export interface KeepingParts extends RepairParts {
  gold: RepairParts['gold'] & Pick<RetainedGold, 'deleteRows'>
}

/** How far the checkpoints reach that a generation has of students, by pseudonym. */
export async function asOfOwn(
  parts: RepairParts,
  partition: number,
  students: Iterable<string>,
): Promise<Map<string, number>> {
  const all = [...students]
  const found = new Map<string, number>()
  for (let i = 0; i < all.length; i += CHUNK) {
    const rows = await parts.gold.query<{ s: string; o: number }>(
      `SELECT student_id AS s, max(as_of_offset) AS o FROM student_checkpoints
       WHERE stage = '${HISTORY}' AND generation = ${parts.generation} AND src_partition = ${partition}
         AND student_id IN {students:Array(String)} GROUP BY student_id`,
      { students: all.slice(i, i + CHUNK) },
    )
    for (const { s, o } of rows) found.set(s, Number(o))
  }
  return found
}

/**
 * Folds students' histories before an offset, each from its last checkpoint, and writes what they come to. Left without
 * one are those whose history gold does not have whole, or whose last checkpoint nobody can read. Gives the students of
 * whom nothing has to be kept, since they were erased.
 */
export async function writeKeptOf(
  parts: KeepingParts,
  partition: number,
  students: readonly StudentKey[],
  before: number,
): Promise<Set<string>> {
  const nothing = new Set<string>()
  const metas = new Map<number, ScoreMeta>()
  for (let i = 0; i < students.length; i += GROUP) {
    parts.signal?.throwIfAborted()
    const group = students.slice(i, i + GROUP)
    const names = group.map((s) => s.student)
    const [histories, checkpoints, states, incomplete] = await Promise.all([
      readStudents(parts, partition, new Set(names), before),
      readCheckpoints(parts.gold, names, parts.generation),
      parts.state.load({ stage: 'features', generation: parts.generation, topic: 'learning.events', partition }, names),
      incompleteAmong(parts, names),
    ])
    const made: (StudentKey & { kept: HistoryCheckpoint })[] = []
    for (const [j, { tenant, student }] of group.entries()) {
      const stored = checkpoints.get(student)
      if (incomplete.has(student) || (stored !== undefined && stored.kept === null)) continue
      const erasure = erasureOf(states[j] ?? null, student)
      const options = { ...parts.windows, scoring: await metaOf(parts, student, metas), whole: true }
      const records = honouring(erasure, histories.get(student)?.records ?? [])
      const folded = foldHistory(student, records, options, keptAfter(erasure, stored?.kept ?? null))
      await serveFolded([folded.scores], options.ring, options.scoring, parts.servers)
      folded.windows.erasure ??= erasure
      if (folded.windows.erasure?.floor === Number.POSITIVE_INFINITY) nothing.add(student)
      else made.push({ tenant, student, kept: keptOf(folded, options, before) })
      // Whole histories are folded on this thread; others want it too.
      await pause(parts, 0)
    }
    const of = { partition, generation: parts.generation, now: parts.now() }
    await storeCheckpoints(parts.gold, of, made)
    await withoutErased(parts, names, before)
  }
  return nothing
}

/** Model versions in force where a student is scored. */
async function metaOf(parts: RepairParts, student: string, known: Map<number, ScoreMeta>): Promise<ScoreMeta> {
  const partition = partitionOf(student, parts.partitions.output)
  let meta = known.get(partition)
  if (meta === undefined) {
    const { generation } = parts
    const topic = topicAt('learning.features', generation)
    const found = await parts.state.peek({ stage: 'scoring', generation, topic, partition })
    meta = await readScoreMeta(found?.meta, parts.provide)
    known.set(partition, meta)
  }
  return meta
}

/** Gold removes the checkpoints of whom it sees erased; one that was being written then must go by itself. */
async function withoutErased(parts: KeepingParts, students: readonly string[], before: number): Promise<void> {
  const where = among(students)
  const rows = await parts.gold.query<{ s: string }>(
    `SELECT DISTINCT student_id AS s FROM student_commands WHERE ${where} AND kind = 'erase' AND src_offset >= ${before}`,
  )
  if (rows.length === 0) return
  await parts.gold.deleteRows('student_checkpoints', `${among(rows.map((r) => r.s))} AND as_of_offset <= ${before}`)
}
