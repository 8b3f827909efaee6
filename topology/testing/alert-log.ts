import type { Alert } from '@mastery/schemas/src/generated/alert.gen.ts'
import type { Marker } from '@mastery/schemas/src/generated/marker.gen.ts'
import type { MasteryScore } from '@mastery/schemas/src/generated/mastery-score.gen.ts'
import type { Notice } from '@mastery/schemas/src/generated/notice.gen.ts'
import type { StudentCommand } from '@mastery/schemas/src/generated/student-command.gen.ts'
import { checkPolicy } from '../alerts/check.ts'
import { madeScore } from '../alerts/made-score.ts'
import { type AlertPolicy, policyText } from '../alerts/policy.ts'
import { studentCommand } from '../events/command.ts'
import type { Relations } from '../roster/relations.ts'
import { policyName } from '../stages/alerting/markers.ts'
import { alertingStage } from '../stages/alerting/stage.ts'
import { type TopicName, topicAt } from '../topics.ts'
import { DAY_ZERO } from './learner-log.ts'
import { type DriverOptions, type Input, TopologyDriver } from './topology-driver.ts'

export const TENANT = 'school'
export const STUDENT = 'student-1'

/** A policy from what a rules file would hold. */
export function policyOf(file: Record<string, unknown>, prerequisites: Record<string, string[]> = {}): AlertPolicy {
  const { policy, problems } = checkPolicy({ version: 1, ...file }, prerequisites)
  if (problems.length > 0) throw new Error(problems.map((p) => `${p.path.join('.')} ${p.message}`).join('\n'))
  return policy
}

/** Everybody is in one class, c1, with one teacher, and student-1 has a guardian. */
export function smallRoster(students: readonly string[] = [STUDENT]): Relations {
  const always = { from: null, until: null }
  const role = (r: 'student' | 'teacher' | 'parent') => [{ role: r, school: 's1', ...always }]
  return {
    tenant: TENANT,
    version: 'r1',
    schools: [{ id: 's1', zone: null }],
    classes: [{ id: 'c1', school: 's1', grades: ['7'], topics: [] }],
    members: [
      ...students.map((user) => ({ class: 'c1', user, role: 'student' as const, primary: false, ...always })),
      { class: 'c1', user: 'teacher-1', role: 'teacher', primary: true, ...always },
    ],
    guardians: [{ student: STUDENT, guardian: 'parent-1', role: 'parent' }],
    users: [
      ...students.map((pseudonym) => ({ pseudonym, roles: role('student'), language: null, enabled: true })),
      { pseudonym: 'teacher-1', roles: role('teacher'), language: null, enabled: true },
      { pseudonym: 'parent-1', roles: role('parent'), language: null, enabled: true },
    ],
    denied: [],
  }
}

/** What puts a roster and rules in force. */
export function alertMarkers(policy: AlertPolicy, relations: Relations): Input[] {
  const of = (subject: 'policy' | 'roster', name: string, payload: string) =>
    (['prepare', 'activate'] as const).map((action): Input => {
      const marker_id = `${action} ${subject}`
      return {
        subject: 'marker',
        value: { marker_id, action, subject, name, version: '1', payload, issued_at: DAY_ZERO },
      }
    })
  return [...of('roster', TENANT, JSON.stringify(relations)), ...of('policy', policyName(TENANT), policyText(policy))]
}

/** Records of mastery.scores, by hand, through the alerting stage alone. */
export class AlertLog {
  readonly driver: TopologyDriver
  private readonly partitions: number
  private readonly scores: TopicName
  private readonly outputs: { alerts: TopicName; notices: TopicName }
  private count = 0
  private readonly opportunities = new Map<string, number>()

  constructor(options: DriverOptions & { generation?: number; mostWoken?: number } = {}) {
    const { generation = 0, mostWoken } = options
    this.partitions = options.partitions ?? 1
    this.scores = topicAt('mastery.scores', generation)
    this.outputs = { alerts: topicAt('mastery.alerts', generation), notices: topicAt('mastery.notices', generation) }
    this.driver = new TopologyDriver([alertingStage({ generation, ...(mostWoken ? { mostWoken } : {}) })], options)
  }

  private everywhere(subject: 'marker' | 'tick', value: unknown): this {
    for (let p = 0; p < this.partitions; p++) this.driver.append(this.scores, p, subject, '', value)
    return this
  }

  marker(given: Pick<Marker, 'action' | 'subject' | 'name' | 'version'> & Partial<Marker>): this {
    const marker_id = `m${this.count++}`
    return this.everywhere('marker', { marker_id, payload: null, issued_at: DAY_ZERO, ...given })
  }

  /** Both markers of a version. */
  private version(subject: 'policy' | 'roster', name: string, version: string, payload: string): this {
    this.marker({ action: 'prepare', subject, name, version, payload })
    return this.marker({ action: 'activate', subject, name, version })
  }

  policy(policy: AlertPolicy, version = 'p1'): this {
    return this.version('policy', policyName(TENANT), version, policyText(policy))
  }

  roster(relations: Relations = smallRoster()): this {
    return this.version('roster', TENANT, relations.version, JSON.stringify(relations))
  }

  tick(at: number): this {
    return this.everywhere('tick', { at })
  }

  /** An answer and the mastery after it. `at`: event time. */
  answer(
    mastery: number,
    at: number,
    given: {
      student?: string
      topic?: string
      correct?: boolean
      rapid?: boolean
      partition?: number
    } & Partial<MasteryScore> = {},
  ): this {
    const { student = STUDENT, topic = 'fractions', correct = false, rapid = false, partition = 0, ...more } = given
    const key = `${student}/${topic}`
    const n = (this.opportunities.get(key) ?? 0) + 1
    this.opportunities.set(key, n)
    const offset = this.count++
    const made = { tenant: TENANT, student, topic, at, correct, rapid, mastery, opportunities: n, partition, offset }
    const value: MasteryScore = { ...madeScore(made), ...more }
    this.driver.append(this.scores, partition, 'mastery-score', student, value)
    return this
  }

  /** A score that no answer of the student's has made: a repair. */
  rescored(mastery: number, at: number, topic = 'fractions'): this {
    const opportunities = this.opportunities.get(`${STUDENT}/${topic}`) ?? 1
    const row = {
      topic,
      as_of: at,
      revision: true,
      opportunities,
      uncertainty: 0.1,
      standing: '',
      factors: [],
      haste: null,
    }
    const rows = [{ ...row, scores: [{ model: 'blend', version: '1', mastery }] }]
    return this.answer(mastery, at, { correct: null as never, score: null, cause: 'corrected', rows })
  }

  command(kind: StudentCommand['kind'], given: Partial<StudentCommand> = {}): this {
    const value = studentCommand({
      command_id: `c${this.count++}`,
      tenant: TENANT,
      student: STUDENT,
      kind,
      issued_at: DAY_ZERO,
      ...given,
    })
    this.driver.append(this.scores, 0, 'student-command', value.student, value)
    return this
  }

  alerts(): Alert[] {
    return this.driver.outputs(this.outputs.alerts).map((o) => o.value as Alert)
  }

  notices(): Notice[] {
    return this.driver.outputs(this.outputs.notices).flatMap((o) => (o.subject === 'notice' ? [o.value as Notice] : []))
  }

  /** Every transition as `BEFORE-STATE`, with why nobody was told where that is so. */
  story(rule?: string): string[] {
    return this.alerts()
      .filter((a) => rule === undefined || a.rule === rule)
      .map((a) => `${a.before}-${a.state}${a.told ? ' told' : ''}${a.held_back ? ` (${a.held_back})` : ''}`)
  }
}
