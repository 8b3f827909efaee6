import { studentCommand } from '@mastery/topology/events/command.ts'
import { seedOf } from '@mastery/topology/history/keep.ts'
import type { HistoryRecord } from '../adapters/clickhouse/history.ts'
import { checkpointsSql, HISTORY, readCheckpoints } from '../provision/gold/checkpoints.ts'

interface Queried {
  query<T>(sql: string, params?: Record<string, unknown>): Promise<T[]>
}

interface Seed {
  student: string
  /** Offset of the newest record that the checkpoint contains: the student's own, so that it is free for this. */
  at: number
  /** Records before this offset are contained. */
  asOf: number
}

/** Checkpoints that are read at a time: each may take a hundred kilobytes. */
const MOST = 64

/**
 * Checkpoints of students of one partition, as the records that stand for expired ones: an install_checkpoint at the
 * place of the newest record that it contains. The student's other records before it are contained, too, and are passed
 * over, whether they have expired or not.
 */
export class Seeds {
  readonly all: readonly Seed[]
  private readonly gold: Queried
  private readonly partition: number
  private readonly contained: ReadonlyMap<string, number>

  private constructor(gold: Queried, partition: number, all: readonly Seed[]) {
    this.gold = gold
    this.partition = partition
    this.all = all
    this.contained = new Map(all.map((s) => [s.student, s.asOf]))
  }

  static async of(gold: Queried, partition: number): Promise<Seeds> {
    const rows = await gold.query<{ student: string; at: number; as_of: number }>(
      `SELECT student_id AS student, last_offset AS at, as_of_offset AS as_of FROM (
        ${checkpointsSql('student_id, last_offset, as_of_offset', `stage = '${HISTORY}' AND src_partition = ${Math.trunc(partition)}`, 0)}
      ) ORDER BY at`,
    )
    return new Seeds(
      gold,
      partition,
      rows.map((r) => ({ student: r.student, at: Number(r.at), asOf: Number(r.as_of) })),
    )
  }

  /** Whether a checkpoint contains the record. */
  contains(r: HistoryRecord): boolean {
    if (r.subject !== 'learning-event' && r.subject !== 'student-command') return false
    return r.offset < (this.contained.get(r.key) ?? 0)
  }

  /** Those whose place lies in [from, to), ascending, at most `max` of them. `end`: how far these are all. */
  async between(from: number, to: number, max: number): Promise<{ records: HistoryRecord[]; end: number }> {
    const most = Math.min(MOST, max)
    const found = this.all.filter((s) => s.at >= from && s.at < to)
    const taken = found.slice(0, most)
    const end = found[most]?.at ?? to
    if (taken.length === 0) return { records: [], end }
    const stored = await readCheckpoints(
      this.gold,
      taken.map((s) => s.student),
      0,
    )
    const records = taken.flatMap(({ student, at }): HistoryRecord[] => {
      const c = stored.get(student)
      // Erased since the places were read.
      if (c === undefined) return []
      if (c.kept === null)
        throw new Error(
          `The checkpoint of student ${student} can't be read, and events of this student have expired: ${c.why} Run the build that wrote it, or restore student_checkpoints.`,
        )
      const value = studentCommand({
        command_id: `checkpoint ${c.kept.asOf} of ${student}`,
        tenant: c.tenant,
        student,
        kind: 'install_checkpoint',
        issued_at: c.writtenAt,
        reason: 'Begun from the checkpoint of events that have expired.',
        after_offset: at,
        payload: seedOf(c.kept),
      })
      const place = { partition: this.partition, offset: at, key: student, timestamp: c.writtenAt }
      return [{ ...place, subject: 'student-command', value, droppedBytes: null }]
    })
    return { records, end }
  }
}
