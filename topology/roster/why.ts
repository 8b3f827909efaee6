import { openRoster, type Wanted } from './recipients.ts'
import type { Recipient, Relations, Span } from './relations.ts'

/** Somebody around a student who is told nothing, and for what reason. */
export interface NotTold {
  user: string
  as: 'teacher' | 'guardian'
  /** Class by which a teacher knows the student; null for guardians. */
  class: string | null
  why: string
}

export interface Told extends Recipient {
  why: string
}

const within = (s: Span, at: number) => (s.from === null || at >= s.from) && (s.until === null || at < s.until)
const day = (ms: number) => new Date(ms).toISOString().slice(0, 10)

/** When a span holds, in words; for one that does not hold at a time. */
function outside(s: Span, at: number): string {
  if (s.from !== null && at < s.from) return `begins on ${day(s.from)}`
  return s.until === null ? 'holds' : `ended on ${day(s.until)}`
}

/** Who would be told of a student at a time, with the reason, and who would not although the roster names the person. */
export function explainRecipients(
  relations: Relations,
  student: string,
  topic: string | null,
  at: number,
  wanted: Wanted,
): { told: Told[]; notTold: NotTold[] } {
  const found = openRoster(relations).recipientsOf(student, topic, at, wanted)
  const told = found.map((r) => ({ ...r, why: whyTold(relations, student, r) }))
  const known = new Set(found.map((r) => `${r.user} ${r.role}`))
  const notTold = [...teachersAround(relations, student, topic, at), ...guardiansAround(relations, student, at, wanted)]
  const once = new Map(notTold.filter((n) => !known.has(`${n.user} ${n.as}`)).map((n) => [`${n.user} ${n.as}`, n]))
  return { told, notTold: [...once.values()] }
}

function whyTold(relations: Relations, student: string, r: Recipient): string {
  if (r.role === 'student') return 'is the student'
  if (r.role === 'teacher') {
    const own = relations.classes.find((c) => c.id === r.class)
    const what = own && own.topics.length > 0 ? 'teaches the topic in' : 'teaches'
    return `${what} the class${r.primary ? ', and answers for it' : ', beside another'}`
  }
  const roles = relations.guardians.filter((g) => g.student === student && g.guardian === r.user).map((g) => g.role)
  return `is ${[...new Set(roles)].join(' and ')} by agentSourcedIds and role`
}

function barred(relations: Relations, student: string, user: string): string | null {
  if (relations.denied.some((d) => d.student === student && d.user === user)) return 'stands on the deny list'
  const enabled = relations.users.find((u) => u.pseudonym === user)?.enabled === true
  return enabled ? null : 'is disabled in the roster'
}

function teachersAround(relations: Relations, student: string, topic: string | null, at: number): NotTold[] {
  const taught = new Set(
    openRoster(relations)
      .classesOf(student, topic, at)
      .map((c) => c.id),
  )
  const own = relations.members.filter((m) => m.role === 'student' && m.user === student)
  return own.flatMap((mine) =>
    relations.members
      .filter((m) => m.role === 'teacher' && m.class === mine.class)
      .map((m) => ({
        user: m.user,
        as: 'teacher' as const,
        class: m.class,
        why:
          barred(relations, student, m.user) ??
          (!within(mine, at)
            ? `teaches a class in which the student's enrolment ${outside(mine, at)}`
            : !within(m, at)
              ? `has an enrolment that ${outside(m, at)}`
              : !taught.has(m.class)
                ? 'teaches the student other topics'
                : 'is told as somebody else'),
      })),
  )
}

function guardiansAround(relations: Relations, student: string, at: number, wanted: Wanted): NotTold[] {
  return relations.guardians
    .filter((g) => g.student === student)
    .map((g) => {
      const role = relations.users.find((u) => u.pseudonym === g.guardian)?.roles.find((r) => r.role === g.role)
      return {
        user: g.guardian,
        as: 'guardian' as const,
        class: null,
        why:
          barred(relations, student, g.guardian) ??
          (g.role === 'relative' && !wanted.relatives
            ? 'is a relative, who are told only where the school says so'
            : role && !within(role, at)
              ? `has a role that ${outside(role, at)}`
              : 'is not asked for'),
      }
    })
}
