import type { Host, Io } from '../command.ts'
import { noteAccess, subjectOf } from '../subject.ts'
import { table } from '../tables.ts'

interface Listed {
  alert_id: string
  student_id: string
  rule: string
  topic_id: string
  about: string
  severity: string
  state: string
  fired_at: string
  notices: number
  mastery: number | null
}

/** More are not shown. */
const MOST = 200

/** Alerts as they stand, out of gold. One student's are noted in the access log. */
export async function listAlerts(
  host: Host,
  io: Io,
  values: {
    tenant?: string | undefined
    student?: string | undefined
    all?: boolean | undefined
    json?: boolean | undefined
  },
): Promise<number> {
  await host.stages()
  const of = values.student === undefined ? null : subjectOf(host, values.student, values.tenant)
  const tenant = of?.tenant ?? host.tenant(values.tenant).id
  const gold = await host.gold()
  const rows = await gold.query<Listed>(
    `SELECT alert_id, student_id, toString(rule) AS rule, toString(topic_id) AS topic_id,
       ifNull(arrayFirst((t, c) -> c IN ('part', 'source', 'model'), evidence_texts, evidence_codes), '') AS about, toString(severity) AS severity,
       toString(state) AS state, toString(fired_at) AS fired_at, toUInt32(notices) AS notices,
       evidence_values[indexOf(evidence_codes, 'mastery')] AS mastery
     FROM v_alerts WHERE tenant = {tenant:String} AND ({student:String} = '' OR student_id = {student:String})
       AND ({all:UInt8} = 1 OR state NOT IN ('resolved', 'pending'))
     ORDER BY indexOf(['urgent', 'normal', 'info'], toString(severity)), decided_at DESC, alert_id LIMIT {most:UInt32}`,
    { tenant, student: of?.student ?? '', all: values.all ? 1 : 0, most: MOST },
  )
  if (of) await noteAccess(host, of, 'list alerts')
  if (values.json) {
    io.out(`${JSON.stringify({ tenant, alerts: rows })}\n`)
    return 0
  }
  if (rows.length === 0) {
    io.out(values.all ? 'There are no alerts.\n' : 'No alert stands; --all shows those that are over too.\n')
    return 0
  }
  const head = ['alert', 'student', 'rule', 'topic or part', 'severity', 'state', 'fired', 'notices', 'mastery']
  const cells = rows.map((r) => [
    r.alert_id.slice(0, 12),
    r.student_id === '' ? '-' : r.student_id.slice(0, 12),
    r.rule,
    r.topic_id || r.about || '-',
    r.severity,
    r.state,
    r.fired_at.startsWith('1970') ? '-' : r.fired_at.slice(0, 16),
    String(r.notices),
    r.mastery === null ? '-' : r.mastery.toFixed(2),
  ])
  io.out(table(head, cells))
  if (rows.length === MOST) io.err.write(`The first ${MOST} are shown; --student shows those of one student.\n`)
  return 0
}
