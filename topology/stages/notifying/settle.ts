import { type Entry, inOrder } from './entry.ts'
import type { NotifyState, Open } from './state.ts'

/** Alerts that never ended are forgotten after so long: nobody waits for their end any more. */
const FORGET_MS = 200 * 86_400_000

/**
 * Lets everything that was decided before an instant take effect on what waits, in the order of decision: an alert's
 * newer notice takes the place of an older one that was not told; the end of an alert that was never told cancels it.
 * What was decided at the instant or later waits for the next: whether it is here yet depends on how records came.
 */
export function settle(s: NotifyState, before: number): void {
  const gone = new Set<Entry>()
  const latest = new Map<string, Entry>()
  for (const e of s.entries.filter((x) => x.now < before).sort(inOrder)) {
    const older = latest.get(e.alert)
    if (older) gone.add(older)
    latest.set(e.alert, e)
    if (e.wait === 'told') {
      if (e.kind === 'resolved') s.open.delete(e.alert)
      else s.open.set(e.alert, opened(e, e.now))
      gone.add(e)
    } else if (e.kind === 'resolved') {
      const open = s.open.get(e.alert)
      if (open) open.over = true
      else gone.add(e)
    }
  }
  if (gone.size > 0) s.entries = s.entries.filter((e) => !gone.has(e))
  for (const [alert, o] of s.open) if (o.at < before - FORGET_MS) s.open.delete(alert)
}

export function opened(e: Entry, at: number): Open {
  const wide = e.scope !== 'student'
  return {
    sequence: e.sequence,
    role: e.role,
    scope: e.scope,
    // Of a student's alert nothing is kept but that it goes on.
    class: wide ? e.class : null,
    topic: wide ? e.topic : null,
    school: wide ? e.school : null,
    at,
    over: false,
  }
}

type Wide = Pick<Open, 'role' | 'scope' | 'class' | 'topic' | 'school'>

/** Whether an alert that goes on stands for a notice: one on the whole class for its members, one on the data for all. */
export function mutes(wide: Wide, e: Entry): boolean {
  if (e.kind === 'resolved' || e.severity === 'urgent') return false
  const within = (of: string | null, own: string | null) => of === null || of === own
  if (wide.scope === 'class')
    return (
      e.scope === 'student' &&
      e.class !== null &&
      wide.class === e.class &&
      within(wide.topic, e.topic) &&
      wide.role === e.role
    )
  return (
    wide.scope === 'pipeline' &&
    // What operators hear of services says nothing of what was computed.
    wide.role !== 'operator' &&
    (e.scope === 'student' || e.scope === 'class') &&
    within(wide.school, e.school) &&
    within(wide.class, e.class) &&
    within(wide.topic, e.topic)
  )
}
