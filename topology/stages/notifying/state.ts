import type { StateCodec } from '../../stage.ts'
import { ByteReader, ByteWriter, expectFormat } from '../bytes.ts'
import { type Entry, WAITS } from './entry.ts'
import { TextTable, textsOf } from './text-table.ts'

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
  /** When something falls due next, as the entries say; infinite: nothing waits. */
  due: number
}

function writeEntry(w: ByteWriter, t: TextTable, e: Entry): void {
  for (const text of [e.tenant, e.role, e.kind, e.alert, e.rule, e.policy, e.scope, e.severity]) t.put(w, text)
  for (const text of [e.student, e.class, e.topic, e.school, e.zone]) t.put(w, text)
  w.u32(e.sequence)
  for (const n of [e.occurredAt, e.now, e.offset, e.at]) w.f64(n)
  w.u32(e.source)
  w.u32(e.ordinal)
  w.u8(WAITS.indexOf(e.wait))
  w.u16(e.evidence.length)
  for (const { code, value, text } of e.evidence) {
    t.put(w, code)
    w.u8(value === null ? 0 : 1)
    if (value !== null) w.f64(value)
    t.put(w, text)
  }
}

function readEntry(r: ByteReader, { text, textOrNull }: ReturnType<typeof textsOf>): Entry {
  const head = {
    tenant: text(),
    role: text(),
    kind: text(),
    alert: text(),
    rule: text(),
    policy: text(),
    scope: text(),
    severity: text(),
    student: textOrNull(),
    class: textOrNull(),
    topic: textOrNull(),
    school: textOrNull(),
    zone: textOrNull(),
    sequence: r.u32(),
    occurredAt: r.f64(),
    now: r.f64(),
    offset: r.f64(),
    at: r.f64(),
    source: r.u32(),
    ordinal: r.u32(),
    wait: WAITS[r.u8()]!,
  }
  const evidence: Entry['evidence'] = []
  for (let n = r.u16(); n > 0; n--)
    evidence.push({ code: text(), value: r.u8() === 0 ? null : r.f64(), text: textOrNull() })
  return { ...head, evidence }
}

export const NOTIFY_STATE: StateCodec<NotifyState> = {
  empty: () => ({ entries: [], open: new Map(), spent: new Map(), due: Number.POSITIVE_INFINITY }),
  encode(s) {
    const t = new TextTable()
    const body = new ByteWriter(512)
    body.u32(s.entries.length)
    for (const e of s.entries) writeEntry(body, t, e)
    body.u32(s.open.size)
    for (const [alert, o] of s.open) {
      for (const text of [alert, o.role, o.scope, o.class, o.topic, o.school]) t.put(body, text)
      body.u32(o.sequence)
      body.f64(o.at)
      body.u8(o.over ? 1 : 0)
    }
    body.u16(s.spent.size)
    for (const [role, { day, count }] of s.spent) {
      t.put(body, role)
      body.f64(day)
      body.u32(count)
    }
    const w = new ByteWriter(1024)
    w.u8(NOTIFY_STATE_VERSION)
    t.write(w)
    const bytes = body.finish()
    w.array(bytes, bytes.length)
    return w.finish()
  },
  decode(bytes, key) {
    const r = new ByteReader(bytes)
    expectFormat(r, NOTIFY_STATE_VERSION, "The notifying stage's state of reader ", key)
    const texts = textsOf(r)
    const s = NOTIFY_STATE.empty(key)
    for (let n = r.u32(); n > 0; n--) {
      const e = readEntry(r, texts)
      s.entries.push(e)
      s.due = Math.min(s.due, e.at)
    }
    for (let n = r.u32(); n > 0; n--) {
      const alert = texts.text()
      const { text, textOrNull } = texts
      const [role, scope] = [text(), text()]
      const [klass, topic, school] = [textOrNull(), textOrNull(), textOrNull()]
      const sequence = r.u32()
      s.open.set(alert, { sequence, role, scope, class: klass, topic, school, at: r.f64(), over: r.u8() === 1 })
    }
    for (let n = r.u16(); n > 0; n--) s.spent.set(texts.text(), { day: r.f64(), count: r.u32() })
    return s
  },
}
