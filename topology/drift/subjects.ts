/** Which subject of the curriculum a topic belongs to, of one tenant. */
export type Subjects = ReadonlyMap<string, string>

const NAME = 'subjects/'

/** Name of the policy markers that say which subjects a tenant's topics belong to. */
export const subjectsName = (tenant: string): string => `${NAME}${tenant}`

/** The tenant that such a marker is about; null for another marker. */
export const tenantOfSubjects = (subject: string, name: string): string | null =>
  subject === 'policy' && name.startsWith(NAME) ? name.slice(NAME.length) : null

/** As a marker carries it. Topics without a subject are left out; the same curriculum is the same text. */
export function subjectsText(topics: readonly { id: string; subject: string }[]): string {
  const placed = topics.filter((t) => t.subject !== '').map((t) => [t.id, t.subject] as const)
  return JSON.stringify({ format: 1, topics: placed.sort(([a], [b]) => (a < b ? -1 : 1)) })
}

/**
 * Reads what `subjectsText` wrote. Empty where there are fewer than two subjects: the whole says the same as the one.
 * @throws Error that says what is wrong
 */
export function readSubjects(text: string): Subjects {
  const read = JSON.parse(text) as { format?: unknown; topics?: unknown }
  const pair = (x: unknown) => Array.isArray(x) && x.length === 2 && x.every((t) => typeof t === 'string')
  if (read?.format !== 1 || !Array.isArray(read.topics) || !read.topics.every(pair))
    throw new Error(
      'It is no list of topics and their subjects of this format; "npx mastery curriculum set" writes it.',
    )
  const subjects = new Map(read.topics as [string, string][])
  return new Set(subjects.values()).size > 1 ? subjects : new Map()
}

/** Name of a series that is watched within one subject only. */
export const within = (name: string, subject: string): string => `${name}[${subject}]`

/** The subject that a series is watched in; empty where it is about all together. */
export const subjectOf = (name: string): string => /\[(.*)\]$/.exec(name)?.[1] ?? ''

/** Whether a series is about all subjects together. */
export const isWhole = (name: string): boolean => !name.endsWith(']')
