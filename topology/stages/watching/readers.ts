import type { People, WatchRole, WatchRule } from '../../alerts/watch-rule.ts'
import type { Roster } from '../../roster/recipients.ts'
import type { Recipient } from '../../roster/relations.ts'

function usersOf(role: WatchRole, topic: string | null, people: People, roster: Roster, at: number): readonly string[] {
  const operators = () => people.operators ?? roster.administratorsAt(at)
  if (role === 'teacher') return roster.teachersAt(at)
  if (role === 'operator') return operators()
  const named = people.contentOwners.filter((o) => topic !== null && o.topics?.includes(topic))
  const owners = named.length > 0 ? named : people.contentOwners.filter((o) => o.topics === null)
  return owners.length > 0 ? owners.flatMap((o) => o.users) : operators()
}

/**
 * Who is told of an alert, each once. As a teacher first: what a teacher is told of the data stands for what was computed
 * from it, which it does not for whoever hears of it as an operator.
 */
export function readersOf(
  rule: Pick<WatchRule, 'to'>,
  topic: string | null,
  people: People,
  roster: Roster | null,
  at: number,
): Recipient[] {
  if (roster === null) return []
  const found = new Map<string, Recipient>()
  for (const role of ['teacher', 'operator', 'content_owner'] as const) {
    if (!rule.to.includes(role)) continue
    for (const user of usersOf(role, topic, people, roster, at)) {
      const r = found.has(user) ? null : roster.reader(user, role, at)
      if (r !== null) found.set(user, r)
    }
  }
  return [...found.values()]
}
