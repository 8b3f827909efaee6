// Generated from avro/feature-record/v4.avsc by `npm run generate`. Do not edit.

/** What the student (or the teacher) did. */
export type EventKind = 'quiz_attempt' | 'assignment_submission' | 'practice_attempt' | 'video_interaction' | 'tutor_interaction' | 'teacher_feedback' | 'other'

export type Disposition = 'counted' | 'context' | 'duplicate' | 'conflict' | 'view_paired' | 'view_unpaired' | 'outranked' | 'superseded' | 'corrected' | 'voided' | 'pending' | 'too_old' | 'erased' | 'readmitted' | 'installed' | 'outdated' | 'rebuild_wanted' | 'warmed' | 'ignored'

export type FoldOpKind = 'insert' | 'remove' | 'reset' | 'noop'

/** How the student's sequence of graded opportunities changes. */
export interface FoldOp {
  /** Insert at, or remove from, the place that the fold order gives; reset: forget everything of this student. */
  op: FoldOpKind
  /** 53-bit hash of the event id; third part of the fold order. */
  event_hash: number
  /** First part of the fold order. */
  occurred_at: number
  /** Second part of the fold order. */
  source_sequence: number
  /** 53-bit hash of the item, 0 where the event names none. */
  item_hash: number
  /** Topics that learn. */
  topics: string[]
  /** Score in millionths. */
  score_micro: number
  /** Kind of the event. */
  kind: EventKind
  /** Hints seen. */
  hints: number
  /** Milliseconds from shown to answered; -1 where unknown. */
  response_ms: number
}

/** Integer sums over (as_of - days, as_of]. */
export interface WindowCounts {
  /** Length of the window. */
  days: number
  /** Graded opportunities. */
  attempts: number
  /** Those with a score of 0.5 or more. */
  correct: number
  /** Sum of scores, in millionths. */
  score_micro: number
  /** Sum of response times, milliseconds. */
  response_ms: number
  /** Opportunities with a response time. */
  response_n: number
  /** Graded opportunities of kind practice_attempt. */
  practice_attempts: number
  /** Those with a score of 0.5 or more. */
  practice_correct: number
  /** Opportunities with at least one hint. */
  hinted: number
  /** Hints seen. */
  hints: number
  /** Opportunities on an item that was answered before within the window. */
  revisits: number
  /** Video interactions. */
  video_events: number
  /** Sum of video coverage, in millionths. */
  video_coverage_micro: number
  /** Requests for help. */
  help_requests: number
  /** Teacher feedback with a score. */
  feedback_n: number
  /** Sum of those scores, in millionths. */
  feedback_micro: number
}

/** Windows of one student and topic as of the newest event of that pair. */
export interface TopicFeatures {
  /** Knowledge component. */
  topic: string
  /** Greatest occurred_at of the pair. The windows end here. */
  as_of: number
  /** The activity before as_of, null for the first. */
  previous_at: null | number
  /** One per configured length, shortest first. */
  windows: WindowCounts[]
  /** Graded opportunities since the first event. */
  attempts_total: number
  /** Least-squares slope of the score per day over the 30-day window; null with fewer than three attempts. */
  trend_per_day: null | number
  /** Mean score weighted by exp(-age/14 days) over the 90-day window; null without attempts. */
  decayed_accuracy: null | number
  /** True where the ring overflowed, so that the windows may miss events. */
  approximate: boolean
}

/** What the features stage made of one learner event or command. */
export interface FeatureRecord {
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
  /** Pseudonym; also the record key. */
  student: string
  /** The learner event or command. */
  event_id: string
  /** Kind of the event. */
  kind: EventKind
  /** Item of the event, where it names one. */
  item: null | string
  /** What became of it. */
  disposition: Disposition
  /** Event time. */
  occurred_at: number
  /** occurred_at lay more than five minutes beyond observed_at and was set to observed_at. */
  clamped: boolean
  /** Greatest tick of the partition when this was computed; 0 before the first. */
  now: number
  /** Changes for the models to fold, in order. */
  ops: FoldOp[]
  /** Features of every topic that changed. */
  rows: TopicFeatures[]
  /** The scoring stage's state of a student, to be put in the place of its own, with disposition installed; what it would know before its ring under prepared versions, with disposition warmed. */
  checkpoint: null | Buffer
  /** Why, in words for a person, where a command gave them. */
  reason: null | string
  /** Format and variant in which the event was reported; empty for a command and for what was erased. */
  source: string
  /** Version of the schema that the event was written with; 0: not known, or a command. */
  schema_version: number
}
