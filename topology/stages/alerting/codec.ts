import type { StateCodec } from '../../stage.ts'
import { ByteReader, ByteWriter, expectFormat } from '../bytes.ts'
import { AlertState, BASES, type Instance, newInstance } from './state.ts'
import { TopicRecord } from './topic-record.ts'

const ALERT_STATE_VERSION = 2
/** Of an index: none. */
const NONE = 65_535

const FLAGS = ['owed', 'told', 'fresh', 'escalated', 'fired'] as const

function writeTopic(w: ByteWriter, t: TopicRecord): void {
  w.text(t.name)
  w.f64(t.mastery)
  w.u32(t.opportunities)
  w.u8((t.reached ? 128 : 0) | (t.moved === null ? 0 : 64) | t.times.length)
  w.u32(t.first)
  w.u32(t.last)
  w.u16(t.sessions)
  for (const at of t.times) w.u32(at)
  for (const v of t.values) w.u32(v)
  if (t.moved === null) return
  w.f64(t.moved.week)
  w.u32(t.moved.answers)
  w.f64(t.moved.change)
}

function readTopic(r: ByteReader): TopicRecord {
  const t = new TopicRecord(r.text())
  t.mastery = r.f64()
  t.opportunities = r.u32()
  const n = r.u8()
  t.reached = (n & 128) !== 0
  t.first = r.u32()
  t.last = r.u32()
  t.sessions = r.u16()
  for (let i = 0; i < (n & 63); i++) t.times.push(r.u32())
  for (let i = 0; i < (n & 63); i++) t.values.push(r.u32())
  if ((n & 64) !== 0) t.moved = { week: r.f64(), answers: r.u32(), change: r.f64() }
  return t
}

function writeInstance(w: ByteWriter, i: Instance): void {
  w.u16(i.rule)
  w.u16(i.topic < 0 ? NONE : i.topic)
  w.u8(BASES.indexOf(i.base))
  w.u8(FLAGS.reduce((bits, f, at) => bits | (i[f] ? 1 << at : 0), 0))
  w.u8(i.severity | (i.toldSeverity << 2) | (i.ackSeverity << 4))
  w.f64(i.since)
  w.u32(i.firstShown)
  w.u32(i.lastShown)
  w.u16(i.shown)
  w.f64(i.entry)
  w.u32(i.episode)
  w.u16(i.sequence)
  w.f64(i.toldAt)
  w.f64(i.ackUntil)
}

function readInstance(r: ByteReader): Instance {
  const i = newInstance(r.u16(), r.u16())
  if (i.topic === NONE) i.topic = -1
  i.base = BASES[r.u8()]!
  const bits = r.u8()
  FLAGS.forEach((f, at) => {
    i[f] = (bits & (1 << at)) !== 0
  })
  const severities = r.u8()
  i.severity = severities & 3
  i.toldSeverity = (severities >> 2) & 3
  i.ackSeverity = (severities >> 4) & 3
  i.since = r.f64()
  i.firstShown = r.u32()
  i.lastShown = r.u32()
  i.shown = r.u16()
  i.entry = r.f64()
  i.episode = r.u32()
  i.sequence = r.u16()
  i.toldAt = r.f64()
  i.ackUntil = r.f64()
  return i
}

function writeName(w: ByteWriter, name: string | null): void {
  w.u8(name === null ? 0 : 1)
  if (name !== null) w.text(name)
}

const readName = (r: ByteReader) => (r.u8() === 0 ? null : r.text())

export const ALERT_STATE: StateCodec<AlertState> = {
  empty: () => new AlertState(),
  encode(s) {
    const w = new ByteWriter(128 + s.topics.length * 240 + s.instances.length * 64)
    w.u8(ALERT_STATE_VERSION)
    w.f64(s.due)
    w.text(s.tenant)
    w.u32(s.policy)
    w.f64(s.lastAnswer)
    w.u16(s.topics.length)
    for (const t of s.topics) writeTopic(w, t)
    w.u16(s.instances.length)
    for (const i of s.instances) writeInstance(w, i)
    w.u8(s.silences.length)
    for (const x of s.silences) {
      writeName(w, x.rule)
      writeName(w, x.topic)
      w.f64(x.until)
    }
    w.u8(s.commands.length)
    for (const id of s.commands) w.f64(id)
    return w.finish()
  },
  decode(bytes, key) {
    const r = new ByteReader(bytes)
    expectFormat(r, ALERT_STATE_VERSION, 'The alert state of student ', key)
    const s = new AlertState()
    s.due = r.f64()
    s.tenant = r.text()
    s.policy = r.u32()
    s.lastAnswer = r.f64()
    const topics = r.u16()
    for (let i = 0; i < topics; i++) s.topics.push(readTopic(r))
    const instances = r.u16()
    for (let i = 0; i < instances; i++) s.instances.push(readInstance(r))
    const silences = r.u8()
    for (let i = 0; i < silences; i++) s.silences.push({ rule: readName(r), topic: readName(r), until: r.f64() })
    const commands = r.u8()
    for (let i = 0; i < commands; i++) s.commands.push(r.f64())
    return s
  },
}
