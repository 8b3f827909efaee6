import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import type { CommandKind, StudentCommand } from '@mastery/schemas/src/generated/student-command.gen.ts'
import { studentCommand } from '../../events/command.ts'
import { EVENT_KINDS } from '../../events/kinds.ts'
import { opportunityKey } from '../../events/opportunity.ts'
import { Fields, TOPIC_LIMIT } from './fields.ts'
import { type IntakeContext, type IntakeOutcome, isObject, type JsonObject, receivedEvent } from './outcome.ts'
import { isGraded, type NormalScore, normaliseScore } from './score.ts'

/** Name and version of the own JSON format, as events carry it. */
const DIALECT = 'mastery-json-1'
const ADAPTER_VERSION = '1'

const GRADED_KINDS: ReadonlySet<string> = new Set(['quiz_attempt', 'assignment_submission', 'practice_attempt'])
const ROLES = ['evidence', 'view', 'context'] as const
const AUTHORITIES = ['client', 'server'] as const
const KNOWN = new Set(
  `tenant id student kind item topics session context occurred_at sequence correct score attempt hints response_time_ms
  first_action_ms answer_request_ms actions video_coverage help_requests role authority source supersedes void
  correction reason`.split(/\s+/),
)

const WHAT_ID = 'send the id that the source gives this event, the same one on a retry'
const WHAT_STUDENT = 'send your own id of the student'
const WHAT_TIME = 'send when it happened, as ISO 8601 or epoch milliseconds'

/** One event in the own JSON format, as services/collector/README.md describes it. */
export function normalise(input: unknown, context: IntakeContext): IntakeOutcome {
  if (!isObject(input))
    return {
      type: 'reject',
      id: null,
      code: 'not_an_object',
      message: 'An event is a JSON object: send {"id": ..., ...}.',
      student: null,
    }
  const f = new Fields(input)
  const id = f.text('id', WHAT_ID)
  const student = f.text('student', WHAT_STUDENT)
  const tenant = f.text('tenant')
  if (tenant !== null && tenant !== context.tenant)
    f.fail('tenant', 'is not the one that the sender belongs to: leave it out, or use the key of that tenant')
  const commands = f.value('void') !== null || f.value('correction') !== null
  const known = (name: string) => KNOWN.has(name) || (commands && name === 'by')
  const unread = Object.keys(input).reduce((n, name) => (known(name) ? n : n + 1), 0)

  if (commands) {
    const command = readCommand(f, context, id, student)
    return command === null
      ? rejected(f, id, student, context)
      : { type: 'command', id: command.command_id, command, unread }
  }
  const event = readEvent(f, context, id, student)
  return event === null ? rejected(f, id, student, context) : { type: 'event', id: event.event_id, event, unread }
}

function rejected(f: Fields, id: string | null, student: string | null, context: IntakeContext): IntakeOutcome {
  const message = `${f.errors.map((e) => e.message).join('; ')}.`
  const whose = student === null ? null : context.pseudonym(student)
  return { type: 'reject', id, code: f.errors[0]!.code, message, student: whose }
}

function readEvent(f: Fields, context: IntakeContext, id: string | null, student: string | null): LearningEvent | null {
  const kind = f.oneOf('kind', EVENT_KINDS, true)
  const at = f.instant('occurred_at', WHAT_TIME)
  const score = readScore(f, f.value('score'), f.boolean('correct'))
  const item = f.text('item')
  const session = f.text('session')
  const given = {
    topics: f.texts('topics', TOPIC_LIMIT),
    context: f.text('context') ?? session,
    source_sequence: f.integer('sequence') ?? 0,
    attempt_number: f.count('attempt', 1),
    hints: f.count('hints'),
    response_time_ms: f.duration('response_time_ms'),
    first_action_ms: f.duration('first_action_ms'),
    answer_request_ms: f.duration('answer_request_ms'),
    actions: f.counts('actions'),
    video_coverage: f.number('video_coverage', 0, 1),
    help_requests: f.count('help_requests'),
    authority: f.oneOf('authority', AUTHORITIES) ?? 'client',
    source_system: f.text('source') ?? 'api',
    supersedes: f.text('supersedes'),
  } as const
  const role = f.oneOf('role', ROLES)
  const graded = isGraded(score)
  if (given.supersedes !== null && !graded && role !== 'context')
    f.fail('supersedes', 'needs a score or correct; to take an event back send {"id", "student", "void": <its id>}')
  if (f.errors.length > 0) return null

  const byDefault = graded && (GRADED_KINDS.has(kind!) || given.supersedes !== null) ? 'evidence' : 'context'
  const event: LearningEvent = {
    ...receivedEvent(context, { id: id!, student: student!, kind: kind!, at: at! }),
    ...given,
    item,
    session,
    role: role ?? byDefault,
    score: score.score,
    correct: score.correct,
    score_rule: score.rule,
    source_dialect: DIALECT,
    adapter_version: ADAPTER_VERSION,
  }
  if (event.attempt_number !== null)
    event.opportunity_key = opportunityKey({
      tenant: event.tenant,
      student: event.student,
      sourceSystem: event.source_system,
      context: event.context ?? '',
      itemOrRow: item ?? event.event_id,
      attempt: event.attempt_number,
    })
  return event
}

function readScore(f: Fields, claimed: unknown, correct: boolean | null): NormalScore {
  if (claimed === null || claimed === undefined) return normaliseScore({ correct })
  if (typeof claimed === 'number') {
    if (claimed >= 0 && claimed <= 1) return { score: claimed, correct: correct ?? claimed >= 0.5, rule: 'fraction' }
    f.fail('score', 'is no fraction from 0 to 1: send points as {"given": 7, "max": 10}')
    return normaliseScore({ correct })
  }
  if (!isObject(claimed)) {
    f.fail('score', 'is neither a number nor an object: send a fraction from 0 to 1, or {"given": 7, "max": 10}')
    return normaliseScore({ correct })
  }
  return readPoints(f, claimed, correct)
}

function readPoints(f: Fields, claimed: JsonObject, correct: boolean | null): NormalScore {
  const points = new Fields(claimed, 'score.')
  const [given, max, min, scaled] = ['given', 'max', 'min', 'scaled'].map((name) => points.number(name, -1e15, 1e15))
  if (points.errors.length === 0 && scaled == null && max == null && correct === null)
    points.fail('given', 'says nothing without a max: send {"given": 7, "max": 10} or {"scaled": 0.7}', 'bad_score')
  if (
    points.errors.length === 0 &&
    given == null &&
    max != null &&
    max > (min ?? 0) &&
    scaled == null &&
    correct === null
  )
    points.fail('given', 'is missing: send the points earned, or correct', 'bad_score')
  f.errors.push(...points.errors.map((e) => ({ ...e, code: 'bad_score' as const })))
  return normaliseScore({ given: given ?? null, max: max ?? null, min: min ?? null, scaled: scaled ?? null, correct })
}

function readCommand(
  f: Fields,
  context: IntakeContext,
  id: string | null,
  student: string | null,
): StudentCommand | null {
  const issuedAt = f.instant('occurred_at') ?? context.receivedAt
  const by = f.text('by')
  let kind: CommandKind = 'void'
  let target: string | null
  let score: NormalScore = { score: null, correct: null, rule: null }
  let reason: string | null
  const correction = f.value('correction')
  if (correction !== null && f.value('void') !== null)
    f.fail('void', 'and correction are given together: send two records, each with an id of its own')
  if (correction === null) {
    target = f.text('void', 'send the id of the event to take back')
    reason = f.text('reason')
  } else {
    kind = 'correction'
    const c = new Fields(isObject(correction) ? correction : {}, 'correction.')
    if (!isObject(correction)) f.fail('correction', 'is no object: send {"event": <id>, "score": 0.8, "reason": "..."}')
    target = c.text('event', 'send the id of the event to correct')
    score = readScore(c, c.value('score'), c.boolean('correct'))
    reason = c.text('reason')
    if (c.errors.length === 0 && !isGraded(score))
      c.fail('score', 'is missing: send a score or correct', 'bad_correction')
    f.errors.push(...c.errors.map((e) => ({ ...e, code: 'bad_correction' as const })))
  }
  if (f.errors.length > 0) return null
  return studentCommand({
    command_id: id!,
    tenant: context.tenant,
    student: context.pseudonym(student!),
    kind,
    target_event_id: target,
    correct: score.correct,
    score: score.score,
    reason,
    author: by === null ? null : context.pseudonym(by),
    issued_at: issuedAt,
  })
}
