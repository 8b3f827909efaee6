/** When and how much one kind of reader is told. Times are civil times of the reader's zone, `HH:MM`. */
export interface Telling {
  /** digest: what is not urgent waits for the day's digest. groups: each group goes out once its wait is over. */
  mode: 'digest' | 'groups'
  digestAt: string
  /** ISO weekdays, 1 Monday to 7 Sunday. */
  digestDays: readonly number[]
  /** In which nothing goes out; what falls due waits until they end. May span midnight. */
  quietHours: { from: string; until: string } | null
  /** Whole days in which nothing goes out. */
  quietDays: readonly number[]
  /** Notices in the texts of one day, urgent ones not counted; the rest is in the inbox. */
  perDay: number
}

export const READER_ROLES = ['teacher', 'guardian', 'student', 'counselor', 'content_owner', 'operator'] as const
export type ReaderRole = (typeof READER_ROLES)[number]

/** How a tenant's people are told: the part `notifications` of its alert policy. */
export interface NotificationPolicy {
  /** IANA zone of readers whose school names none. */
  zone: string
  /** What is resolved within so many minutes is told to nobody; what comes within them is told together. */
  groupWaitMinutes: number
  everybody: Telling
  /** What is different for some. */
  roles: Readonly<Partial<Record<ReaderRole, Partial<Telling>>>>
}

export const DEFAULT_NOTIFICATIONS: NotificationPolicy = {
  zone: 'UTC',
  groupWaitMinutes: 15,
  everybody: {
    mode: 'digest',
    digestAt: '15:30',
    digestDays: [1, 2, 3, 4, 5],
    quietHours: { from: '19:00', until: '07:00' },
    quietDays: [6, 7],
    perDay: 5,
  },
  roles: {
    guardian: { digestAt: '18:00', quietHours: { from: '21:00', until: '08:00' }, quietDays: [] },
    operator: { mode: 'groups', digestDays: [1, 2, 3, 4, 5, 6, 7], quietHours: null, quietDays: [], perDay: 50 },
  },
}

export function tellingOf(policy: NotificationPolicy, role: string): Telling {
  return { ...policy.everybody, ...policy.roles[role as ReaderRole] }
}

const CLOCK = /^([01]\d|2[0-3]):([0-5]\d)$/

/** Minutes since midnight of `HH:MM`. */
export function minutesOf(clock: string): number {
  const found = CLOCK.exec(clock)
  if (!found) throw new Error(`"${clock}" is no time of the day; it is written as HH:MM, such as 07:30.`)
  return Number(found[1]) * 60 + Number(found[2])
}

type Fields = Record<string, unknown>
const isFields = (v: unknown): v is Fields => typeof v === 'object' && v !== null && !Array.isArray(v)
type Path = readonly string[]

/** What is wrong with the section, and where in the file. */
export interface NotificationProblem {
  path: Path
  message: string
}

function zoneKnown(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

/**
 * Reads the section as a rules file has it; what is left out is as in the defaults. Null or undefined: the defaults.
 * @throws Error with everything that is wrong, each with its place
 */
export function parseNotifications(section: unknown): NotificationPolicy {
  const { policy, problems } = checkNotifications(section)
  if (problems.length > 0) throw new Error(problems.map((p) => `${p.path.join('.')} ${p.message}`).join('; '))
  return policy
}

/** The section, whole where there are no problems. */
export function checkNotifications(section: unknown): { policy: NotificationPolicy; problems: NotificationProblem[] } {
  const problems: NotificationProblem[] = []
  if (section === undefined || section === null) return { policy: DEFAULT_NOTIFICATIONS, problems }
  return { policy: readPolicy(section, ['notifications'], problems), problems }
}

const json = (v: unknown) => JSON.stringify(v)

function readPolicy(section: unknown, at: Path, problems: NotificationProblem[]): NotificationPolicy {
  const defaults = DEFAULT_NOTIFICATIONS
  const wrong = (name: string | null, message: string) =>
    problems.push({ path: name === null ? at : [...at, name], message })
  if (!isFields(section)) {
    wrong(null, 'must have fields')
    return defaults
  }
  unknownFields(section, ['zone', 'group_wait_minutes', 'everybody', 'roles'], at, problems)
  const { zone = defaults.zone, group_wait_minutes: groupWaitMinutes = defaults.groupWaitMinutes } = section
  if (typeof zone !== 'string' || !zoneKnown(zone))
    wrong('zone', `is ${json(zone)}; it must be a zone of the IANA database, such as Europe/Berlin`)
  if (!(Number.isSafeInteger(groupWaitMinutes) && Number(groupWaitMinutes) >= 0 && Number(groupWaitMinutes) <= 1440))
    wrong('group_wait_minutes', `is ${json(groupWaitMinutes)}; it must be a whole number from 0 to 1440`)
  const everybody = {
    ...defaults.everybody,
    ...readTelling(section['everybody'] ?? {}, [...at, 'everybody'], problems),
  }
  const roles: Partial<Record<ReaderRole, Partial<Telling>>> = { ...defaults.roles }
  const given = section['roles'] ?? {}
  if (!isFields(given)) wrong('roles', 'must have fields')
  else {
    unknownFields(given, READER_ROLES, [...at, 'roles'], problems)
    for (const role of READER_ROLES)
      if (given[role] !== undefined)
        roles[role] = { ...roles[role], ...readTelling(given[role], [...at, 'roles', role], problems) }
  }
  const policy = { zone, groupWaitMinutes, everybody, roles } as NotificationPolicy
  if (problems.length > 0) return policy
  for (const role of READER_ROLES) {
    const { quietDays, digestDays } = tellingOf(policy, role)
    if (new Set(quietDays).size === 7) wrong(null, `makes every day quiet for a ${role}, who would never be told`)
    if (digestDays.length === 0) wrong(null, `leaves a ${role} no day for the digest`)
  }
  return policy
}

const isDays = (v: unknown): boolean =>
  Array.isArray(v) && v.every((d) => Number.isSafeInteger(d) && d >= 1 && d <= 7) && new Set(v).size === v.length
const isClock = (v: unknown): boolean => typeof v === 'string' && CLOCK.test(v)

/** Fields of a Telling as files name them: whether a value is one, and what it must be. */
const TELLING: Record<string, [name: keyof Telling, fits: (v: unknown) => boolean, must: string]> = {
  mode: ['mode', (v) => v === 'digest' || v === 'groups', 'digest or groups'],
  digest_at: ['digestAt', isClock, 'a time of the day, such as "15:30"'],
  digest_days: ['digestDays', isDays, 'a list of weekdays, 1 Monday to 7 Sunday, each once'],
  quiet_hours: [
    'quietHours',
    (v) => v === null || (isFields(v) && isClock(v['from']) && isClock(v['until']) && v['from'] !== v['until']),
    'null, or "from" and "until", two different times of the day',
  ],
  quiet_days: ['quietDays', isDays, 'a list of weekdays, 1 Monday to 7 Sunday, each once'],
  per_day: [
    'perDay',
    (v) => Number.isSafeInteger(v) && Number(v) >= 1 && Number(v) <= 1000,
    'a whole number from 1 to 1000',
  ],
}

function readTelling(given: unknown, at: Path, problems: NotificationProblem[]): Partial<Telling> {
  if (!isFields(given)) {
    problems.push({ path: at, message: 'must have fields' })
    return {}
  }
  unknownFields(given, Object.keys(TELLING), at, problems)
  const found: Fields = {}
  for (const [field, [name, fits, must]] of Object.entries(TELLING)) {
    const value = given[field]
    if (value === undefined) continue
    if (fits(value)) found[name] = value
    else problems.push({ path: [...at, field], message: `is ${json(value)}; it must be ${must}` })
  }
  return found as Partial<Telling>
}

function unknownFields(given: Fields, known: readonly string[], at: Path, problems: NotificationProblem[]): void {
  for (const name of Object.keys(given))
    if (!known.includes(name))
      problems.push({ path: [...at, name], message: `is not known; there is ${known.join(', ')}` })
}
