import type { Marker } from '@mastery/schemas/src/generated/marker.gen.ts'
import type { StateCodec } from '../../stage.ts'
import { type AlertMeta, alertMeta } from '../alerting/meta.ts'
import { ByteReader, ByteWriter, expectFormat } from '../bytes.ts'

const CLASS_META_VERSION = 1

/** State of one partition of mastery.classes. Times in UTC milliseconds. */
export interface ClassMeta {
  /** Weeks that end at or before it are decided, where `complete`. 0: before the first. */
  now: number
  /** False while classes wait that are due by `now`. */
  complete: boolean
  /** Earliest end of a week that a part was about; 0: no part yet. */
  first: number
  /** The newest time that readers of notices were told of. */
  told: number
  /** Greatest tick of each source partition. */
  heard: Map<number, number>
  /** Newest (offset, ordinal) taken from each source partition. */
  marks: Map<number, { offset: number; ordinal: number }>
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
    first: 0,
    told: 0,
    heard: new Map(),
    marks: new Map(),
    waiting: [],
    inForce: IN_FORCE.empty(''),
  }),
  encode(m) {
    const w = new ByteWriter(512)
    w.u8(CLASS_META_VERSION)
    w.f64(m.now)
    w.u8(m.complete ? 1 : 0)
    w.f64(m.first)
    w.f64(m.told)
    w.u32(m.heard.size)
    for (const [source, at] of m.heard) {
      w.u32(source)
      w.f64(at)
    }
    w.u32(m.marks.size)
    for (const [source, { offset, ordinal }] of m.marks) {
      w.u32(source)
      w.f64(offset)
      w.u32(ordinal)
    }
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
    m.first = r.f64()
    m.told = r.f64()
    for (let n = r.u32(); n > 0; n--) m.heard.set(r.u32(), r.f64())
    for (let n = r.u32(); n > 0; n--) m.marks.set(r.u32(), { offset: r.f64(), ordinal: r.u32() })
    m.waiting = JSON.parse(r.text()) as ClassMeta['waiting']
    m.inForce = IN_FORCE.decode(Buffer.from(r.text(), 'latin1'), '')
    return m
  },
}
