import type { Alert } from '@mastery/schemas/src/generated/alert.gen.ts'
import type { Notice } from '@mastery/schemas/src/generated/notice.gen.ts'
import { studentCommand } from '../events/command.ts'
import { OPS_KEY } from '../ops/place.ts'
import type { StageOutput } from '../stage.ts'
import { policyName } from '../stages/alerting/markers.ts'
import { alertingStage } from '../stages/alerting/stage.ts'
import { classesStage } from '../stages/classes/stage.ts'
import { watchingStage } from '../stages/watching/stage.ts'
import type { SubjectName } from '../topics.ts'
import { VirtualRun } from '../virtual-run.ts'
import { durationText } from './durations.ts'
import { madeScore } from './made-score.ts'
import { type AlertPolicy, policyText } from './policy.ts'
import { TABLE_TEACHER, TABLE_TENANT, tableRoster } from './table-roster.ts'
import type { Expectation, TableTest, Wanted } from './table-tests.ts'
import { watchHappenings } from './table-watch.ts'
import { aboutOf } from './watch-rule.ts'

/** What was expected and is not so. */
export interface Difference {
  test: string
  /** Time from the beginning, milliseconds. */
  at: number
  what: 'alerts' | 'told'
  /** Each with a leading `- ` for what should be, `+ ` for what is. */
  lines: string[]
}

type Happening = { at: number; rank: number; run(): void }

/** Runs one test against the rules, in virtual time. Empty: all is as expected. */
export function runTableTest(policy: AlertPolicy, test: TableTest): Difference[] {
  const run = new VirtualRun(alertingStage({ generation: 0 }))
  const classes = new VirtualRun(classesStage({ generation: 0, sources: 1 }))
  const watching = new VirtualRun(watchingStage({ generation: 0, sourcesBefore: 2 }))
  let offset = 0
  let classOffset = 0
  let opsOffset = 0
  let told: Notice[] = []
  const alerts = new Map<string, Alert>()
  const differences: Difference[] = []

  const take = (subject: SubjectName, key: string, value: unknown) => {
    const origin = { topic: 'mastery.scores' as const, partition: 0, offset: offset++ }
    for (const o of run.outputs({ subject, key, value, origin })) {
      if (o.topic !== 'mastery.classes') {
        said(o)
        continue
      }
      const record = { subject: o.subject, key: o.key, value: o.value }
      const place = { topic: o.topic, partition: 0, offset: classOffset++ }
      classes.outputs({ ...record, origin: place }).forEach(said)
    }
  }
  const said = (o: StageOutput) => {
    if (o.subject === 'notice') told.push(o.value as Notice)
    if (o.subject !== 'alert') return
    const a = o.value as Alert
    const about = aboutOf(a)
    alerts.set(`${a.rule}\n${a.student}\n${a.topic}${about === null ? '' : `\n${about}`}`, a)
  }
  const takeOps = (subject: SubjectName, value: unknown) => {
    const origin = { topic: 'ops.metrics' as const, partition: 0, offset: opsOffset++ }
    watching.outputs({ subject, key: OPS_KEY, value, origin }).forEach(said)
  }
  const version = (subject: 'policy' | 'roster', name: string, payload: string) => {
    for (const action of ['prepare', 'activate']) {
      const marker_id = `${subject} ${action}`
      const marker = { marker_id, action, subject, name, version: '1', payload, issued_at: 0 }
      take('marker', '', marker)
      takeOps('marker', marker)
    }
  }
  version('roster', TABLE_TENANT, JSON.stringify(tableRoster([...new Set(test.series.map((s) => s.student))])))
  version('policy', policyName(TABLE_TENANT), policyText(policy))

  const happenings: Happening[] = []
  const opportunities = new Map<string, number>()
  for (const s of test.series)
    s.answers.forEach((a, i) => {
      if (a === null) return
      const at = s.start + i * s.every
      happenings.push({
        at: at + s.late,
        rank: 1,
        run() {
          const key = `${s.student}\n${s.topic}`
          const n = (opportunities.get(key) ?? 0) + 1
          opportunities.set(key, n)
          const { student, topic } = s
          const made = {
            tenant: TABLE_TENANT,
            student,
            topic,
            at: test.from + at,
            correct: a.right,
            rapid: a.rapid,
            mastery: a.mastery,
          }
          take('mastery-score', student, madeScore({ ...made, opportunities: n, partition: 0, offset }))
        },
      })
    })
  for (const { at, subject, value } of watchHappenings(test))
    happenings.push({ at, rank: 1, run: () => takeOps(subject, value) })
  for (const c of test.commands) {
    const alertOf = () => alerts.get(`${c.rule}\n${c.student}\n${c.topic}`)?.alert_id ?? null
    happenings.push({
      at: c.at,
      rank: 2,
      run: () =>
        take(
          'student-command',
          c.student,
          studentCommand({
            command_id: `command ${offset}`,
            tenant: TABLE_TENANT,
            student: c.student,
            kind: c.command,
            issued_at: test.from + c.at,
            alert: c.command === 'acknowledge' || c.command === 'not_useful' ? alertOf() : null,
            rule: c.rule,
            topic: c.topic,
            until: c.until === null ? null : test.from + c.until,
            author: TABLE_TEACHER,
            reason: 'A test.',
          }),
        ),
    })
  }
  for (const e of test.expect)
    happenings.push({
      at: e.at,
      rank: 3,
      run() {
        differences.push(...compare(test, e, [...alerts.values()], told))
        told = []
      },
    })
  const end = Math.max(0, ...happenings.map((h) => h.at))
  for (let at = 0; at <= end; at += test.tick)
    happenings.push({ at, rank: 0, run: () => take('tick', '', { at: test.from + at }) })
  happenings.sort((a, b) => a.at - b.at || a.rank - b.rank)
  for (const h of happenings) h.run()
  return differences
}

const OVER = new Set(['normal', 'resolved'])

function compare(test: TableTest, e: Expectation, alerts: readonly Alert[], told: readonly Notice[]): Difference[] {
  const differences: Difference[] = []
  const look = (what: Difference['what'], wanted: readonly Wanted[] | null, found: Wanted[]) => {
    if (wanted === null) return
    const left = [...found]
    const missing = wanted.filter((w) => {
      const at = left.findIndex((f) => Object.entries(w).every(([k, v]) => v === null || f[k] === v))
      if (at >= 0) left.splice(at, 1)
      return at < 0
    })
    if (missing.length + left.length === 0) return
    const lines = [...missing.map((w) => `- ${spelled(w)}`), ...left.map((f) => `+ ${spelled(f)}`)]
    differences.push({ test: test.name, at: e.at, what, lines })
  }
  const about = (x: Alert | Notice) => {
    const { rule, student, topic, severity } = x
    return { rule, student, topic, about: aboutOf(x), severity }
  }
  const standing = alerts.filter((a) => !OVER.has(a.state)).map((a) => ({ ...about(a), state: a.state }))
  look('alerts', e.alerts, standing)
  const notices = told.map((n) => ({ ...about(n), kind: n.kind, to: n.role }))
  look('told', e.told, notices)
  return differences
}

function spelled(w: Wanted): string {
  return Object.entries(w)
    .filter(([, v]) => v !== null)
    .map(([k, v]) => `${k}: ${v}`)
    .join(', ')
}

/** For people, as a diff. */
export function differenceText(d: Difference): string {
  const what = d.what === 'alerts' ? 'alerts that stand' : 'people told since the last look'
  return `${d.test}\n  at ${durationText(d.at)}: ${what}\n${d.lines.map((l) => `    ${l}\n`).join('')}`
}
