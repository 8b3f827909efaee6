import type { Delivery } from '@mastery/schemas/src/generated/delivery.gen.ts'
import type { Notice } from '@mastery/schemas/src/generated/notice.gen.ts'
import { sourceKey } from '../alerts/source-key.ts'
import type { StageOutput } from '../stage.ts'
import { notifyingStage } from '../stages/notifying/stage.ts'
import type { SubjectName } from '../topics.ts'
import { type DriverOptions, TopologyDriver } from './topology-driver.ts'

export interface NoticeRecord {
  subject: SubjectName
  key: string
  value: unknown
}

export const person = (n: number) => n.toString(16).padStart(32, '0')

/** What one partition of the alerting stage writes: its notices in order, its ticks and markers between them. */
export class NoticeSource {
  readonly records: NoticeRecord[] = []
  readonly source: number
  private now: number
  private offset = 0

  constructor(source: number, now: number) {
    this.source = source
    this.now = now
  }

  tick(at: number): this {
    this.now = Math.max(this.now, at)
    this.records.push({ subject: 'tick', key: sourceKey('tick', this.source), value: { at } })
    return this
  }

  /** Decided by one record for some readers; what is not given is a normal firing of a student's alert for a teacher. */
  notice(...given: Partial<Notice>[]): this {
    const origin_offset = this.offset++
    given.forEach((g, ordinal) => {
      const value: Notice = {
        origin_partition: this.source,
        origin_offset,
        ordinal,
        generation: 0,
        tenant: 'school',
        recipient: person(1),
        role: 'teacher',
        kind: 'firing',
        alert_id: 'a1',
        sequence: 1,
        rule: 'struggling',
        policy: 'p1',
        scope: 'student',
        student: person(100),
        class: 'c1',
        topic: 'fractions',
        severity: 'normal',
        school: 's1',
        occurred_at: this.now - 30_000,
        now: this.now,
        evidence: [{ code: 'mastery', value: 0.4, text: null }],
        ...g,
      }
      this.records.push({ subject: 'notice', key: value.recipient, value })
    })
    return this
  }

  marker(action: string, subject: string, name: string, version: string, payload: unknown = null): this {
    const value = {
      marker_id: `${action}/${subject}/${name}/${version}`,
      action,
      subject,
      name,
      version,
      payload: payload === null ? null : JSON.stringify(payload),
      issued_at: this.now,
    }
    this.records.push({ subject: 'marker', key: sourceKey('marker', this.source), value })
    return this
  }
}

/** What the notifying stage makes of records as they stand in one partition. */
export function notified(records: readonly NoticeRecord[], sources = 1, options: DriverOptions = {}) {
  const driver = new TopologyDriver([notifyingStage({ generation: 0, sources })], options)
  for (const { subject, key, value } of records) driver.append('mastery.notices', 0, subject, key, value)
  return driver
}

export function deliveriesOf(driver: TopologyDriver): Delivery[] {
  return driver
    .outputs('mastery.deliveries')
    .flatMap((o: StageOutput) => (o.subject === 'delivery' ? [o.value as Delivery] : []))
}

/** Deliveries without the place of the record that let them out, in an order of their own. */
export function decidedOf(driver: TopologyDriver): string[] {
  return deliveriesOf(driver)
    .map(({ origin_partition: _p, origin_offset: _o, ordinal: _n, ...d }) => JSON.stringify(d))
    .sort()
}
