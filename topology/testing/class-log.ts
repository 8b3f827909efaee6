import type { Alert } from '@mastery/schemas/src/generated/alert.gen.ts'
import type { Notice } from '@mastery/schemas/src/generated/notice.gen.ts'
import type { StudentCommand } from '@mastery/schemas/src/generated/student-command.gen.ts'
import { madeScore } from '../alerts/made-score.ts'
import { policyText } from '../alerts/policy.ts'
import { weekOf } from '../drift/calendar.ts'
import { classSubject } from '../events/class-command.ts'
import { studentCommand } from '../events/command.ts'
import { hash128 } from '../events/hash.ts'
import { partitionOf } from '../partition.ts'
import { policyName } from '../stages/alerting/markers.ts'
import { alertingStage } from '../stages/alerting/stage.ts'
import { classesStage } from '../stages/classes/stage.ts'
import { notifyingStage } from '../stages/notifying/stage.ts'
import { policyOf, smallRoster, TENANT } from './alert-log.ts'
import { type DriverOptions, TopologyDriver } from './topology-driver.ts'

export const HOUR = 3_600_000
export const DAY = 24 * HOUR
export const WEEK = 7 * DAY
export const START = weekOf(Date.parse('2026-09-07T00:00:00Z'))
export const SOURCES = 3
export const STUDENTS = Array.from({ length: 12 }, (_, i) => `student-${i}`)

const RULE = {
  id: 'class',
  kind: 'class_drop',
  enter: 0.1,
  leave: 0.03,
  members: { least: 4, answers: 3, fell: 0.05, share: 0.6 },
}
export const classPolicy = (rule: Record<string, unknown> = {}, more: Record<string, unknown> = {}) =>
  policyOf({ rules: [{ ...RULE, ...rule }], ...more })

/** What happens in one step of time: who answers, and the mastery after it. */
interface Answer {
  at: number
  student: string
  mastery: number
  /** Event time, where it is another than when it comes. */
  given?: number
  topic?: string
}

/** The alerting stage and the classes stage in memory, over scores and ticks by hand. */
export class ClassLog {
  readonly driver: TopologyDriver
  private offset = 0
  private readonly counts = new Map<string, number>()

  constructor(options: DriverOptions & { mostWoken?: number; classes?: boolean; notify?: boolean } = {}) {
    const { mostWoken = 100 } = options
    const own = options.classes === false ? [] : [classesStage({ generation: 0, sources: SOURCES, mostWoken })]
    const told = options.notify ? [notifyingStage({ generation: 0, sources: 2 * SOURCES })] : []
    this.driver = new TopologyDriver([alertingStage({ generation: 0, mostWoken }), ...own, ...told], {
      ...options,
      partitions: SOURCES,
    })
  }

  everywhere(subject: 'tick' | 'marker', value: unknown): this {
    for (let p = 0; p < SOURCES; p++) this.driver.append('mastery.scores', p, subject, '', value)
    return this
  }

  version(subject: 'policy' | 'roster', version: string, payload: string): this {
    const name = subject === 'policy' ? policyName(TENANT) : TENANT
    for (const action of ['prepare', 'activate'])
      this.everywhere('marker', {
        marker_id: `${subject} ${action} ${version}`,
        action,
        subject,
        name,
        version,
        payload: action === 'prepare' ? payload : null,
        issued_at: START,
      })
    return this
  }

  begin(rules = classPolicy()): this {
    return this.version('roster', 'r1', JSON.stringify(smallRoster(STUDENTS)))
      .version('policy', 'p1', policyText(rules))
      .everywhere('tick', { at: START })
  }

  answer({ at, student, mastery, given = at, topic = 'fractions' }: Answer): this {
    const partition = partitionOf(student, SOURCES)
    const opportunities = (this.counts.get(`${student} ${topic}`) ?? 0) + 1
    this.counts.set(`${student} ${topic}`, opportunities)
    const about = { tenant: TENANT, student, topic, at: given, correct: false, rapid: false, mastery, opportunities }
    const value = madeScore({ ...about, partition, offset: this.offset++ })
    this.driver.append('mastery.scores', partition, 'mastery-score', student, value)
    return this
  }

  /** Everybody answers once a day, Monday to Friday, on the way from one mastery to another; ticks in between. */
  week(begin: number, from: number, to: number, students: readonly string[] = STUDENTS): this {
    for (let day = 0; day < 5; day++) {
      this.everywhere('tick', { at: begin + day * DAY + 8 * HOUR })
      for (const student of students)
        this.answer({ at: begin + day * DAY + 9 * HOUR, student, mastery: from + ((to - from) * day) / 4 })
    }
    return this
  }

  /** A command about the class, as the stages before hand it on: in the partition of its key. */
  command(kind: StudentCommand['kind'], given: Partial<StudentCommand> = {}): this {
    const student = classSubject(TENANT, 'c1')
    const command_id = `c${this.offset++}`
    const value = studentCommand({ command_id, tenant: TENANT, student, kind, issued_at: START, ...given })
    this.driver.append('mastery.scores', partitionOf(student, SOURCES), 'student-command', student, value)
    return this
  }

  /** Name of the class's alert on its topic, by how many times it has fired. */
  alertId(episode = 1): string {
    return hash128(TENANT, RULE.id, 'class', 'c1', 'fractions', String(episode))
  }

  tick(at: number): this {
    return this.everywhere('tick', { at })
  }

  alerts(): Alert[] {
    return this.driver
      .outputs('mastery.alerts')
      .flatMap((o) => ((o.value as Alert).scope === 'class' ? [o.value as Alert] : []))
  }

  notices(): Notice[] {
    return this.driver
      .outputs('mastery.notices')
      .flatMap((o) => (o.subject === 'notice' && (o.value as Notice).scope === 'class' ? [o.value as Notice] : []))
  }
}

export const story = (w: ClassLog) =>
  w.alerts().map((a) => `${a.before}-${a.state}${a.told ? ' told' : ''}${a.held_back ? ` (${a.held_back})` : ''}`)
