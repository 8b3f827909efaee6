import type { Evidence, AlertState as ShownState } from '@mastery/schemas/src/generated/alert.gen.ts'
import type { WatchRule } from '../../alerts/watch-rule.ts'
import type { Recipient } from '../../roster/relations.ts'

export type Base = Extract<ShownState, 'normal' | 'pending' | 'firing' | 'recovering' | 'resolved' | 'no_data'>

/** What a measure says. Null in its place: too little to say. */
export interface Verdict {
  at: 'enter' | 'between' | 'leave'
  evidence: Evidence[]
  /** What it was found of; one that joins is told of. Empty where it is one thing. */
  members: readonly string[]
}

/** One rule of one organisation on one thing. `clock`: of its kind; all else UTC milliseconds. */
export interface Instance {
  tenant: string
  rule: string
  kind: WatchRule['kind']
  measure: WatchRule['measure']
  /** Part, source, model version, topic; empty: none in particular. */
  subject: string
  base: Base
  /** By the clock: since when it is so, and when its measure last said something. */
  since: number
  seen: number
  /** When the episode began: part of the alert's name, which so is the same in every generation. 0: never. */
  began: number
  /** It fired before nothing was known any more. */
  fired: boolean
  /** Notices of this episode. */
  sequence: number
  /** Somebody is to be told that it fires. */
  owed: boolean
  /** When somebody was last told that it fires, in any episode; 0: never. */
  toldAt: number
  /** Who was told in this episode: they are told of its end. */
  readers: Recipient[]
  /** Of what they were told. */
  members: string[]
  /** Until when somebody has taken it on, UTC milliseconds; 0: nobody has. */
  ackUntil: number
  /** Nobody who took it on is waited for any longer: it is told again. */
  again: boolean
  /** As it was written down last. */
  shown: ShownState
}

/** Where an alert stands as people see it. `silent`: until when it is silenced, UTC milliseconds. */
export function shownAs(i: Instance, silent: number, now: number): ShownState {
  if (i.base !== 'firing') return i.base
  if (silent > now) return 'silenced'
  return i.ackUntil > now ? 'acknowledged' : 'firing'
}

export function newInstance(
  tenant: string,
  rule: Pick<WatchRule, 'id' | 'kind' | 'measure'>,
  subject: string,
): Instance {
  return {
    tenant,
    rule: rule.id,
    kind: rule.kind,
    measure: rule.measure,
    subject,
    base: 'normal',
    since: 0,
    seen: 0,
    began: 0,
    fired: false,
    sequence: 0,
    owed: false,
    toldAt: 0,
    readers: [],
    members: [],
    ackUntil: 0,
    again: false,
    shown: 'normal',
  }
}

const OPEN: readonly Base[] = ['pending', 'firing', 'recovering']

export function resolve(i: Instance, clock: number): void {
  i.base = 'resolved'
  i.since = clock
  i.owed = false
  i.fired = false
  i.ackUntil = 0
  i.again = false
}

/** What a verdict, or the clock alone, makes of an instance. */
export function move(i: Instance, rule: WatchRule, v: Verdict | null, clock: number, now: number): void {
  if (v === null) {
    if (!OPEN.includes(i.base) || clock - i.seen < rule.noData) return
    // What holds others back may not do so because nobody looks any more.
    if (rule.kind === 'data_quality' && i.fired) resolve(i, clock)
    else {
      i.base = 'no_data'
      i.since = clock
    }
    return
  }
  i.seen = clock
  const holds = v.at === 'enter'
  if (i.base === 'no_data') {
    i.base = i.fired ? (v.at === 'leave' ? 'recovering' : 'firing') : 'normal'
    i.since = clock
  }
  if (holds && (i.base === 'normal' || i.base === 'resolved')) {
    Object.assign(i, { base: 'pending', since: clock, began: now, sequence: 0, readers: [], members: [] })
  }
  if (i.base === 'pending') {
    if (!holds) {
      i.base = 'normal'
      i.since = clock
    } else if (clock - i.since >= rule.for) {
      i.base = 'firing'
      i.since = clock
      i.fired = true
      i.owed = true
    }
  } else if (i.base === 'firing' && v.at === 'leave') {
    i.since = clock
    if (rule.hold > 0) i.base = 'recovering'
    else resolve(i, clock)
  } else if (i.base === 'recovering') {
    if (holds) {
      i.base = 'firing'
      i.since = clock
    } else if (clock - i.since >= rule.hold) resolve(i, clock)
  }
  if (i.ackUntil > 0 && i.ackUntil <= now) {
    i.ackUntil = 0
    i.again = i.base === 'firing'
  }
  // Whoever was told is told again of what joins, and of nothing once that has left.
  if (i.base === 'firing' && i.readers.length > 0) i.owed = v.members.some((m) => !i.members.includes(m))
}
