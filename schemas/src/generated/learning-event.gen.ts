// Generated from avro/learning-event/v1.avsc by `npm run generate`. Do not edit.

/** What the student (or the teacher) did. */
export type EventKind = 'quiz_attempt' | 'assignment_submission' | 'practice_attempt' | 'video_interaction' | 'tutor_interaction' | 'teacher_feedback' | 'other'

export type EventRole = 'evidence' | 'view' | 'context'

export type EventAuthority = 'client' | 'server'

/** One canonical learner event, whatever system it came from. */
export interface LearningEvent {
  /** Identity of the source event within its tenant. The same id twice is a duplicate. */
  event_id: string
  /** The organisation whose key made the pseudonym. */
  tenant: string
  /** Pseudonym of the student: HMAC-SHA256 under the tenant key, 32 hexadecimal digits. Also the record key. */
  student: string
  /** What was done. */
  kind: EventKind
  /** evidence: an answer that counts as an opportunity. view: another system's report of the same answer. context: everything else. */
  role: EventRole
  /** Who vouches for the correctness; of two pieces of evidence for one opportunity the server's wins. */
  authority: EventAuthority
  /** The question, step, video or task, in the source's own naming. */
  item: null | string
  /** Knowledge components that the item exercises. Empty: nothing is learned from it. */
  topics: string[]
  /** The source's session id. */
  session: null | string
  /** xAPI registration, Caliper attempt, assignment or session: the same item in another context is another opportunity. */
  context: null | string
  /** Event time, UTC milliseconds. */
  occurred_at: number
  /** When the collector or importer first saw it, in the data's own clock, UTC milliseconds. */
  observed_at: number
  /** Order within the source; breaks ties of occurred_at. */
  source_sequence: number
  /** Whether the answer was correct. Null: ungraded. */
  correct: null | boolean
  /** Normalised score, 0 to 1. Null: ungraded. */
  score: null | number
  /** Which rule normalised the score. */
  score_rule: null | string
  /** 1 for the first attempt at this item in this context. Null: the source gives none. */
  attempt_number: null | number
  /** Hints seen before the answer. */
  hints: null | number
  /** From shown to answered, milliseconds. */
  response_time_ms: null | number
  /** From shown to the first action of any kind, milliseconds. */
  first_action_ms: null | number
  /** From shown to the request for the answer, milliseconds. */
  answer_request_ms: null | number
  /** Clickstream action counts by action name. */
  actions: { [key: string]: number }
  /** Share of the video watched at least once, 0 to 1. */
  video_coverage: null | number
  /** Requests for help from the tutor. */
  help_requests: null | number
  /** The system that reported it. */
  source_system: string
  /** Format and variant in which it was reported. */
  source_dialect: string
  /** Version of the adapter that read it. */
  adapter_version: string
  /** 32 hexadecimal digits: hash of tenant, student, source, context, item and attempt. Two events with one key are one opportunity. Null: the source gives no attempt number. */
  opportunity_key: null | string
  /** event_id that this one replaces (role evidence) or voids (role context). */
  supersedes: null | string
}
