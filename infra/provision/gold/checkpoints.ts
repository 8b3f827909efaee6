import { type HistoryCheckpoint, readKept, writeKept } from '@mastery/topology/history/kept.ts'
import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'

export interface StudentKey {
  tenant: string
  student: string
}

/** What `stage` says in rows of this kind; others were written by earlier builds, and nothing can begin from them. */
export const HISTORY = 'history'

/** A student's checkpoint as gold has it. */
export interface StoredCheckpoint extends StudentKey {
  /** Whose model versions the scores were folded with. */
  generation: number
  /** UTC milliseconds. */
  writtenAt: number
  /** Null for bytes that this build can't read; `why` says so. */
  kept: HistoryCheckpoint | null
  why: string
}

/** Writes checkpoints of students of one partition of learning.events. The newest of a student and generation counts. */
export async function storeCheckpoints(
  gold: Pick<GoldStore, 'insert'>,
  of: { partition: number; generation: number; now: number },
  checkpoints: readonly (StudentKey & { kept: HistoryCheckpoint })[],
): Promise<void> {
  const rows = checkpoints.map(({ tenant, student, kept }) => [
    tenant,
    student,
    HISTORY,
    'learning.events',
    of.generation,
    of.partition,
    kept.asOf,
    Math.max(0, kept.firstOffset),
    Math.max(0, kept.lastOffset),
    kept.events,
    kept.versions,
    kept.mixed,
    writeKept(kept).toString('base64'),
    of.now,
  ])
  if (rows.length > 0) await gold.insert([{ table: 'student_checkpoints', rows }])
}

/**
 * One row per student: of those that a fold can begin from the generation's own, else the newest of another one. The
 * windows are the same in all of them; whose scores fit is for the reader to see from their model versions.
 */
export function checkpointsSql(columns: string, where: string, generation: number): string {
  return `SELECT ${columns} FROM student_checkpoints FINAL WHERE ${where}
    ORDER BY student_id, stage = '${HISTORY}' DESC, generation = ${Math.trunc(generation)} DESC, as_of_offset DESC, generation LIMIT 1 BY student_id`
}

/** The checkpoints of students, by pseudonym; whoever has none is not there. */
export async function readCheckpoints(
  gold: Pick<GoldStore, 'query'>,
  students: Iterable<string>,
  generation: number,
): Promise<Map<string, StoredCheckpoint>> {
  const rows = await gold.query<{
    tenant: string
    student_id: string
    stage: string
    generation: number
    payload: string
    written: number
  }>(
    checkpointsSql(
      'tenant, student_id, stage, generation, payload, toUnixTimestamp64Milli(written_at) AS written',
      'student_id IN {students:Array(String)}',
      generation,
    ),
    { students: [...students] },
  )
  return new Map(
    rows.map((r) => {
      const about = { tenant: r.tenant, student: r.student_id, generation: r.generation, writtenAt: Number(r.written) }
      return [r.student_id, { ...about, ...decoded(r.stage, Buffer.from(r.payload, 'base64'), r.student_id) }]
    }),
  )
}

function decoded(stage: string, payload: Buffer, student: string): Pick<StoredCheckpoint, 'kept' | 'why'> {
  if (stage !== HISTORY)
    return { kept: null, why: 'It was written by an earlier build, and holds nothing that a fold can begin from.' }
  try {
    return { kept: readKept(payload, student), why: '' }
  } catch (e) {
    return { kept: null, why: (e as Error).message }
  }
}
