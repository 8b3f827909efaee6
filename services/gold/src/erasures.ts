import type { Removal, RowRemoval } from '@mastery/infra/adapters/clickhouse/removal.ts'
import { type PersonalTopic, personalTablesOf } from '@mastery/infra/provision/gold/personal.ts'
import { crashPoint } from '@mastery/infra/runtime/crash-points.ts'
import { TransientError } from '@mastery/topology/ports/failure.ts'
import type { Telemetry } from '@mastery/topology/ports/telemetry.ts'
import type { Floor } from '@mastery/topology/privacy/floor.ts'
import { EARLIER_COMMANDS } from '@mastery/topology/stages/windowing/state.ts'
import { topicAt } from '@mastery/topology/topics.ts'
import { type ErasureRow, type ErasureRows, NEVER } from './erasure-rows.ts'

/** Of commands before the newest: a readmission's place is not noted, so a copy of one may count where memory was lost. */
const earlierOf = (f: Floor | undefined) => (f ? [...f.earlier, f.erasedBy].slice(-EARLIER_COMMANDS) : [])

/** An erase that has passed one partition of one topic. */
export interface Passed {
  student: string
  floor: Floor
}

const ATTEMPTS = 3

/**
 * Removes students' rows as their erasures pass the sink, and keeps account in `erasures`. Everything may be done
 * again after a crash, to the same end: a count that was written once is never lowered.
 */
export class Eraser {
  private readonly rows: ErasureRows
  private readonly removal: RowRemoval
  private readonly telemetry: Telemetry
  private readonly clock: () => number
  private readonly sleep: (ms: number) => Promise<void>

  /** `clock`: UTC milliseconds. `sleep`: a simulation gives one that runs on virtual time. */
  constructor(
    rows: ErasureRows,
    removal: RowRemoval,
    telemetry: Telemetry,
    clock: () => number,
    sleep: (ms: number) => Promise<void> = (ms) => new Promise((done) => setTimeout(done, ms)),
  ) {
    this.rows = rows
    this.removal = removal
    this.telemetry = telemetry
    this.clock = clock
    this.sleep = sleep
  }

  /** Erasures of a partition as gold knows them: for a sink whose own memory of them was lost. */
  async remembered(partition: number): Promise<Map<string, Floor>> {
    const found = await this.retrying('erasures', () => this.rows.ofPartition(partition))
    const floors = new Map<string, Floor>()
    for (const r of found.sort((a, b) => a.src_offset - b.src_offset))
      floors.set(r.student_id, {
        tenant: r.tenant,
        cut: r.src_offset,
        floor: r.floor_ms >= NEVER ? Number.POSITIVE_INFINITY : r.floor_ms,
        erasedAt: r.erased_ms,
        erasedBy: { id: r.command_id, offset: r.src_offset },
        readmitId: '',
        earlier: earlierOf(floors.get(r.student_id)),
      })
    return floors
  }

  /** Those of some students who were erased, each with the time up to which nothing may be kept, UTC milliseconds. */
  async erasedAmong(students: readonly string[]): Promise<Map<string, number>> {
    const found = await this.retrying('erasures', () => this.rows.ofStudents(students))
    return new Map(found.sort((a, b) => a.src_offset - b.src_offset).map((r) => [r.student_id, r.floor_ms]))
  }

  /** All rows of before must be stored already. Resolves once none of them is left. */
  async pass(topic: PersonalTopic, partition: number, generation: number, erased: readonly Passed[]): Promise<void> {
    const part = topicAt(topic, generation)
    const students = erased.map(({ student, floor }) => ({
      tenant: floor.tenant,
      student,
      below: floor.erasedBy.offset,
    }))
    const counts = new Map<string, Record<string, number>>(erased.map((e) => [e.floor.erasedBy.id, {}]))
    const full: Removal[] = []
    const began = this.clock()
    for (const table of personalTablesOf(topic)) {
      const of: Removal = { table, partition, generation, students }
      const found = await this.retrying(`count ${table.table}`, () => this.removal.count(of))
      if (found.size === 0) continue
      full.push({ ...of, students: students.filter((s) => found.has(s.student)) })
      for (const { student, floor } of erased)
        if (found.has(student)) counts.get(floor.erasedBy.id)![table.table] = found.get(student)!
    }
    await this.write(part, partition, erased, counts, full.length === 0, began)
    crashPoint('gold.counted')
    if (full.length === 0) return
    let left = full
    let looked = began
    for (let attempt = 1; left.length > 0 && attempt <= ATTEMPTS; attempt++) {
      looked = this.clock()
      left = await this.emptied(left)
    }
    crashPoint('gold.erased')
    if (left.length > 0)
      this.telemetry.error('rows of an erased student came back while they were removed; erase again to be sure', {
        tables: left.map((r) => r.table.table),
      })
    else await this.write(part, partition, erased, counts, true, looked)
    this.telemetry.info('students erased', { part, partition, students: erased.length })
  }

  /** Removes, and gives what is still there. */
  private async emptied(removals: readonly Removal[]): Promise<Removal[]> {
    const left = await Promise.all(
      removals.map(async (of) => {
        await this.retrying(`remove from ${of.table.table}`, () => this.removal.remove(of))
        return (await this.retrying(`count ${of.table.table}`, () => this.removal.count(of))).size > 0 ? [of] : []
      }),
    )
    return left.flat()
  }

  /** Notes in the erasure's row that events of after the readmission count again. */
  async readmitted(partition: number, readmissions: readonly Passed[]): Promise<void> {
    await this.write('learning.events', partition, readmissions, new Map(), null, this.clock())
  }

  /**
   * Removes rejects of erased students that came after their erasure. They stand in another topic than it: whoever
   * writes later, this or the erasure's pass, sees the other's rows.
   */
  async sweepRejects(students: readonly string[]): Promise<void> {
    const found = await this.retrying('erasures', () => this.rows.ofStudents(students))
    const newest = new Map(found.sort((a, b) => a.src_offset - b.src_offset).map((r) => [r.student_id, r]))
    if (newest.size === 0) return
    await this.retrying('remove late rejects', () =>
      this.removal.removeRejects(
        [...newest.values()].map((r) => ({ student: r.student_id, tenant: r.tenant, until: r.floor_ms })),
      ),
    )
    this.telemetry.count('gold.late_rejects', newest.size)
  }

  /**
   * `at`: when what is written was looked at. Of two writers the one that looked later counts: a replaced owner that wakes
   * up after its look changes nothing.
   */
  private async write(
    part: string,
    partition: number,
    changed: readonly Passed[],
    counts: ReadonlyMap<string, Record<string, number>>,
    verified: boolean | null,
    at: number,
  ): Promise<void> {
    const ids = changed.map((c) => c.floor.erasedBy.id)
    const before = await this.retrying('erasures', () => this.rows.ofCommands(part, ids))
    const known = new Map(before.map((r) => [r.command_id, r]))
    const rows = changed.map(({ student, floor: f }): ErasureRow => {
      const before = known.get(f.erasedBy.id)
      const all = { ...before?.counts }
      for (const [table, n] of Object.entries(counts.get(f.erasedBy.id) ?? {}))
        all[table] = Math.max(Number(all[table] ?? 0), n)
      // An owner that reads old records again does not know yet what came after them.
      const readmitted = Number.isFinite(f.floor) ? f.floor : (before?.readmitted_ms ?? null)
      return {
        student_id: student,
        tenant: f.tenant,
        command_id: f.erasedBy.id,
        floor_ms: part === 'learning.events' ? (readmitted ?? NEVER) : f.erasedAt,
        erased_ms: f.erasedAt,
        readmitted_ms: readmitted,
        counts: all,
        verified: verified ?? before?.verified ?? false,
        src_offset: f.erasedBy.offset,
      }
    })
    await this.retrying('note the erasures', () => this.rows.note({ part, partition, at }, rows))
  }

  /** A sink that waits for gold waits with everything that comes after. */
  private async retrying<T>(what: string, work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work()
      } catch (e) {
        if (!(e instanceof TransientError)) throw e
        const wait = Math.min(5000, 100 * attempt * attempt)
        this.telemetry.warn(`${what} failed, trying again in ${wait} ms: ${e.message}`, { attempt })
        await this.sleep(wait)
      }
    }
  }
}
