import type { Alert } from '@mastery/schemas/src/generated/alert.gen.ts'
import type { FeatureRecord } from '@mastery/schemas/src/generated/feature-record.gen.ts'
import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import type { MasteryScore } from '@mastery/schemas/src/generated/mastery-score.gen.ts'
import type { StudentCommand } from '@mastery/schemas/src/generated/student-command.gen.ts'
import { plainTopic, type TopicName } from '@mastery/topology/topics.ts'
import { type Expected, readable } from './oracle.ts'
import type { Logged } from './sim-log.ts'

/** An erase that took effect. `offset`: where it stands in the topic in which the rows' origins count. */
export interface Erase {
  student: string
  id: string
  offset: number
  /** Another command has let the student in again. */
  readmittedAt: number | null
}

/**
 * What erasures make of the records of one partition of learning.events: told from what the windowing stage's own fold
 * answers to each of them, so that gold and the stages are held to one account.
 */
export class Fate {
  private readonly inEvents: Erase[] = []
  private readonly inScores: Erase[] = []
  private readonly inAlerts: Erase[] = []
  private readonly byStudent = new Map<string, Erase[]>()
  private readonly keptOut = new Set<number>()

  /** `answers`: the outputs of the fold over all `records`; `scores`: those of the fold over what came of them, and so on. */
  constructor(
    records: readonly Logged[],
    answers: readonly Expected[],
    scores: readonly Expected[],
    alerts: readonly Expected[],
  ) {
    const answer = new Map<number, FeatureRecord>()
    for (const { from, subject, value } of answers)
      if (subject === 'feature-record') answer.set(from, value as FeatureRecord)
    for (const r of records) {
      const read = readable(r.value)
      if (read?.subject === 'learning-event') {
        if (answer.get(r.offset)?.disposition === 'erased') this.keptOut.add(r.offset)
      } else if (read?.subject === 'student-command')
        this.command(read.value as StudentCommand, r.offset, answer.get(r.offset))
    }
    for (const { subject, value } of scores) {
      const s = value as MasteryScore
      if (subject === 'mastery-score' && s.cause === 'erased' && s.rows.length === 0)
        this.inScores.push({ student: s.student, id: s.event_id, offset: s.origin_offset, readmittedAt: null })
    }
    for (const { subject, value } of alerts) {
      const { cause, student, alert_id: id, origin_offset: offset } = value as Alert
      if (subject === 'alert' && cause === 'erased')
        this.inAlerts.push({ student: student!, id, offset, readmittedAt: null })
    }
  }

  /** Origins in mastery.scores are places in learning.features, those in mastery.alerts places in mastery.scores. */
  erasesFor(topic: TopicName): readonly Erase[] {
    const plain = plainTopic(topic)
    return plain === 'mastery.scores' ? this.inScores : plain === 'mastery.alerts' ? this.inAlerts : this.inEvents
  }

  private command({ kind, student, command_id: id }: StudentCommand, offset: number, f?: FeatureRecord): void {
    const own = this.byStudent.get(student) ?? []
    this.byStudent.set(student, own)
    const last = own.at(-1)
    if (f?.ops.some((o) => o.op === 'reset')) {
      const erase = { student, id, offset, readmittedAt: null }
      own.push(erase)
      this.inEvents.push(erase)
    } else if (f?.disposition === 'readmitted') last!.readmittedAt = offset
    else if (kind !== 'erase' && kind !== 'readmit' && last?.readmittedAt === null) this.keptOut.add(offset)
  }

  /** The student is shut out when this record of learning.events comes, or it is older than the readmission. */
  keepsOut(offset: number): boolean {
    return this.keptOut.has(offset)
  }
}

/** The student whom a record of this subject is about, null for none; and whether its rows outlast an erasure. */
export function subjectOf(subject: string, value: unknown): { student: string; lasting: boolean } | null {
  if (subject === 'student-command') {
    const { student, kind } = value as StudentCommand
    return { student, lasting: kind === 'erase' || kind === 'readmit' }
  }
  if (subject === 'learning-event' || subject === 'feature-record' || subject === 'mastery-score')
    return { student: (value as LearningEvent).student, lasting: false }
  if (subject === 'alert') return { student: (value as Alert).student ?? '', lasting: false }
  return null
}
