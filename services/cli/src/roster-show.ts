import { relationsOf, versionInForce } from '@mastery/api/src/roster/in-force.ts'
import type { RosterParts } from '@mastery/api/src/roster/parts.ts'
import { EVERYBODY } from '@mastery/topology/roster/recipients.ts'
import { explainRecipients } from '@mastery/topology/roster/why.ts'
import { UsageError } from './command.ts'
import { table } from './tables.ts'

export interface Shown {
  student: string
  name: string | null
  version: string
  at: string
  topic: string | null
  told: { user: string; name: string | null; email: string | null; as: string; class: string | null; why: string }[]
  not_told: { user: string; name: string | null; as: string; class: string | null; why: string }[]
}

export interface Asked {
  student: string
  version: string | undefined
  topic: string | null
  /** UTC milliseconds. */
  at: number
  relatives: boolean
  /** Names and titles are looked up in the vault. */
  names: boolean
}

/** Who would be told of a student, as what and why. */
export async function shownRecipients(parts: RosterParts, asked: Asked): Promise<Shown> {
  const { tenant, artefacts, gold, vault } = parts
  const version = asked.version ?? (await versionInForce(gold, tenant.id))
  if (version === null) throw new UsageError('No roster is in force: "npx mastery roster import PATH" brings one.')
  const relations = await relationsOf(artefacts, tenant.id, version)
  if (!relations.users.some((u) => u.pseudonym === asked.student))
    throw new UsageError(
      `Version ${version} of the roster has nobody with the pseudonym ${asked.student}. Give the id that events have (the tenant's learnerId), or a pseudonym.`,
    )
  const wanted = { ...EVERYBODY, relatives: asked.relatives }
  const { told, notTold } = explainRecipients(relations, asked.student, asked.topic, asked.at, wanted)
  const users = [asked.student, ...told.map((t) => t.user), ...notTold.map((t) => t.user)]
  const classes = [...told, ...notTold].flatMap((t) => t.class ?? [])
  const people = asked.names ? await vault.people(tenant.id, users, parts.reader) : new Map()
  const titles = asked.names ? await vault.titles(tenant.id, classes, parts.reader) : new Map<string, string>()
  const nameOf = (user: string): string | null => people.get(user)?.name ?? null
  const classOf = (id: string | null) => (id === null ? null : (titles.get(id) ?? id))
  return {
    student: asked.student,
    name: nameOf(asked.student),
    version,
    at: new Date(asked.at).toISOString(),
    topic: asked.topic,
    told: told.map((t) => ({
      user: t.user,
      name: nameOf(t.user),
      email: people.get(t.user)?.email ?? null,
      as: t.role,
      class: classOf(t.class),
      why: t.why,
    })),
    not_told: notTold.map((t) => ({
      user: t.user,
      name: nameOf(t.user),
      as: t.as,
      class: classOf(t.class),
      why: t.why,
    })),
  }
}

export function shownText(s: Shown, names: boolean): string {
  const who = (p: { user: string; name: string | null }) => (names ? (p.name ?? p.user) : p.user)
  const lines = [
    `${names && s.name !== null ? `${s.name} (${s.student})` : s.student}, ${s.topic === null ? 'on no topic in particular' : `on ${s.topic}`}, on ${s.at.slice(0, 10)}, by version ${s.version}:`,
  ]
  if (s.told.length === 0) lines.push('Nobody would be told.')
  const told = table(
    ['who', ...(names ? ['address'] : []), 'as', 'class', 'why'],
    s.told.map((t) => [who(t), ...(names ? [t.email ?? 'in the application'] : []), t.as, t.class ?? '', t.why]),
  )
  const not = table(
    ['not told', 'as', 'class', 'why'],
    s.not_told.map((t) => [who(t), t.as, t.class ?? '', t.why]),
  )
  return `${lines.join('\n')}\n${s.told.length > 0 ? told : ''}${s.not_told.length > 0 ? `\n${not}` : ''}`
}
