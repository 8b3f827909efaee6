import type { ReaderCalendar } from '../../alerts/reader-calendar.ts'
import { type Composed, compose } from './compose.ts'
import { type Entry, inOrder } from './entry.ts'
import { settle } from './settle.ts'
import type { NotifyState } from './state.ts'

/** When the reader of an entry may be told. */
export type CalendarOf = (e: Entry) => ReaderCalendar

/**
 * Takes a notice in. One that presses and comes outside quiet hours is told at once: that hangs on the notice and on
 * nothing that another partition may send sooner or later. Null where it waits; false where the reader was told of it
 * in another role.
 */
export function take(
  s: NotifyState,
  e: Entry,
  recipient: string,
  calendarOf: CalendarOf,
  apart = false,
): Composed | null | false {
  for (const x of s.entries) if (x.sequence === e.sequence && x.alert === e.alert) return false
  if ((s.open.get(e.alert)?.sequence ?? 0) >= e.sequence) return false
  if (apart) return takeApart(s, e, recipient, calendarOf)
  const calendar = calendarOf(e)
  // Never due when it was decided: of what was decided at an instant, some may come after the instant is dealt with.
  const ready = e.now + Math.max(1, calendar.waitMs)
  if (e.severity === 'urgent' && e.kind !== 'resolved') {
    e.at = calendar.free(e.now)
    e.wait = 'urgent'
    if (e.at === e.now) return atOnce(s, e, recipient, calendar.digestFrom(ready))
  } else if (calendar.telling.mode === 'groups') {
    e.at = calendar.free(ready)
    e.wait = 'group'
  } else {
    e.at = calendar.digestFrom(ready)
    e.wait = 'digest'
  }
  add(s, e)
  return null
}

/**
 * Takes in a notice on the system itself. No source's time is waited for: were it, a pipeline that stands still would keep
 * the word of that back. So it is told when it comes, or when quiet hours end, however much it presses, and what it mutes
 * it mutes from where it came.
 */
function takeApart(s: NotifyState, e: Entry, recipient: string, calendarOf: CalendarOf): Composed | null {
  const own = s.entries.filter((x) => x.alert === e.alert)
  if (e.kind === 'resolved') {
    const known = s.open.has(e.alert) || own.some((x) => x.wait === 'told')
    s.entries = s.entries.filter((x) => x.alert !== e.alert || x.wait === 'told')
    // Of what nobody was told of, the end is told to nobody.
    if (!known) return null
  }
  const calendar = calendarOf(e)
  // One look may find items of thirty topics: those go out together, with the next time that all sources have told.
  const together = e.scope === 'item' && e.severity !== 'urgent'
  e.at = calendar.free(together ? e.now + 1 : e.now)
  e.wait = 'urgent'
  if (e.at === e.now) return atOnce(s, e, recipient, calendar.digestFrom(e.now + Math.max(1, calendar.waitMs)))
  add(s, e)
  return null
}

/** A message that presses says so: one in which anything that goes on is urgent. */
const kindOf = (entries: readonly Entry[]): 'urgent' | 'group' =>
  entries.some((e) => e.severity === 'urgent' && e.kind !== 'resolved') ? 'urgent' : 'group'

function add(s: NotifyState, e: Entry): void {
  s.entries.push(e)
  if (e.at < s.due) s.due = e.at
}

function atOnce(s: NotifyState, e: Entry, recipient: string, settledAt: number): Composed {
  const alone: NotifyState = { entries: [e], open: new Map(), spent: new Map(), due: e.at }
  const { delivery } = compose(alone, [e], { recipient, kind: kindOf([e]), at: e.now, room: Number.POSITIVE_INFINITY })
  // Its effect on what waits is settled with that of the others, in the order of decision.
  add(s, { ...e, wait: 'told', at: settledAt, evidence: [] })
  return delivery!
}

/** All that falls due up to `until`, in the order of the instants. Two calls give what one to the later time gives. */
export function advance(s: NotifyState, recipient: string, until: number, calendarOf: CalendarOf): Composed[] {
  const deliveries: Composed[] = []
  while (s.due <= until) {
    const at = s.due
    settle(s, at)
    for (const role of rolesOf(s, at)) deliveries.push(...turnOf(s, recipient, role, at, calendarOf))
    s.due = Number.POSITIVE_INFINITY
    for (const e of s.entries) if (e.at < s.due) s.due = e.at
  }
  return deliveries
}

function rolesOf(s: NotifyState, at: number): string[] {
  return [...new Set(s.entries.filter((e) => e.at <= at).map((e) => e.role))].sort()
}

/** What one reader in one role is told at an instant: what presses, the groups whose wait is over, the digest. */
function turnOf(s: NotifyState, recipient: string, role: string, at: number, calendarOf: CalendarOf): Composed[] {
  const found: Composed[] = []
  const due = (wait: Entry['wait']) => s.entries.filter((e) => e.role === role && e.wait === wait && e.at <= at)

  const urgent = due('urgent')
  if (urgent.length > 0) {
    const turn = { recipient, kind: kindOf(urgent), at, room: Number.POSITIVE_INFINITY }
    const { delivery } = compose(s, urgent, turn)
    if (delivery) found.push(delivery)
  }
  // What goes with the first of a group may go at its hour: the same zone and policy give the same quiet hours.
  const groupOf = (e: Entry) => JSON.stringify([e.class, e.rule, e.zone, e.policy])
  for (const key of [...new Set(due('group').map(groupOf))].sort()) {
    const group = s.entries.filter((e) => e.role === role && e.wait === 'group' && e.now < at && groupOf(e) === key)
    const calendar = calendarOf([...group].sort(inOrder).at(-1)!)
    const { delivery, texts, left } = compose(s, group, {
      recipient,
      kind: 'group',
      at,
      room: roomOf(s, role, at, calendar),
    })
    if (delivery) found.push(delivery)
    spend(s, role, at, calendar, texts)
    for (const e of left) {
      e.wait = 'digest'
      e.at = calendar.digestFrom(at + 1)
    }
  }
  const digest = due('digest')
  if (digest.length > 0) {
    const calendar = calendarOf([...digest].sort(inOrder).at(-1)!)
    const room = roomOf(s, role, at, calendar)
    const { delivery, texts } = compose(s, digest, { recipient, kind: 'digest', at, room })
    if (delivery) found.push(delivery)
    spend(s, role, at, calendar, texts)
  }
  return found
}

function roomOf(s: NotifyState, role: string, at: number, calendar: ReaderCalendar): number {
  const spent = s.spent.get(role)
  return calendar.telling.perDay - (spent?.day === calendar.dayOf(at) ? spent.count : 0)
}

function spend(s: NotifyState, role: string, at: number, calendar: ReaderCalendar, texts: number): void {
  if (texts === 0) return
  const day = calendar.dayOf(at)
  const spent = s.spent.get(role)
  s.spent.set(role, { day, count: (spent?.day === day ? spent.count : 0) + texts })
}
