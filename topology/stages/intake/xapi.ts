import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import { studentCommand } from '../../events/command.ts'
import { hash128 } from '../../events/hash.ts'
import { opportunityKey } from '../../events/opportunity.ts'
import type { RejectCode } from '../../rejects/codes.ts'
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
import { isGraded, type NormalScore, normaliseScore } from './score.ts'
import { playedShare } from './video-coverage.ts'
import { agentId } from './xapi-agent.ts'
import { IRI, VERBS, type VerbRole } from './xapi-vocabulary.ts'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const IRI_LIKE = /^[a-z][a-z0-9+.-]*:\S+$/i
/** Stands for a part that is missing or no object. */
const EMPTY: JsonObject = {}

function reject(id: string | null, code: RejectCode, message: string, student: string | null = null): IntakeOutcome {
  return { type: 'reject', id, code, message, student }
}

function part(of: JsonObject, name: string): JsonObject {
  const v = Object.hasOwn(of, name) ? of[name] : undefined
  return isObject(v) ? v : EMPTY
}

/**
 * One xAPI 1.0.3 or 2.0 statement. Names, responses and descriptions are dropped. The learner is the actor: an account's
 * name, a mail address, its hash, or an OpenID. A voiding statement names no learner: it is taken to be about its own
 * actor, unless its context carries the extension urn:mastery-stream:learner.
 */
export function xapi(input: unknown, context: IntakeContext): IntakeOutcome {
  if (!isObject(input)) return reject(null, 'not_an_object', 'A statement is a JSON object.')
  if (nestedTooDeeply(input))
    return reject(null, 'nested_too_deeply', `The statement is nested deeper than ${DEEPEST} levels.`)
  const f = new Fields(input)
  const at = f.instant('timestamp')
  const id = f.text('id') ?? `xapi:${hash128(JSON.stringify(input), at === null ? String(context.receivedAt) : '')}`
  if (f.value('id') !== null && !UUID.test(id)) f.fail('id', 'is no UUID: send one, or leave it out')
  const verb = new Fields(part(input, 'verb'), 'verb.').text('id', 'send the IRI of the verb')
  if (verb === null || !IRI_LIKE.test(verb)) f.fail('verb', 'has no IRI as its id: send {"id": "http://..."}')
  const object = part(input, 'object')
  if (object === EMPTY) f.fail('object', 'is missing or no object: send {"id": "http://..."}')
  const actor = agentId(input['actor'])
  if (actor.problem !== null) f.fail('actor', actor.problem)
  checkResult(f, part(input, 'result'), input)
  const whose = actor.student === null ? null : context.pseudonym(actor.student)
  if (f.errors.length > 0) return reject(id, f.errors[0]!.code, `${f.errors.map((e) => e.message).join('; ')}.`, whose)
  if (actor.student === null)
    return reject(id, 'not_a_learner', 'The actor is a group: send one statement per learner.')

  const statement: Statement = { input, object, id, verb: verb!, student: actor.student, at: at ?? context.receivedAt }
  const role = VERBS.get(verb!) ?? null
  if (role === 'void') return voided(statement, context)
  const type = object['objectType'] ?? 'Activity'
  if (type !== 'Activity' && type !== 'GroupActivity')
    return reject(
      id,
      'not_an_activity',
      'The object is an agent, a group or another statement: only activities are learned from.',
      whose,
    )
  const item = new Fields(object, 'object.')
  const itemId = item.text('id', 'send the IRI of the activity')
  if (itemId === null || !IRI_LIKE.test(itemId))
    return reject(
      id,
      'bad_object',
      'object.id is no IRI of at most 512 characters: send the id of the activity.',
      whose,
    )
  return readActivity(statement, itemId, role, context)
}

interface Statement {
  input: JsonObject
  object: JsonObject
  id: string
  verb: string
  student: string
  at: number
}

function checkResult(f: Fields, result: JsonObject, input: JsonObject): void {
  if (f.value('result') !== null && result === EMPTY) f.fail('result', 'is no object')
  if (f.value('context') !== null && !isObject(input['context'])) f.fail('context', 'is no object')
  const r = new Fields(result, 'result.')
  r.boolean('success')
  r.boolean('completion')
  if (r.value('score') !== null && !isObject(result['score'])) r.fail('score', 'is no object')
  const score = new Fields(part(result, 'score'), 'result.score.')
  for (const name of ['scaled', 'raw', 'min', 'max']) score.number(name, -1e15, 1e15)
  f.errors.push(...r.errors, ...score.errors.map((e) => ({ ...e, code: 'bad_score' as const })))
}

function voided(s: Statement, context: IntakeContext): IntakeOutcome {
  const target = new Fields(s.object, 'object.').text('id')
  if (s.object['objectType'] !== 'StatementRef' || target === null || !UUID.test(target))
    return reject(
      s.id,
      'bad_void',
      'A voiding statement has an object {"objectType": "StatementRef", "id": <UUID>}.',
      context.pseudonym(s.student),
    )
  const named = new Fields(part(part(s.input, 'context'), 'extensions')).text(IRI.learner)
  return {
    type: 'command',
    id: s.id,
    unread: 0,
    command: studentCommand({
      command_id: s.id,
      tenant: context.tenant,
      student: context.pseudonym(named ?? s.student),
      kind: 'void',
      target_event_id: target,
      issued_at: s.at,
    }),
  }
}

function readActivity(s: Statement, item: string, role: VerbRole | null, context: IntakeContext): IntakeOutcome {
  const definition = part(s.object, 'definition')
  const type = definition['type']
  const result = part(s.input, 'result')
  const claimed = new Fields(part(result, 'score'))
  const score = normaliseScore({
    given: claimed.number('raw', -1e15, 1e15),
    min: claimed.number('min', -1e15, 1e15),
    max: claimed.number('max', -1e15, 1e15),
    scaled: claimed.number('scaled', -1e15, 1e15),
    correct: new Fields(result).boolean('success'),
  })
  const video = type === IRI.video
  if (!video && (role === null || role === 'media') && !isGraded(score))
    return { type: 'ignored', id: s.id, reason: 'not_about_learning' }

  const where = part(s.input, 'context')
  const extensions = new Fields(part(where, 'extensions'))
  const event: LearningEvent = {
    ...receivedEvent(context, { id: s.id, student: s.student, kind: 'other', at: s.at }),
    item,
    topics: topicsOf(where, extensions),
    session:
      extensions.text(IRI.openedxSession) ?? extensions.text(IRI.videoSession) ?? extensions.text(IRI.cmi5Session),
    context: new Fields(where).text('registration') ?? related(where, [IRI.attempt])[0] ?? null,
    ...{ score: score.score, correct: score.correct, score_rule: score.rule },
    source_system: extensions.value(IRI.openedxTransformer) !== null ? 'openedx' : 'xapi',
    source_dialect: String(s.input['version'] ?? '').startsWith('2.') ? 'xapi-2.0' : 'xapi-1.0.3',
  }
  const duration = new Fields(result).text('duration')
  if (duration !== null && !video) event.response_time_ms = durationMs(duration)
  if (video) readVideo(event, s, result, extensions)
  else readRole(event, { type, role, group: s.object['objectType'] === 'GroupActivity', score, verb: s.verb })

  const launch = extensions.text(IRI.cmi5LaunchMode)
  if (launch === 'Browse' || launch === 'Review') event.role = 'context'
  const attempt = new Fields(part(definition, 'extensions')).count(IRI.attemptId, 1)
  if (attempt !== null && event.role !== 'context') {
    event.attempt_number = attempt
    event.opportunity_key = opportunityKey({
      tenant: event.tenant,
      student: event.student,
      sourceSystem: event.source_system,
      context: event.context ?? '',
      itemOrRow: item,
      attempt,
    })
  }
  return { type: 'event', id: s.id, event, unread: 0 }
}

/**
 * One answer is reported several times. The evaluation counts; the browser's submission and the grade that follows are
 * views of it; a problem's own total over its parts, and every summary of a unit or course, are context.
 */
function readRole(
  event: LearningEvent,
  s: { type: unknown; role: VerbRole | null; group: boolean; score: NormalScore; verb: string },
): void {
  const answer = s.type === IRI.interaction || s.type === IRI.question
  if (s.role === 'help') {
    event.kind = 'tutor_interaction'
    if (s.type === IRI.solution) event.actions = { show_answer: 1 }
    else event.help_requests = 1
    return
  }
  if (s.type === IRI.course || s.role === null || s.role === 'media') return
  event.kind = answer ? 'quiz_attempt' : 'assignment_submission'
  if (s.verb.endsWith('/evaluated') || s.verb.endsWith('/scored')) event.authority = 'server'
  if (s.role === 'graded' && isGraded(s.score) && !s.group) event.role = 'evidence'
  if (s.role === 'submitted' && answer) event.role = 'view'
}

function readVideo(event: LearningEvent, s: Statement, result: JsonObject, where: Fields): void {
  event.kind = 'video_interaction'
  event.actions = { [s.verb.slice(s.verb.lastIndexOf('/') + 1).slice(0, 64)]: 1 }
  const r = new Fields(part(result, 'extensions'))
  const length = where.number(IRI.length, 0, 1e9) ?? r.number(IRI.length, 0, 1e9)
  const position = r.number(IRI.time, 0, 1e9) ?? r.number(IRI.timeFrom, 0, 1e9)
  const segments = r.value(IRI.segments)
  const played = typeof segments === 'string' && length !== null ? playedShare(segments, length, position) : null
  event.video_coverage = played ?? r.number(IRI.progress, 0, 1)
}

function topicsOf(where: JsonObject, extensions: Fields): string[] {
  const named = extensions.texts(IRI.topics, TOPIC_LIMIT)
  const aligned = related(where, [IRI.objective, IRI.competency])
  return [...new Set([...named, ...aligned])].slice(0, TOPIC_LIMIT)
}

/** Ids of related activities of some types. Each of the four lists may also be a single activity. */
function related(where: JsonObject, types: readonly string[]): string[] {
  const out: string[] = []
  for (const list of Object.values(part(where, 'contextActivities')))
    for (const a of Array.isArray(list) ? list : [list]) {
      if (!isObject(a) || !types.includes(part(a, 'definition')['type'] as string)) continue
      const id = new Fields(a).text('id')
      if (id !== null) out.push(id)
    }
  return out
}
