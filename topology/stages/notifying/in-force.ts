import { DEFAULT_NOTIFICATIONS, type NotificationPolicy, parseNotifications } from '../../alerts/notification-policy.ts'
import { ReaderCalendar } from '../../alerts/reader-calendar.ts'
import { fileOf, type ParameterSource, parametersBytes } from '../../models/parameters.ts'
import type { Relations } from '../../roster/relations.ts'
import type { CalendarOf } from './advance.ts'
import type { Entry } from './entry.ts'
import type { NotifyMeta } from './meta.ts'

export const versionKey = (tenant: string, version: string) => `${tenant}/${version}`
export const rosterKey = (source: number, tenant: string) => `${source}/${tenant}`
/** Of markers that do not say where they come from: they hold for every source. */
export const ANY_SOURCE = -1

/** What payloads say, found out once: the same payload says the same for ever. */
const policies = new Map<string, NotificationPolicy>()
const zones = new Map<string, ReadonlyMap<string, string>>()
const MOST_KEPT = 256

function once<T>(known: Map<string, T>, payload: string, read: () => T): T {
  let found = known.get(payload)
  if (found === undefined) {
    found = read()
    if (known.size >= MOST_KEPT) known.clear()
    known.set(payload, found)
  }
  return found
}

function jsonOf(payload: ParameterSource): unknown {
  const file = fileOf(payload)
  return JSON.parse(file === null ? payload! : new TextDecoder('utf-8', { fatal: true }).decode(parametersBytes(file)))
}

/** The part of an alert policy that says how people are told. @throws Error that says what is wrong with it */
export function notificationsIn(payload: string): NotificationPolicy {
  return once(policies, payload, () =>
    parseNotifications((jsonOf(payload) as { notifications?: unknown }).notifications ?? null),
  )
}

/** Zones of a roster's schools, those that have one. @throws Error where the payload is none of a roster */
export function zonesIn(payload: string): ReadonlyMap<string, string> {
  return once(zones, payload, () => {
    const { schools } = jsonOf(payload) as Relations
    return new Map(schools.flatMap((s) => (s.zone === null ? [] : [[s.id, s.zone]])))
  })
}

const calendars = new WeakMap<NotificationPolicy, Map<string, ReaderCalendar>>()

function calendarIn(policy: NotificationPolicy, role: string, zone: string | null): ReaderCalendar {
  let known = calendars.get(policy)
  if (!known) calendars.set(policy, (known = new Map()))
  const key = `${role} ${zone ?? ''}`
  let calendar = known.get(key)
  if (!calendar) known.set(key, (calendar = new ReaderCalendar(policy, role, zone)))
  return calendar
}

/** By the version that the notice names: the version that was in force where it was decided. */
export function calendarsOf(meta: NotifyMeta): CalendarOf {
  return (e: Entry) => {
    const payload = meta.policies.get(versionKey(e.tenant, e.policy))
    return calendarIn(payload === undefined ? DEFAULT_NOTIFICATIONS : notificationsIn(payload), e.role, e.zone)
  }
}

/** The zone of a school, by the roster in force where the notice was decided. */
export function zoneOf(meta: NotifyMeta, source: number, tenant: string, school: string | null): string | null {
  if (school === null) return null
  const payload = meta.rosters.get(rosterKey(source, tenant)) ?? meta.rosters.get(rosterKey(ANY_SOURCE, tenant))
  return payload === undefined ? null : (zonesIn(payload).get(school) ?? null)
}
