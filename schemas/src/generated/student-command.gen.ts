// Generated from avro/student-command/v2.avsc by `npm run generate`. Do not edit.

export type CommandKind = 'void' | 'correction' | 'erase' | 'readmit' | 'rebuild' | 'install_checkpoint' | 'acknowledge' | 'silence' | 'unsilence' | 'not_useful' | 'unknown'

/** An instruction that the owning stage applies to one student, in the student's own partition. */
export interface StudentCommand {
  /** Identity; the same id twice has no further effect. */
  command_id: string
  /** The organisation. */
  tenant: string
  /** Pseudonym; also the record key. */
  student: string
  /** What to do. */
  kind: CommandKind
  /** The event that is voided or corrected. */
  target_event_id: null | string
  /** Corrected correctness. */
  correct: null | boolean
  /** Corrected score, 0 to 1. */
  score: null | number
  /** Why, in words for a person. */
  reason: null | string
  /** UTC milliseconds, from the clock of whoever issued it. */
  issued_at: number
  /** Checkpoint bytes of an install_checkpoint. */
  payload: null | Buffer
  /** Offset of the student's newest record that the checkpoint contains; it is installed only while that is still the newest. */
  after_offset: null | number
  /** The generation whose state is meant; null: every generation. */
  generation: null | number
  /** Topics whose rows are written anew although the student has nothing on them. */
  topics: string[]
  /** Id of the alert that is acknowledged, silenced or judged; null where rule and topic say it. */
  alert: null | string
  /** Rule whose alerts are silenced; null: every rule. */
  rule: null | string
  /** Topic on which alerts are silenced; null: every topic. */
  topic: null | string
  /** When an acknowledgement or a silence ends. */
  until: null | number
  /** Pseudonym of who issued it. */
  author: null | string
}
