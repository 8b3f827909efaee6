import { HttpError } from '@mastery/infra/http/call.ts'
import { languageOf } from '@mastery/topology/delivery/names.ts'
import { plainWords } from '@mastery/topology/delivery/words.ts'
import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'
import type { IdentityVault } from '@mastery/topology/ports/identity-vault.ts'
import { iso } from '../current.ts'
import { limitOf } from '../query.ts'

interface Row {
  alert_id: string
  sequence: number
  kind: string
  state: string
  rule: string
  scope: string
  severity: string
  role: string
  student_id: string
  class_id: string
  topic_id: string
  occurred_ms: number
  told_ms: number
  place: string
  mutes: number
  evidence_codes: string[]
  evidence_values: (number | null)[]
  evidence_texts: (string | null)[]
}

export interface InboxOf {
  tenant: string
  recipient: string
  /** Pseudonyms that student_id may stand for; null: all students. */
  students: readonly string[] | null
}

const STATES = ['firing', 'recovering', 'acknowledged', 'silenced', 'no_data', 'resolved']

/** Where the stage's own word on an alert is not there, what the reader was told last says how it stands. */
const STATE = "if(a.state != '', a.state, if(i.kind = 'resolved', 'resolved', 'firing'))"

/** One page of a reader's inbox, the last told first. Throws HttpError 400. */
export async function inboxPage(
  gold: Pick<GoldStore, 'query'>,
  vault: Pick<IdentityVault, 'people'>,
  of: InboxOf,
  query: URLSearchParams,
) {
  const limit = limitOf(query)
  const state = query.get('state')
  if (state !== null && !STATES.includes(state))
    throw new HttpError(400, 'bad_state', `state is one of ${STATES.join(', ')}.`)
  const cursor = cursorOf(query.get('cursor'))
  const language = languageOf(query.get('lang'))
  const classId = query.get('class')
  const where = ['tenant = {tenant:String}', 'recipient = {recipient:String}']
  const params: Record<string, unknown> = { tenant: of.tenant, recipient: of.recipient, limit: limit + 1 }
  if (of.students !== null) {
    where.push('student_id IN {students:Array(String)}')
    params['students'] = of.students
  }
  if (classId !== null) {
    where.push('class_id = {class:String}')
    params['class'] = classId
  }
  const after = ['1']
  if (state !== null) {
    after.push(`${STATE} = {state:String}`)
    params['state'] = state
  }
  if (cursor !== null) {
    after.push('(told_ms, alert_id) < ({c0:Int64}, {c1:String})')
    params['c0'] = cursor[0]
    params['c1'] = cursor[1]
  }
  const found = await gold.query<Row>(
    `SELECT i.*, ${STATE} AS state FROM
      (SELECT alert_id, sequence, toString(kind) AS kind, toString(rule) AS rule, toString(scope) AS scope,
         toString(severity) AS severity, toString(role) AS role, student_id, class_id, topic_id,
         toUnixTimestamp64Milli(occurred_at) AS occurred_ms, toUnixTimestamp64Milli(told_at) AS told_ms,
         toString(place) AS place, mutes, evidence_codes, evidence_values, evidence_texts
       FROM inbox FINAL WHERE ${where.join(' AND ')} ORDER BY sequence DESC LIMIT 1 BY alert_id) AS i
     LEFT JOIN (SELECT alert_id, toString(state) AS state FROM v_alerts WHERE tenant = {tenant:String}
       AND alert_id IN (SELECT alert_id FROM inbox WHERE ${where.join(' AND ')})) AS a ON a.alert_id = i.alert_id
     WHERE ${after.join(' AND ')} ORDER BY told_ms DESC, alert_id DESC LIMIT {limit:UInt32}`,
    params,
  )
  const rows = found.slice(0, limit)
  const students = [...new Set(rows.flatMap((r) => (r.student_id === '' ? [] : [r.student_id])))]
  const people = students.length === 0 ? new Map() : await vault.people(of.tenant, students, 'inbox')
  const last = rows.at(-1)
  return {
    recipient: of.recipient,
    tenant: of.tenant,
    alerts: rows.map((r) => shown(r, people.get(r.student_id)?.name ?? null, language)),
    next_cursor:
      found.length > limit && last
        ? Buffer.from(JSON.stringify([Number(last.told_ms), last.alert_id])).toString('base64url')
        : null,
  }
}

function shown(r: Row, name: string | null, language: ReturnType<typeof languageOf>) {
  const evidence = r.evidence_codes.map((code, i) => ({
    code,
    value: r.evidence_values[i] ?? null,
    text: r.evidence_texts[i] ?? null,
  }))
  const orNull = (text: string) => (text === '' ? null : text)
  const item = {
    alert_id: r.alert_id,
    sequence: Number(r.sequence),
    kind: r.kind,
    rule: r.rule,
    scope: r.scope,
    severity: r.severity,
    student: orNull(r.student_id),
    class: orNull(r.class_id),
    topic: orNull(r.topic_id),
    occurred_at: Number(r.occurred_ms),
    evidence,
    mutes: Number(r.mutes),
    place: r.place,
  }
  const words = plainWords(item, language, { person: () => name, title: (id) => id, topic: (id) => id }, r.role)
  const { student, occurred_at, ...rest } = item
  return {
    ...rest,
    state: r.state,
    role: r.role,
    student_id: student,
    student_name: name,
    occurred_at: iso(occurred_at),
    told_at: iso(Number(r.told_ms)),
    headline: words.headline,
    words: words.evidence,
    next: words.next,
  }
}

function cursorOf(text: string | null): [number, string] | null {
  if (text === null) return null
  try {
    const c = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as unknown
    if (Array.isArray(c) && Number.isSafeInteger(c[0]) && typeof c[1] === 'string') return [c[0] as number, c[1]]
  } catch {}
  throw new HttpError(400, 'bad_cursor', 'cursor is none that this API has given; begin without one.')
}
