import { durationText } from '@mastery/topology/alerts/durations.ts'
import type { AlertPolicy, AlertRule } from '@mastery/topology/alerts/policy.ts'
import type { WatchRule } from '@mastery/topology/alerts/watch-rule.ts'
import { table } from '../tables.ts'
import type { Previewed } from './preview.ts'

function condition(r: AlertRule): string {
  switch (r.kind) {
    case 'mastery_below':
    case 'prerequisite_gap':
      return `mastery ${r.enter} or less, until ${r.leave}`
    case 'mastery_above':
      return `mastery ${r.enter} or more`
    case 'falling':
      return `a fall of ${r.enter} within ${durationText(r.window)}`
    case 'stalled':
      return `${r.enter} answers without mastery`
    case 'rapid_guessing':
      return `${r.enter * 10} of the last ten guessed rapidly`
    case 'class_drop':
      return `a mean fall of ${r.enter} in a week, of ${r.members.least} students or more`
    case 'inactive':
      return `no answer for ${durationText(r.enter)}`
  }
}

function measured(r: WatchRule): string {
  const { measure, enter, leave } = r
  const of = r.only === null ? '' : ` of ${r.only.join(', ')}`
  if (measure === null || measure === 'drift') return enter > 1 ? `${enter} findings${of} or more` : `a finding${of}`
  return `${measure}${of} ${enter} or more, until ${leave}`
}

export function rulesTable(policy: AlertPolicy): string {
  const head = ['rule', 'kind', 'fires at', 'severity', 'told', 'cooldown']
  const rows = policy.rules.map((r) => [
    r.id,
    r.kind,
    r.enabled ? condition(r) : 'switched off',
    r.urgent === null ? r.severity : `${r.severity}, then urgent`,
    r.to.join(', '),
    durationText(r.cooldown),
  ])
  for (const r of policy.watches)
    rows.push([
      r.id,
      r.kind,
      r.enabled ? measured(r) : 'switched off',
      r.severity,
      r.to.join(', '),
      durationText(r.cooldown),
    ])
  const topics = Object.keys(policy.prerequisites).length
  const extra = [
    policy.overrides.length > 0 ? `${policy.overrides.length} overrides for schools or grades.` : '',
    topics > 0 ? `${topics} topics with topics that come before them.` : 'No topic graph: gaps are not looked for.',
  ]
  return `${table(head, rows)}${extra.filter((x) => x !== '').join(' ')}\n`
}

const DAY = 86_400_000
const day = (ms: number) => new Date(ms).toISOString().slice(0, 10)

/** `watches`: whether there are rules about the system itself. */
export function previewText(p: Previewed, range: { from: number; to: number }, watches: boolean): string {
  return `${countsText(p, range)}${watches ? systemText(p.system, range) : ''}`
}

/** Over which time services said anything of themselves. */
function systemText(system: Previewed['system'], range: { from: number; to: number }): string {
  if (system === null)
    return 'Of the system itself nothing is known yet: ops.metrics is empty. "npm start" and the services write to it.\n'
  const minute = (ms: number) => new Date(ms).toISOString().slice(0, 16).replace('T', ' ')
  const late = system.to < range.from || system.from >= range.to ? ', outside of this time' : ''
  return `Rules about the system itself were held against what services said and jobs found from ${minute(system.from)} to ${minute(system.to)}${late}.\n`
}

function countsText(p: Previewed, range: { from: number; to: number }): string {
  if (p.history === null && p.rules.length === 0) return 'The log has no ticks yet: there is nothing to preview.\n'
  const lines = [
    `From ${day(range.from)} to ${day(range.to)} these rules would have said, of ${p.students.toLocaleString('en')} students:`,
  ]
  if (p.cut && p.history)
    lines.push(`The log begins on ${day(p.history.from)} by now; what rests on older answers is missing.`)
  else if (p.history && p.history.from > range.from + DAY)
    lines.push(`There is nothing from before ${day(p.history.from)}.`)
  if (p.rules.length === 0) return `${lines.join('\n')}\nNothing.\n`
  const rows = p.rules.map((r) => [
    r.rule,
    r.fired.toLocaleString('en'),
    r.students.toLocaleString('en'),
    r.notices.toLocaleString('en'),
    r.again.toLocaleString('en'),
    Object.entries(r.held)
      .map(([why, n]) => `${n} ${why}`)
      .join(', ') || '-',
  ])
  lines.push(
    '',
    table(['rule', 'fired', 'students', 'notices', 'again within 7 days', 'held back'], rows).trimEnd(),
    '',
  )
  const t = p.perTeacherAndWeek
  if (t)
    lines.push(
      `Notices per teacher and week: ${t.p50} at p50, ${t.p95} at p95, ${t.most} at most (${t.teachers} teachers, ${t.weeks} weeks).`,
    )
  else if (!p.roster)
    lines.push('There is no roster, so that nobody would be told. "npx mastery roster import" brings one.')
  return `${lines.join('\n')}\n`
}
