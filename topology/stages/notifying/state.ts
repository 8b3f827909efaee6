import type { StateCodec } from '../../stage.ts'
import { ByteReader, ByteWriter, expectFormat } from '../bytes.ts'
import { type Entry, WAITS } from './entry.ts'

const NOTIFY_STATE_VERSION = 1

/** An alert that the reader was told of and that goes on. */
export interface Open {
  sequence: number
  role: string
  scope: string
  class: string | null
  topic: string | null
  school: string | null
  /** When the reader was told. */
  at: number
  /** It is over, and the reader will be told so: it mutes nothing any more. */
  over: boolean
}

/** What the notifying stage keeps of one reader. */
export interface NotifyState {
  entries: Entry[]
  /** By alert. */
  open: Map<string, Open>
  /** Notices in texts of a reader's day, by role. */
  spent: Map<string, { day: number; count: number }>
}

function writeText(w: ByteWriter, text: string | null): void {
  w.u8(text === null ? 0 : 1)
  if (text !== null) w.text(text)
}
const readText = (r: ByteReader): string | null => (r.u8() === 0 ? null : r.text())

function writeEntry(w: ByteWriter, e: Entry): void {
  for (const text of [e.tenant, e.role, e.kind, e.alert, e.rule, e.policy, e.scope, e.severity]) w.text(text)
  for (const text of [e.student, e.class, e.topic, e.school, e.zone]) writeText(w, text)
  w.u32(e.sequence)
  for (const n of [e.occurredAt, e.now, e.offset, e.at]) w.f64(n)
  w.u32(e.source)
  w.u32(e.ordinal)
  w.u8(WAITS.indexOf(e.wait))
  w.u16(e.evidence.length)
  for (const { code, value, text } of e.evidence) {
    w.text(code)
    w.u8(value === null ? 0 : 1)
    if (value !== null) w.f64(value)
    writeText(w, text)
  }
}

function readEntry(r: ByteReader): Entry {
  const [tenant, role, kind, alert, rule, policy, scope, severity] = Array.from({ length: 8 }, () => r.text())
  const [student, klass, topic, school, zone] = Array.from({ length: 5 }, () => readText(r))
  const sequence = r.u32()
  const [occurredAt, now, offset, at] = [r.f64(), r.f64(), r.f64(), r.f64()]
  const source = r.u32()
  const ordinal = r.u32()
  const wait = WAITS[r.u8()]!
  const evidence: Entry['evidence'] = []
  for (let n = r.u16(); n > 0; n--)
    evidence.push({ code: r.text(), value: r.u8() === 0 ? null : r.f64(), text: readText(r) })
  return {
    tenant: tenant!,
    role: role!,
    kind: kind!,
    alert: alert!,
    sequence,
    rule: rule!,
    policy: policy!,
    scope: scope!,
    severity: severity!,
    student: student!,
    class: klass!,
    topic: topic!,
    school: school!,
    zone: zone!,
    occurredAt,
    now,
    source,
    offset,
    ordinal,
    wait,
    at,
    evidence,
  }
}

export const NOTIFY_STATE: StateCodec<NotifyState> = {
  empty: () => ({ entries: [], open: new Map(), spent: new Map() }),
  encode(s) {
    const w = new ByteWriter(512)
    w.u8(NOTIFY_STATE_VERSION)
    w.u32(s.entries.length)
    for (const e of s.entries) writeEntry(w, e)
    w.u32(s.open.size)
    for (const [alert, o] of s.open) {
      w.text(alert)
      w.u32(o.sequence)
      w.text(o.role)
      w.text(o.scope)
      for (const text of [o.class, o.topic, o.school]) writeText(w, text)
      w.f64(o.at)
      w.u8(o.over ? 1 : 0)
    }
    w.u16(s.spent.size)
    for (const [role, { day, count }] of s.spent) {
      w.text(role)
      w.f64(day)
      w.u32(count)
    }
    return w.finish()
  },
  decode(bytes, key) {
    const r = new ByteReader(bytes)
    expectFormat(r, NOTIFY_STATE_VERSION, "The notifying stage's state of reader ", key)
    const s = NOTIFY_STATE.empty(key)
    for (let n = r.u32(); n > 0; n--) s.entries.push(readEntry(r))
    for (let n = r.u32(); n > 0; n--) {
      const alert = r.text()
      const [sequence, role, scope] = [r.u32(), r.text(), r.text()]
      const [klass, topic, school] = [readText(r), readText(r), readText(r)]
      s.open.set(alert, { sequence, role, scope, class: klass, topic, school, at: r.f64(), over: r.u8() === 1 })
    }
    for (let n = r.u16(); n > 0; n--) s.spent.set(r.text(), { day: r.f64(), count: r.u32() })
    return s
  },
}
