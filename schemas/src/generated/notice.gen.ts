// Generated from avro/notice/v1.avsc by `npm run generate`. Do not edit.

/** What happened. */
export type NoticeKind = 'firing' | 'resolved' | 'escalated' | 'unknown'

/** What an alert is about. */
export type Scope = 'student' | 'class' | 'item' | 'model' | 'pipeline' | 'unknown'

/** How much it presses. */
export type Severity = 'info' | 'normal' | 'urgent' | 'unknown'

/** One fact that a reader can check. */
export interface Evidence {
  /** Which fact; the words are made from it at the edges. */
  code: string
  /** The figure that a reader sees; null where there is none. */
  value: null | number
  /** A name that goes with it: a topic, an item, a rule. */
  text: null | string
}

/** What one person is to learn of one alert, before it is grouped, deferred and delivered. */
export interface Notice {
  /** Partition of the input record. */
  origin_partition: number
  /** Offset of the input record. */
  origin_offset: number
  /** Which of the input record's outputs this is. */
  ordinal: number
  /** Generation of the computation. */
  generation: number
  /** The organisation. */
  tenant: string
  /** Pseudonym of the person; also the record key. */
  recipient: string
  /** As what: teacher, guardian, student, counselor, content_owner, operator. */
  role: string
  /** What happened. */
  kind: NoticeKind
  /** The alert. */
  alert_id: string
  /** Which of its transitions, from 1. */
  sequence: number
  /** Rule of the policy. */
  rule: string
  /** Version of the policy. */
  policy: string
  /** What it is about. */
  scope: Scope
  /** Pseudonym, where it is about one. */
  student: null | string
  /** Class of the roster, where it is about one or known. */
  class: null | string
  /** Knowledge component, where it is about one. */
  topic: null | string
  /** Urgent ones are told at once. */
  severity: Severity
  /** School of the roster: its zone and quiet hours hold. */
  school: null | string
  /** Event time of what caused it. */
  occurred_at: number
  /** Greatest tick of the partition when it was decided. */
  now: number
  /** What it rests on, strongest first. */
  evidence: Evidence[]
}
