import type { ClassPart } from '@mastery/schemas/src/generated/class-part.gen.ts'
import type { StudentCommand } from '@mastery/schemas/src/generated/student-command.gen.ts'
import { WEEK } from '../../drift/calendar.ts'
import type { StateCodec } from '../../stage.ts'
import { ByteReader, ByteWriter, expectFormat } from '../bytes.ts'

const CLASS_STATE_VERSION = 1
/** Of a class that commands have come for. */
const WITH_COMMANDS = 2

/** What all source partitions together say of a class, a topic and a rule in one week. Whole numbers: their order is of no account. */
export interface Sums {
  members: number
  fell: number
  /** Millionths. */
  change: number
  mastery: number
}

/** Where a rule stands on a class and a topic. */
export interface Standing {
  firing: boolean
  /** How many times it has fired; part of the alert's name. */
  episode: number
  /** Notices of this episode. */
  sequence: number
  /** Somebody was told that it fires. */
  told: boolean
  /** Somebody has taken it on, or said that it is of no use. */
  acknowledged: boolean
  /** End of the week that it was last looked at in, UTC milliseconds. */
  week: number
  /** Weeks on end in which too few answered. */
  silent: number
}

/** What the stage keeps of one class: nothing of any one student. */
export interface ClassState {
  tenant: string
  class: string
  /** Weeks that are not over for everybody, by their end and then by `aboutOf`. */
  weeks: Map<number, Map<string, Sums>>
  standings: Map<string, Standing>
  /** Commands that came and are not carried out yet, in the order in which they came; `issued_at` is the time of their source. */
  waiting: StudentCommand[]
  silences: ClassSilence[]
  /** Hashes of the ids of the newest commands. */
  commands: number[]
}

/** Null as rule or topic: all of them. */
export interface ClassSilence {
  rule: string | null
  topic: string | null
  /** UTC milliseconds. */
  until: number
}

/** The first time behind that of a command's source: whatever that source told by then has been decided. */
export const actsAt = (c: StudentCommand): number => c.issued_at + 1

export const aboutOf = (topic: string, rule: string): string => JSON.stringify([topic, rule])
export const topicAndRule = (about: string): [topic: string, rule: string] => JSON.parse(about)

/** Adds what one source partition says. */
export function take(s: ClassState, p: ClassPart): void {
  s.tenant = p.tenant
  s.class = p.class
  let week = s.weeks.get(p.week_to)
  if (week === undefined) s.weeks.set(p.week_to, (week = new Map()))
  const about = aboutOf(p.topic, p.rule)
  let sums = week.get(about)
  if (sums === undefined) week.set(about, (sums = { members: 0, fell: 0, change: 0, mastery: 0 }))
  sums.members += p.members
  sums.fell += p.fell
  sums.change += p.change_micro
  sums.mastery += p.mastery_micro
}

/** When there is something to do next, UTC milliseconds: the end of a week that has to be decided, or a command; Infinity: never. */
export function dueOf(s: ClassState): number {
  const [first] = s.waiting
  return Math.min(weekDueOf(s), first === undefined ? Number.POSITIVE_INFINITY : actsAt(first))
}

/** End of the first week that has to be decided, UTC milliseconds; Infinity: none. */
export function weekDueOf(s: ClassState): number {
  let due = Number.POSITIVE_INFINITY
  for (const week of s.weeks.keys()) due = Math.min(due, week)
  for (const x of s.standings.values()) if (x.firing) due = Math.min(due, x.week + WEEK)
  return due
}

export const CLASS_STATE: StateCodec<ClassState> = {
  empty: () => ({
    tenant: '',
    class: '',
    weeks: new Map(),
    standings: new Map(),
    waiting: [],
    silences: [],
    commands: [],
  }),
  encode(s) {
    const w = new ByteWriter(256)
    const bare = s.commands.length === 0
    w.u8(bare ? CLASS_STATE_VERSION : WITH_COMMANDS)
    w.text(s.tenant)
    w.text(s.class)
    w.u16(s.weeks.size)
    for (const [week, sums] of s.weeks) {
      w.f64(week)
      w.u32(sums.size)
      for (const [about, x] of sums) {
        w.text(about)
        w.u32(x.members)
        w.u32(x.fell)
        w.f64(x.change)
        w.f64(x.mastery)
      }
    }
    w.u32(s.standings.size)
    for (const [about, x] of s.standings) {
      w.text(about)
      w.u8((x.firing ? 1 : 0) | (x.told ? 2 : 0) | (x.acknowledged ? 4 : 0))
      w.u32(x.episode)
      w.u32(x.sequence)
      w.f64(x.week)
      w.u16(x.silent)
    }
    if (bare) return w.finish()
    w.text(JSON.stringify([s.waiting, s.silences]))
    w.u16(s.commands.length)
    for (const id of s.commands) w.f64(id)
    return w.finish()
  },
  decode(bytes, key) {
    const r = new ByteReader(bytes)
    const withCommands = bytes[0] === WITH_COMMANDS
    expectFormat(r, withCommands ? WITH_COMMANDS : CLASS_STATE_VERSION, 'The state of class ', key)
    const s = CLASS_STATE.empty(key)
    s.tenant = r.text()
    s.class = r.text()
    for (let n = r.u16(); n > 0; n--) {
      const sums = new Map<string, Sums>()
      s.weeks.set(r.f64(), sums)
      for (let k = r.u32(); k > 0; k--)
        sums.set(r.text(), { members: r.u32(), fell: r.u32(), change: r.f64(), mastery: r.f64() })
    }
    for (let n = r.u32(); n > 0; n--) {
      const about = r.text()
      const flags = r.u8()
      const x = { firing: (flags & 1) !== 0, told: (flags & 2) !== 0, acknowledged: (flags & 4) !== 0 }
      s.standings.set(about, { ...x, episode: r.u32(), sequence: r.u32(), week: r.f64(), silent: r.u16() })
    }
    if (!withCommands) return s
    const [waiting, silences] = JSON.parse(r.text()) as [StudentCommand[], ClassSilence[]]
    Object.assign(s, { waiting, silences })
    for (let n = r.u16(); n > 0; n--) s.commands.push(r.f64())
    return s
  },
}
