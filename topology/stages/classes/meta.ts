import type { Marker } from '@mastery/schemas/src/generated/marker.gen.ts'
import type { StateCodec } from '../../stage.ts'
import { type AlertMeta, alertMeta } from '../alerting/meta.ts'
import { ByteReader, ByteWriter, expectFormat } from '../bytes.ts'
import { Marks, Times } from '../marks.ts'

const CLASS_META_VERSION = 1

/** State of one partition of mastery.classes. Times in UTC milliseconds. */
export interface ClassMeta {
  /** Weeks that end at or before it are decided, where `complete`. 0: before the first. */
  now: number
  /** False while classes wait that are due by `now`. */
  complete: boolean
  /** How many classes are due at the end of which week: a gap in which none is takes one step. */
  dues: Map<number, number>
  /** The newest time that readers of notices were told of. */
  told: number
  /** Greatest tick of each source partition. */
  heard: Times
  /** Newest (offset, ordinal) taken from each source partition. */
  marks: Marks
  /** Markers of the first source partition that no week has been decided with, and the time of that partition when they came. */
  waiting: { at: number; marker: Marker }[]
  /** Policies and rosters as they stood in the first source partition when the week under way ended there. */
  inForce: AlertMeta
}

const IN_FORCE = alertMeta()

export const CLASS_META: StateCodec<ClassMeta> = {
  empty: () => ({
    now: 0,
    complete: true,
    dues: new Map(),
    told: 0,
    heard: new Times(),
    marks: new Marks(),
    waiting: [],
    inForce: IN_FORCE.empty(''),
  }),
  encode(m) {
    const w = new ByteWriter(512)
    w.u8(CLASS_META_VERSION)
    w.f64(m.now)
    w.u8(m.complete ? 1 : 0)
    w.f64(m.told)
    w.u32(m.dues.size)
    for (const [week, classes] of m.dues) {
      w.f64(week)
      w.u32(classes)
    }
    m.heard.write(w)
    m.marks.write(w)
    w.text(JSON.stringify(m.waiting))
    const bytes = IN_FORCE.encode(m.inForce)
    w.text(Buffer.from(bytes).toString('latin1'))
    return w.finish()
  },
  decode(bytes) {
    const r = new ByteReader(bytes)
    expectFormat(r, CLASS_META_VERSION, "The classes stage's partition state")
    const m = CLASS_META.empty('')
    m.now = r.f64()
    m.complete = r.u8() === 1
    m.told = r.f64()
    for (let n = r.u32(); n > 0; n--) m.dues.set(r.f64(), r.u32())
    m.heard = Times.read(r)
    m.marks = Marks.read(r)
    m.waiting = JSON.parse(r.text()) as ClassMeta['waiting']
    m.inForce = IN_FORCE.decode(Buffer.from(r.text(), 'latin1'), '')
    return m
  },
}

/** A class that was due at one time is due at another; Infinity: at none. */
export function shiftDue({ dues }: ClassMeta, before: number, after: number): void {
  if (before === after) return
  const classes = (dues.get(before) ?? 0) - 1
  if (classes > 0) dues.set(before, classes)
  else dues.delete(before)
  if (after !== Number.POSITIVE_INFINITY) dues.set(after, (dues.get(after) ?? 0) + 1)
}
