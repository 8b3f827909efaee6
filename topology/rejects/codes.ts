/**
 * What can be done about a reject.
 * transform: a declared fix of its fields or text, then it is sent again.
 * resend: as it is, once this build, the schemas or the tenants file know it; also where only its place was wrong.
 * source: what is kept cannot become a record; whoever sent it has to send it again, mended.
 * decide: two records claim one id, and a person says which is right.
 */
export type Cure = 'transform' | 'resend' | 'source' | 'decide'

export interface CodeInfo {
  /** What it means, for people. */
  means: string
  cure: Cure
}

const fix = (means: string): CodeInfo => ({ means, cure: 'transform' })
const resend = (means: string): CodeInfo => ({ means, cure: 'resend' })
const source = (means: string): CodeInfo => ({ means, cure: 'source' })
const field = (what: string): CodeInfo => fix(`${what} is of another type, or out of range`)
const missing = (what: string): CodeInfo => fix(`${what} is missing`)

/** Every code that a reject can carry. A stage, importer, collector or codec can emit no other: their types say so. */
export const REJECT_CODES = {
  // Documents, rows and their envelopes.
  bad_utf8: source('the bytes are no UTF-8'),
  bad_encoding: source('the body is not the compression that its header names, or breaks off'),
  malformed_json: fix('the text is no JSON'),
  bad_json: fix('the element of the file is no JSON object'),
  not_an_object: fix('JSON, but no object'),
  nested_too_deeply: source('lists and objects are nested beyond reason'),
  record_too_large: source('larger than a record may be; only its beginning is kept'),
  not_encodable: fix('a field is outside of what the schema of events can hold'),
  bad_envelope: fix('the Caliper envelope lacks parts'),
  unknown_version: resend('a version of the format that this build does not read'),
  unknown_tenant: resend('the tenant is missing, or not in the tenants file'),
  bad_quotes: fix('the quotes of the row do not match'),
  column_count: fix('the row has another number of fields than the header'),

  // Fields of the own format and of xAPI.
  bad_id: field('the id'),
  missing_id: missing('the id'),
  bad_student: field('the student'),
  missing_student: missing('the student'),
  bad_tenant: fix('the record names another tenant than its sender belongs to'),
  bad_kind: field('the kind of event'),
  missing_kind: missing('the kind of event'),
  bad_item: field('the item'),
  missing_item: missing('the item'),
  bad_topics: field('the list of topics'),
  bad_session: field('the session'),
  bad_context: field('the context'),
  bad_occurred_at: field('the time of the event'),
  missing_occurred_at: missing('the time of the event'),
  bad_timestamp: field('the time of the statement'),
  bad_sequence: field('the sequence number'),
  bad_correct: field('correct'),
  bad_score: field('the score'),
  bad_attempt: field('the attempt number'),
  bad_hints: field('the number of hints'),
  bad_response_time_ms: field('the response time'),
  bad_first_action_ms: field('the time to the first action'),
  bad_answer_request_ms: field('the time to the request of the answer'),
  bad_actions: field('the counts of actions'),
  bad_video_coverage: field('the share of the video'),
  bad_help_requests: field('the number of help requests'),
  bad_role: field('the role'),
  bad_authority: field('the authority'),
  bad_source: field('the name of the source'),
  bad_supersedes: fix('what replaces another event has no score of its own'),
  bad_void: fix('what is to be taken back is not named'),
  missing_void: missing('the id of the event to take back'),
  bad_correction: fix('the correction lacks its event or its score'),
  bad_reason: field('the reason'),
  bad_verb: field('the verb'),
  bad_object: field('the object'),
  bad_actor: field('the actor'),
  bad_result: field('the result'),
  bad_success: field('success'),
  bad_completion: field('completion'),
  bad_field: field('a field that has no code of its own'),
  missing_field: missing('a field that has no code of its own'),
  not_a_learner: source('about a group: one statement per learner is needed'),
  not_an_activity: source('about an agent or another statement, not about an activity'),
  malformed_caliper: fix('the event or entity is not as the Caliper profile says'),
  missing_learner: fix('the graded attempt does not say whose it is'),

  // Rows of files.
  bad_time: field('the time'),
  bad_number: field('a number'),
  bad_content_type: field('the type of content'),
  mixed_clock: source('the row has a time, the file was taken for one without; import it with its clock option'),
  missing_action: missing('the action'),
  missing_answer: missing('the answer'),
  unknown_question: source('the questions file lacks the item; give the one that belongs to the log'),

  // Bytes in the log.
  bad_magic: source('the bytes are not in the wire format: no zero byte and schema id'),
  unknown_schema: resend('the registry does not know the schema, or this build cannot read its version'),
  truncated: source('the record breaks off'),
  trailing_bytes: source('the record has bytes too many'),
  invalid_value: source('the bytes are none of their schema'),

  // What a stage decides.
  wrong_key: resend('the record key is not the student inside, so it may stand in the wrong partition'),
  wrong_subject: source('a record of a kind that does not belong into the topic'),
  id_conflict: { means: 'another event came under this id before, and counts', cure: 'decide' },
  bad_command: fix('the command lacks its target or its score'),
  unsupported_command: resend('a command that this build does not know'),
  bad_checkpoint: source('the checkpoint cannot be read; rebuild the student again'),
  marker_refused: source('the model version was not prepared, or does not exist; prepare and activate it again'),
} as const satisfies Record<string, CodeInfo>

export type RejectCode = keyof typeof REJECT_CODES

export function isRejectCode(code: string): code is RejectCode {
  return Object.hasOwn(REJECT_CODES, code)
}

/** What is known of a code. A reject of another build can carry one that this build does not have. */
export function codeInfo(code: string): CodeInfo {
  return isRejectCode(code)
    ? REJECT_CODES[code]
    : { means: 'a code of another version of this software', cure: 'resend' }
}

/** The code of a field that is wrong or missing; fields of deeper objects share one. */
export function fieldCode(kind: 'bad' | 'missing', name: string): RejectCode {
  const code = `${kind}_${name}`
  return isRejectCode(code) ? code : `${kind}_field`
}
