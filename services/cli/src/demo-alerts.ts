import { AccessLog } from '@mastery/api/src/access.ts'
import { importRoster } from '@mastery/api/src/roster/import.ts'
import { noteVaultReads, withRoster } from '@mastery/api/src/roster/parts.ts'
import type { ClickHouseGold } from '@mastery/infra/adapters/clickhouse/gold.ts'
import { UNSENT } from '@mastery/infra/config/delivery.ts'
import type { Tenant } from '@mastery/infra/config/secrets.ts'
import { ensureVaultKey } from '@mastery/infra/config/vault-keys.ts'
import { declaredGraph } from '@mastery/infra/provision/gold/topic-graph.ts'
import type { Installation } from '@mastery/infra/runtime/installation.ts'
import { composeMessage } from '@mastery/notify/src/compose-message.ts'
import type { Delivery } from '@mastery/schemas/src/generated/delivery.gen.ts'
import { quantile } from '@mastery/topology/alerts/tally.ts'
import { plainWords } from '@mastery/topology/delivery/words.ts'
import { schoolRoster } from '@mastery/topology/school/roster.ts'
import type { School } from '@mastery/topology/school/school.ts'
import { activatePolicy } from './alerts/activate.ts'
import { policyIn, prerequisitesOf } from './alerts/rules-file.ts'
import { decidedDeliveries, said } from './demo-deliveries.ts'

const DAY = 86_400_000
const WEEK = 7 * DAY
/** The rules that ship. */
export const SHIPPED_RULES = new URL('../../../configs/alerts/default.yaml', import.meta.url).pathname

export interface DemoWorld {
  installation: Installation
  gold: ClickHouseGold
  tenant: Tenant
  check(): void
}

/** Brings the school's own roster and the rules that ship into force, before its first event. */
export async function prepareAlerts(w: DemoWorld, school: School, drawn: { seed: number; events: number }) {
  const { installation, gold, tenant, check } = w
  ensureVaultKey(installation.profile.tenantsFile, installation.secrets, tenant.id, Date.now())
  const files = new Map([...schoolRoster(school, drawn)].map(([name, text]) => [name, Buffer.from(text)]))
  const who = { tenant, reader: 'demo: import the school', role: 'operator', check }
  await withRoster(installation, gold, who, (parts) => importRoster(parts, files, null, false))
  const { policy } = policyIn(SHIPPED_RULES, { cwd: '/' }, await prerequisitesOf({ gold: async () => gold }, tenant.id))
  await activatePolicy(installation, tenant.id, policy, Date.now(), check)
}

/** What the people of the school would have been told, with one teacher's last week in the words of the mails. */
export async function toldInTheEnd(w: DemoWorld) {
  const { gold, tenant } = w
  const all = (await decidedDeliveries(w.installation)).map((p) => p.delivery)
  const messages = all.filter(said)
  const until = all.at(-1)?.now ?? 0
  const thisWeek = messages.filter((d) => d.role === 'teacher' && d.now > until - WEEK)
  const items = new Map<string, number>()
  for (const d of thisWeek) items.set(d.recipient, (items.get(d.recipient) ?? 0) + d.items.length)
  const [busiest] = [...items].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
  const own = thisWeek.filter((d) => d.recipient === busiest?.[0])
  const rules = await gold.query<{ rule: string; alerts: string; students: string }>(
    `SELECT rule, toString(count(DISTINCT alert_id)) AS alerts, toString(count(DISTINCT student_id)) AS students
     FROM alerts FINAL WHERE told AND state = 'firing' AND tenant = {tenant:String} GROUP BY rule ORDER BY rule`,
    { tenant: tenant.id },
  )
  return {
    messages: messages.length,
    readers: new Set(messages.map((d) => d.recipient)).size,
    per_teacher_and_week: perTeacherAndWeek(messages),
    rules: rules.map((r) => ({ rule: r.rule, alerts: Number(r.alerts), students: Number(r.students) })),
    week: { until, messages: await inWords(w, own) },
  }
}

/** Messages of a teacher in a week, over all weeks in which anybody was told anything. */
function perTeacherAndWeek(messages: readonly Delivery[]) {
  const counts = new Map<string, number>()
  const teachers = messages.filter((d) => d.role === 'teacher')
  const weeks = new Set(teachers.map((d) => Math.floor(d.now / WEEK)))
  for (const r of new Set(teachers.map((d) => d.recipient))) for (const week of weeks) counts.set(`${r} ${week}`, 0)
  for (const d of teachers) {
    const key = `${d.recipient} ${Math.floor(d.now / WEEK)}`
    counts.set(key, counts.get(key)! + d.items.filter((i) => i.place === 'text').length)
  }
  const sorted = [...counts.values()].sort((a, b) => a - b)
  return sorted.length === 0 ? null : { p50: quantile(sorted, 0.5), p95: quantile(sorted, 0.95) }
}

/** The mails of some deliveries, with the names filled in from the vault. */
async function inWords({ installation, gold, tenant }: DemoWorld, all: readonly Delivery[]) {
  const access = new AccessLog(gold, installation.telemetry, Date.now)
  try {
    const vault = installation.vault(noteVaultReads(access, 'operator'))
    const { topics } = await declaredGraph(gold, tenant.id)
    const names = new Map(topics.map((t) => [t.id, t.name]))
    const parts = {
      vault: () => vault,
      topicNames: async () => names,
      secrets: installation.secrets,
      config: UNSENT,
      wordsOf: plainWords,
    }
    const mails: { at: number; subject: string; text: string }[] = []
    for (const d of all) {
      const made = await composeMessage(parts, 'inbox', d)
      if (!('withheld' in made)) mails.push({ at: d.now, subject: made.subject, text: made.text })
    }
    return mails
  } finally {
    await access.close()
  }
}

export type ToldInTheEnd = Awaited<ReturnType<typeof toldInTheEnd>>

const n = (x: number) => x.toLocaleString('en')
const day = (ms: number) => new Date(ms).toISOString().slice(0, 10)
/** Of one teacher's week so many messages are shown. */
const SHOWN = 3

/** What teachers would have got, as the demo's report says it. */
export function alertsText({ messages, readers, per_teacher_and_week: week, rules, week: last }: ToldInTheEnd): string {
  if (messages === 0) return 'Nobody would have been told anything.\n'
  const told = rules.map((r) => `${r.rule} ${n(r.alerts)} (${n(r.students)} students)`).join(', ')
  const rate = week ? ` A teacher and week: ${week.p50} notices at p50, ${week.p95} at p95.` : ''
  const shown = last.messages.slice(-SHOWN)
  const left = last.messages.length - shown.length
  return `Alerts that people would have been told of, by rule: ${told}.
${n(messages)} messages to ${n(readers)} readers over the year.${rate}

The last week of the teacher with most to read, up to ${day(last.until)}, in the words of the mails${left > 0 ? ` (the last ${shown.length} of ${last.messages.length})` : ''}
${shown.map((m) => `\n  ${day(m.at)}  ${m.subject}\n${m.text.replace(/\n+$/, '').replace(/^/gm, '  | ')}\n`).join('')}`
}
