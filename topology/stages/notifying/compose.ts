import type { Delivery, DeliveryItem, DeliveryKind } from '@mastery/schemas/src/generated/delivery.gen.ts'
import { hash128 } from '../../events/hash.ts'
import { byPressure, type Entry } from './entry.ts'
import { mutes, opened } from './settle.ts'
import type { NotifyState } from './state.ts'

/** A delivery before its record says where it came from. */
export type Composed = Omit<Delivery, 'origin_partition' | 'origin_offset' | 'ordinal' | 'generation'>

export interface Turn {
  recipient: string
  kind: DeliveryKind
  /** The instant. */
  at: number
  /** Notices that the text may still have; infinite: all. */
  room: number
}

/** What may stand for others at an instant, by name: alerts that the reader knows of and that go on, and those about to be told. */
function wideAlerts(s: NotifyState, at: number) {
  const told = [...s.open].filter(([, o]) => !o.over && o.scope !== 'student').map(([alert, o]) => ({ alert, ...o }))
  const waiting = s.entries.filter((e) => e.now < at && e.kind !== 'resolved' && e.scope !== 'student')
  return [...told, ...waiting].sort((a, b) => (a.alert < b.alert ? -1 : 1))
}

/**
 * One message about some of a reader's entries, which it takes out of the state. `left`: those that the budget keeps
 * out of a group; a digest names them as more instead. Null: there is nothing to tell.
 */
export function compose(
  s: NotifyState,
  due: readonly Entry[],
  turn: Turn,
): { delivery: Composed | null; texts: number; left: Entry[] } {
  const wide = wideAlerts(s, turn.at)
  const standsFor = new Map<string, number>()
  const muted: Entry[] = []
  const heard: Entry[] = []
  for (const e of [...due].sort(byPressure)) {
    const by = wide.find((w) => w.alert !== e.alert && mutes(w, e))
    if (by) {
      muted.push(e)
      standsFor.set(by.alert, (standsFor.get(by.alert) ?? 0) + 1)
    } else heard.push(e)
  }
  const room = Math.max(0, turn.room)
  const texts = heard.slice(0, room)
  const rest = heard.slice(room)
  const left = turn.kind === 'group' ? rest : []
  const more = turn.kind === 'group' ? [] : rest
  const items = [
    ...texts.map((e) => itemOf(e, 'text', standsFor.get(e.alert) ?? 0)),
    ...more.map((e) => itemOf(e, 'more', standsFor.get(e.alert) ?? 0)),
    ...muted.map((e) => itemOf(e, 'muted', 0)),
  ]
  // What nobody was told of needs no end: of muted alerts none is opened.
  for (const e of [...texts, ...more])
    if (e.kind === 'resolved') s.open.delete(e.alert)
    else s.open.set(e.alert, opened(e, turn.at))
  const out = new Set([...texts, ...more, ...muted])
  s.entries = s.entries.filter((e) => !out.has(e))
  if (items.length === 0) return { delivery: null, texts: 0, left }
  const first = [...texts, ...more, ...muted][0]!
  const newest = [...out].reduce((a, b) => (b.now > a.now ? b : a))
  const delivery: Composed = {
    tenant: first.tenant,
    delivery_id: deliveryId(first, turn.recipient, items),
    recipient: turn.recipient,
    role: first.role,
    kind: turn.kind,
    school: first.school,
    policy: newest.policy,
    now: turn.at,
    items,
    more: more.length,
    muted: muted.length,
  }
  return { delivery, texts: texts.length, left }
}

/** The same notices to the same reader are the same delivery, whichever generation decided them. */
function deliveryId(first: Entry, recipient: string, items: readonly DeliveryItem[]): string {
  const told = items.map((i) => `${i.alert_id}#${i.sequence}`).sort()
  return hash128('delivery', first.tenant, recipient, first.role, ...told)
}

function itemOf(e: Entry, place: string, standing: number): DeliveryItem {
  return {
    alert_id: e.alert,
    sequence: e.sequence,
    kind: e.kind,
    rule: e.rule,
    scope: e.scope,
    severity: e.severity,
    student: e.student,
    class: e.class,
    topic: e.topic,
    occurred_at: e.occurredAt,
    evidence: e.evidence,
    mutes: standing,
    place,
  }
}
