import type { Alert } from '@mastery/schemas/src/generated/alert.gen.ts'
import type { Marker } from '@mastery/schemas/src/generated/marker.gen.ts'
import type { Notice } from '@mastery/schemas/src/generated/notice.gen.ts'
import type { OpsMetric } from '@mastery/schemas/src/generated/ops-metric.gen.ts'
import type { OpsSignal, SignalSubject } from '@mastery/schemas/src/generated/ops-signal.gen.ts'
import type { CommandKind, StudentCommand } from '@mastery/schemas/src/generated/student-command.gen.ts'
import { type AlertPolicy, policyText } from '../alerts/policy.ts'
import { studentCommand } from '../events/command.ts'
import { addTo } from '../ops/latency.ts'
import { OPS_KEY } from '../ops/place.ts'
import type { Relations } from '../roster/relations.ts'
import { policyName } from '../stages/alerting/markers.ts'
import { watchingStage } from '../stages/watching/stage.ts'
import type { SubjectName } from '../topics.ts'
import { smallRoster, TENANT } from './alert-log.ts'
import { idleMetric } from './ops-metric.ts'
import { type DriverOptions, TopologyDriver } from './topology-driver.ts'

export const SECOND = 1000
export const MINUTE = 60 * SECOND
/** Services write this often. */
export const EVERY = 15 * SECOND
export const OPERATOR = 'operator-1'
export const OWNER = 'owner-1'
/** Sources of notices that come before those of the watching stage. */
export const BEFORE = 2

export interface WatchRecord {
  subject: SubjectName
  value: unknown
}

/** The small roster with an administrator, and somebody who answers for items. */
export function staffRoster(): Relations {
  const roster = smallRoster()
  const always = { from: null, until: null }
  const staff = [
    [OPERATOR, 'administrator'],
    [OWNER, 'counselor'],
  ] as const
  const users = staff.map(([pseudonym, role]) => ({
    pseudonym,
    roles: [{ role, school: 's1', ...always }],
    language: null,
    enabled: true,
  }))
  return { ...roster, users: [...roster.users, ...users] }
}

/** A record of a service that fares well; what is given is otherwise. */
export function metric(to: number, given: Partial<OpsMetric> = {}): OpsMetric {
  return idleMetric({
    part: 'scoring',
    instance: 'host 1',
    from: to - EVERY,
    to,
    operations: 100,
    latency: took(40, 100),
    age: took(200, 100),
    ...given,
  })
}

/** Bins in which `n` operations took `ms` milliseconds each. */
export function took(ms: number, n: number): number[] {
  const bins: number[] = []
  addTo(bins, ms, n)
  return bins
}

export function signal(at: number, kind: OpsSignal['kind'], subjects: readonly Partial<SignalSubject>[]): OpsSignal {
  const found = subjects.map((s, i) => ({
    subject: `thing-${i}`,
    topic: null,
    findings: ['drift'],
    since: null,
    figures: [],
    ...s,
  }))
  return { tenant: TENANT, kind, at, as_of: at - 60 * MINUTE, looked_at: 100, total: found.length, subjects: found }
}

/** Records of ops.metrics, by hand. */
export class OpsRecords {
  readonly all: WatchRecord[] = []

  private version(subject: 'policy' | 'roster', name: string, version: string, payload: string): this {
    for (const action of ['prepare', 'activate'] as const)
      this.marker({ action, subject, name, version, payload: action === 'prepare' ? payload : null })
    return this
  }

  marker(given: Pick<Marker, 'action' | 'subject' | 'name' | 'version'> & Partial<Marker>): this {
    const value: Marker = { marker_id: `m${this.all.length}`, payload: null, issued_at: 0, ...given }
    this.all.push({ subject: 'marker', value })
    return this
  }

  policy(policy: AlertPolicy, version = 'p1'): this {
    return this.version('policy', policyName(TENANT), version, policyText(policy))
  }

  roster(relations: Relations = staffRoster()): this {
    return this.version('roster', TENANT, relations.version, JSON.stringify(relations))
  }

  metric(to: number, given: Partial<OpsMetric> = {}): this {
    this.all.push({ subject: 'ops-metric', value: metric(to, given) })
    return this
  }

  /** One record every quarter of a minute, after `from` up to `until`. */
  metrics(from: number, until: number, given: Partial<OpsMetric> | ((to: number) => Partial<OpsMetric>) = {}): this {
    for (let to = from + EVERY; to <= until; to += EVERY)
      this.metric(to, typeof given === 'function' ? given(to) : given)
    return this
  }

  /** What somebody does about an alert. */
  command(kind: CommandKind, alert: string, given: Partial<StudentCommand> = {}): this {
    const command_id = `c${this.all.length}`
    const student = `system/${TENANT}`
    const value = studentCommand({ command_id, tenant: TENANT, student, kind, issued_at: 0, alert, ...given })
    this.all.push({ subject: 'student-command', value })
    return this
  }

  look(at: number, kind: OpsSignal['kind'], subjects: readonly Partial<SignalSubject>[]): this {
    this.all.push({ subject: 'ops-signal', value: signal(at, kind, subjects) })
    return this
  }
}

/** What the watching stage makes of them. */
export function watched(records: readonly WatchRecord[], options: DriverOptions & { generation?: number } = {}) {
  const { generation = 0, ...rest } = options
  const driver = new TopologyDriver([watchingStage({ generation, sourcesBefore: BEFORE })], rest)
  for (const { subject, value } of records) driver.append('ops.metrics', 0, subject, OPS_KEY, value)
  return driver
}

const valuesOf = <T>(driver: TopologyDriver, subject: SubjectName): T[] =>
  driver.steps.flatMap((s) =>
    s.result.type === 'ok' ? s.result.outputs.flatMap((o) => (o.subject === subject ? [o.value as T] : [])) : [],
  )

export const noticesOf = (driver: TopologyDriver): Notice[] => valuesOf<Notice>(driver, 'notice')
export const alertsOf = (driver: TopologyDriver): Alert[] => valuesOf<Alert>(driver, 'alert')
