import type { StudentCommand } from '@mastery/schemas/src/generated/student-command.gen.ts'
import { ByteReader, ByteWriter } from '../stages/bytes.ts'
import { EARLIER_COMMANDS } from '../stages/windowing/state.ts'

/** What a reader of a topic remembers of a student who was erased: enough to keep out what comes again, and late. */
export interface Floor {
  tenant: string
  /**
   * Of the topic that the rows' origins count in: nothing of the student from before this offset is kept. In
   * learning.events it is that of the newest erase or readmit, so that what came between them stays out as well.
   */
  cut: number
  /** Events at or before this event time stay out; infinity until the student is readmitted. Only in learning.events. */
  floor: number
  /** When the erasure was issued, UTC milliseconds. */
  erasedAt: number
  /** Where the erase stands. */
  erasedBy: CommandPlace
  /** Newest readmission that was carried out; empty before the first. */
  readmitId: string
  /** Erasures and readmissions before these, the newest last: a copy of one of them does nothing. */
  earlier: readonly CommandPlace[]
}

/** A command's id and its offset in learning.events. */
export interface CommandPlace {
  id: string
  offset: number
}

/** What a command changes; `erases`: rows from before `floor.cut` are to go. Null: nothing. */
export interface FloorChange {
  floor: Floor
  erases: boolean
}

/** Whether a command is a copy. At its own place it is none: it is read again where the state behind it was lost. */
function isCopy(of: readonly CommandPlace[], id: string, offset: number): boolean {
  return of.some((c) => c.id === id && c.offset !== offset)
}

function earlierOf(f: Floor): CommandPlace[] {
  const readmitted = f.floor !== Number.POSITIVE_INFINITY && f.readmitId !== ''
  const all = [...f.earlier, f.erasedBy, ...(readmitted ? [{ id: f.readmitId, offset: f.cut }] : [])]
  return all.slice(-EARLIER_COMMANDS)
}

/** The same decisions as the windowing stage makes (topology/stages/windowing/commands.ts), from the same records. */
export function floorAfter(known: Floor | null, c: StudentCommand, offset: number): FloorChange | null {
  if (c.kind === 'erase') {
    if (known !== null && isCopy([known.erasedBy, ...known.earlier], c.command_id, offset)) return null
    return {
      floor: {
        tenant: c.tenant,
        cut: offset,
        floor: Number.POSITIVE_INFINITY,
        erasedAt: c.issued_at,
        erasedBy: { id: c.command_id, offset },
        readmitId: known?.readmitId ?? '',
        earlier: known === null ? [] : earlierOf(known),
      },
      erases: true,
    }
  }
  if (c.kind !== 'readmit' || known === null) return null
  if (known.readmitId === c.command_id || known.floor !== Number.POSITIVE_INFINITY) return null
  if (isCopy(known.earlier, c.command_id, offset)) return null
  const floor = Math.max(known.erasedAt, c.issued_at)
  return { floor: { ...known, cut: offset, floor, readmitId: c.command_id }, erases: false }
}

/** Whether a record of the student must not be kept. `at` is its event time as the stages take it. */
export function keptOut(known: Floor | undefined, offset: number, at: number): boolean {
  return known !== undefined && (offset < known.cut || at <= known.floor)
}

/** The second has the earlier commands behind it, and is written only where there are any. */
const VERSION = 1
const WITH_EARLIER = 2

export function writeFloor(f: Floor): Uint8Array {
  const w = new ByteWriter(128)
  w.u8(f.earlier.length > 0 ? WITH_EARLIER : VERSION)
  w.text(f.tenant)
  w.f64(f.cut)
  w.f64(f.floor)
  w.f64(f.erasedAt)
  w.text(f.erasedBy.id)
  w.f64(f.erasedBy.offset)
  w.text(f.readmitId)
  if (f.earlier.length > 0) {
    w.u8(f.earlier.length)
    for (const c of f.earlier) {
      w.text(c.id)
      w.f64(c.offset)
    }
  }
  return w.finish()
}

/** Throws where the bytes are of another version. */
export function readFloor(bytes: Uint8Array, student: string): Floor {
  const r = new ByteReader(bytes)
  const version = r.u8()
  if (version !== VERSION && version !== WITH_EARLIER)
    throw new Error(
      `The erasure of student ${student} has format ${version}, this build reads ${VERSION} and ${WITH_EARLIER}. Run the build that wrote it.`,
    )
  const tenant = r.text()
  const cut = r.f64()
  const floor = r.f64()
  const erasedAt = r.f64()
  const erasedBy = { id: r.text(), offset: r.f64() }
  const readmitId = r.text()
  const length = version === WITH_EARLIER ? r.u8() : 0
  const earlier = Array.from({ length }, () => ({ id: r.text(), offset: r.f64() }))
  return { tenant, cut, floor, erasedAt, erasedBy, readmitId, earlier }
}
