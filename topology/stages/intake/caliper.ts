import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import { opportunityKey } from '../../events/opportunity.ts'
import { caliperProblems } from './caliper-check.ts'
import { Fields, TOPIC_LIMIT } from './fields.ts'
import { durationMs } from './iso-duration.ts'
import {
  DEEPEST,
  type IntakeContext,
  type IntakeOutcome,
  isObject,
  type JsonObject,
  nestedTooDeeply,
  receivedEvent,
} from './outcome.ts'
import { isGraded, normaliseScore } from './score.ts'

const EMPTY: JsonObject = {}
const ANONYMOUS = 'http://purl.imsglobal.org/caliper/Person'
const TOPICS = 'urn:mastery-stream:topics'
const LEARNER_ROLE = /(^|[#/])Learner$/

function part(of: JsonObject, name: string): JsonObject {
  const v = of[name]
  return isObject(v) ? v : EMPTY
}

/** The IRI of an entity, whole or thinned. */
function idOf(entity: unknown): string | null {
  return new Fields({ id: isObject(entity) ? entity['id'] : entity }).text('id')
}

/** What a Caliper attempt says; Open edX puts its parts into extensions. */
interface Attempt {
  assignee: string | null
  assignable: unknown
  context: string | null
  count: number | null
  /** Milliseconds. */
  took: number | null
}

/**
 * One entry of a Caliper 1.1 or 1.2 envelope: an event, or the description of an entity, which is not stored. Where an
 * attempt is named the learner is its assignee, not the actor. Names and extensions of systems are dropped.
 */
export function caliper(input: unknown, context: IntakeContext): IntakeOutcome {
  if (!isObject(input))
    return {
      type: 'reject',
      id: null,
      code: 'not_an_object',
      message: 'An entry of data is a JSON object.',
      student: null,
    }
  if (nestedTooDeeply(input))
    return {
      type: 'reject',
      id: null,
      code: 'nested_too_deeply',
      message: `The entry is nested deeper than ${DEEPEST} levels.`,
      student: null,
    }
  const f = new Fields(input)
  const id = f.text('id')
  const problems = caliperProblems(input)
  if (problems.length === 0 && input['action'] === undefined) return ignored(id, 'entity_description')
  const at = f.instant('eventTime')
  problems.push(...f.errors.map((e) => e.message))
  if (problems.length > 0 || id === null || at === null)
    return {
      type: 'reject',
      id,
      code: 'malformed_caliper',
      message: `${problems.join('; ')}: send it as the Caliper profile says.`,
      student: whose(input, context),
    }

  const e: CaliperEvent = { input, id, at, type: String(input['type']), action: String(input['action']) }
  if (e.type === 'GradeEvent') return graded(e, context)
  const actor = input['actor']
  const student = idOf(actor)
  if (student === ANONYMOUS) return ignored(id, 'anonymous_learner')
  if (student === null || (isObject(actor) && actor['type'] !== 'Person')) return ignored(id, 'not_a_learner')
  const roles = part(input, 'membership')['roles']
  if (Array.isArray(roles) && roles.length > 0 && !roles.some((r) => LEARNER_ROLE.test(String(r))))
    return ignored(id, 'not_a_learner')
  return activity(e, student, context)
}

interface CaliperEvent {
  input: JsonObject
  id: string
  at: number
  type: string
  action: string
}

function ignored(id: string | null, reason: string): IntakeOutcome {
  return { type: 'ignored', id, reason }
}

/** The learner of a document that is not sound: where nobody is named as assignee, the actor. */
function whose(input: JsonObject, context: IntakeContext): string | null {
  const learner = idOf(part(input, 'object')['assignee'] ?? null) ?? idOf(input['actor'] ?? null)
  return learner === null ? null : context.pseudonym(learner)
}

function attemptOf(entity: unknown): Attempt {
  const a = isObject(entity) ? entity : EMPTY
  const hidden = part(a, 'extensions')
  const started = new Fields(a).instant('startedAtTime')
  const ended = new Fields(a).instant('endedAtTime')
  const told = typeof a['duration'] === 'string' ? durationMs(a['duration']) : null
  return {
    assignee: idOf(a['assignee'] ?? hidden['assignee'] ?? null),
    assignable: a['assignable'] ?? hidden['assignable'] ?? null,
    context: idOf(a['isPartOf'] ?? null),
    count: new Fields(a).count('count', 1) ?? new Fields(hidden).count('count', 1),
    took: told ?? (started !== null && ended !== null && ended >= started ? ended - started : null),
  }
}

function begin(
  e: CaliperEvent,
  student: string,
  kind: LearningEvent['kind'],
  item: unknown,
  context: IntakeContext,
): LearningEvent {
  const openedx = part(e.input, 'extensions')['transformerVersion'] !== undefined
  const named = new Fields(part(e.input, 'extensions')).texts(TOPICS, TOPIC_LIMIT)
  const objectives = [part(e.input, 'object'), isObject(item) ? item : EMPTY].flatMap((o) => {
    const list = o['learningObjectives']
    return Array.isArray(list) ? list.flatMap((l) => idOf(l) ?? []) : []
  })
  return {
    ...receivedEvent(context, { id: e.id, student, kind, at: e.at }),
    item: idOf(item),
    topics: [...new Set([...named, ...objectives])].slice(0, TOPIC_LIMIT),
    session: idOf(e.input['session'] ?? null),
    actions: { [e.action]: 1 },
    source_system: openedx
      ? 'openedx'
      : e.id.startsWith('urn:instructure:') || student.startsWith('urn:instructure:canvas:')
        ? 'canvas'
        : 'caliper',
    source_dialect: JSON.stringify(e.input['@context'] ?? '').includes('v1p2') ? 'caliper-1.2' : 'caliper-1.1',
  }
}

/** An attempt's number makes the completion of an item and its grade one opportunity. */
function placeAttempt(event: LearningEvent, attempt: Attempt): void {
  event.context = attempt.context
  event.attempt_number = attempt.count
  event.response_time_ms = attempt.took
  if (attempt.count === null || event.item === null) return
  event.opportunity_key = opportunityKey({
    tenant: event.tenant,
    student: event.student,
    sourceSystem: event.source_system,
    context: event.context ?? '',
    itemOrRow: event.item,
    attempt: attempt.count,
  })
}

function graded(e: CaliperEvent, context: IntakeContext): IntakeOutcome {
  const generated = part(e.input, 'generated')
  const score = part(generated, 'score') === EMPTY ? generated : part(generated, 'score')
  const attempt = attemptOf(e.input['object'])
  const student = attempt.assignee ?? attemptOf(score['attempt']).assignee
  if (student === null)
    return {
      type: 'reject',
      id: e.id,
      code: 'missing_learner',
      message: 'The graded attempt has no assignee: send object.assignee; the actor of a grade is whoever graded.',
      student: null,
    }
  if (student === ANONYMOUS) return ignored(e.id, 'anonymous_learner')
  const { assignable } = attempt
  const event = begin(e, student, 'assignment_submission', assignable, context)
  if ((isObject(assignable) && assignable['type'] === 'AssessmentItem') || event.source_system === 'openedx')
    event.kind = 'quiz_attempt'
  const claimed = new Fields(score)
  const success = part(score, 'extensions')['success']
  const normal = normaliseScore({
    given: claimed.number('scoreGiven', -1e15, 1e15),
    max: claimed.number('maxScore', -1e15, 1e15),
    correct: success === 'True' || success === true ? true : success === 'False' || success === false ? false : null,
  })
  Object.assign(event, { score: normal.score, correct: normal.correct, score_rule: normal.rule, authority: 'server' })
  if (isGraded(normal)) event.role = 'evidence'
  placeAttempt(event, attempt)
  return { type: 'event', id: e.id, event, unread: 0 }
}

const HINT = /\/hint\/[^/]*$/

function activity(e: CaliperEvent, student: string, context: IntakeContext): IntakeOutcome {
  const object = e.input['object']
  const type = isObject(object) ? object['type'] : null
  const event = (kind: LearningEvent['kind'], item: unknown): LearningEvent => begin(e, student, kind, item, context)
  const taken = (of: LearningEvent): IntakeOutcome => ({ type: 'event', id: e.id, event: of, unread: 0 })
  const attempt = attemptOf(
    type === 'Attempt' ? object : (part(e.input, 'generated')['attempt'] ?? e.input['generated']),
  )
  const item = type === 'Attempt' ? attempt.assignable : object

  switch (e.type) {
    case 'MediaEvent':
      return taken(event('video_interaction', object))
    case 'AssessmentItemEvent': {
      const answer = event('quiz_attempt', item)
      if (e.action === 'Completed') answer.role = 'view'
      placeAttempt(answer, attempt)
      return taken(answer)
    }
    case 'AssessmentEvent': {
      const work = event('assignment_submission', item)
      if (work.source_system === 'openedx' && e.action === 'Submitted') {
        work.kind = 'quiz_attempt'
        work.role = 'view'
      }
      placeAttempt(work, attempt)
      return taken(work)
    }
    case 'AssignableEvent': {
      if (e.action === 'Activated' || e.action === 'Deactivated') return ignored(e.id, 'not_about_learning')
      const work = event('assignment_submission', item)
      placeAttempt(work, attempt)
      return taken(work)
    }
    case 'Event': {
      if (e.action !== 'Viewed' || !isObject(object) || object['name'] !== 'Hint') break
      const help = event('tutor_interaction', object)
      help.item = help.item?.replace(HINT, '') ?? null
      help.help_requests = 1
      return taken(help)
    }
  }
  return ignored(e.id, 'not_about_learning')
}
