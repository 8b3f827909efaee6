import type { StudentCommand } from '@mastery/schemas/src/generated/student-command.gen.ts'
import type { Fence, StateScope, StateStore } from '@mastery/topology/ports/state-store.ts'
import { type Floor, floorAfter, keptOut, readFloor, writeFloor } from '@mastery/topology/privacy/floor.ts'
import type { Eraser, Passed } from './erasures.ts'

/**
 * The erased students of one partition of one topic: kept in the sink's own scope of the state store, in memory while
 * the claim holds.
 */
export class Floors {
  private readonly scope: StateScope
  private readonly store: StateStore
  private readonly eraser: Eraser
  private known: Map<string, Floor> | null = null
  private first = true
  private readonly changed = new Map<string, Floor>()
  /** Erases and readmissions of this batch, in order. */
  private erased: Passed[] = []
  private readmitted: Passed[] = []

  constructor(scope: StateScope, store: StateStore, eraser: Eraser) {
    this.scope = scope
    this.store = store
    this.eraser = eraser
  }

  reset(meta: Uint8Array | null): void {
    this.known = null
    this.first = meta === null
    this.changed.clear()
    this.erased = []
    this.readmitted = []
  }

  /** Before the first record of a claim. Where the store has nothing of this scope, gold may still know. */
  async load(fence: Fence): Promise<void> {
    if (this.known !== null) return
    const known = new Map<string, Floor>()
    if (this.first && this.scope.topic === 'learning.events')
      for (const [student, floor] of await this.eraser.remembered(this.scope.partition)) known.set(student, floor)
    const students: string[] = []
    for await (const student of this.store.keys(this.scope)) students.push(student)
    const bytes = await this.store.load(this.scope, students, fence)
    students.forEach((student, i) => {
      if (bytes[i]) known.set(student, readFloor(bytes[i], student))
    })
    this.known = known
  }

  /** Whether a row of this origin, or a record of this event time, must not be kept. */
  keepsOut(student: string, offset: number, at = Number.POSITIVE_INFINITY): boolean {
    return this.known!.size > 0 && keptOut(this.known!.get(student), offset, at)
  }

  /** Whether anything of the student may be kept at all. */
  shuts(student: string): boolean {
    return this.known!.size > 0 && this.known!.get(student)?.floor === Number.POSITIVE_INFINITY
  }

  /** A command in learning.events. True where it erased the student. */
  command(c: StudentCommand, offset: number): boolean {
    const change = floorAfter(this.known!.get(c.student) ?? null, c, offset)
    if (change === null) return false
    this.remember(c.student, change.floor)
    ;(change.erases ? this.erased : this.readmitted).push({ student: c.student, floor: change.floor })
    return change.erases
  }

  /** The erase came through a stage: rows with an origin before `offset` go. */
  passed(of: { student: string; tenant: string; id: string; at: number }, offset: number): void {
    const floor: Floor = {
      tenant: of.tenant,
      cut: offset,
      floor: Number.NEGATIVE_INFINITY,
      erasedAt: of.at,
      erasedBy: { id: of.id, offset },
      readmitId: '',
      earlier: [],
    }
    const before = this.known!.get(of.student)
    // A replaced owner may send an older erase again; its rows go again, what is newer holds.
    if (before === undefined || before.cut <= offset) this.remember(of.student, floor)
    this.erased.push({ student: of.student, floor })
  }

  private remember(student: string, floor: Floor): void {
    this.known!.set(student, floor)
    this.changed.set(student, floor)
  }

  /** What to carry out once the rows before it are stored. */
  take(): { erased: Passed[]; readmitted: Passed[] } {
    const { erased, readmitted } = this
    this.erased = []
    this.readmitted = []
    return { erased, readmitted }
  }

  changes(): (readonly [string, Uint8Array])[] {
    const changes = [...this.changed].map(([student, floor]) => [student, writeFloor(floor)] as const)
    this.changed.clear()
    return changes
  }
}
