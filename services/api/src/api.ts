import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ProgressConfig } from '@mastery/infra/config/progress.ts'
import { sealer } from '@mastery/infra/config/reject-keys.ts'
import type { Secrets } from '@mastery/infra/config/secrets.ts'
import { type Call, HttpError, type Reply } from '@mastery/infra/http/call.ts'
import { measuredRoutes } from '@mastery/infra/http/measured.ts'
import { openApiDocument } from '@mastery/infra/http/openapi.ts'
import { bind, type Route } from '@mastery/infra/http/router.ts'
import { responder } from '@mastery/infra/http/server.ts'
import type { ProvideFiles } from '@mastery/infra/runtime/artefacts.ts'
import type { Meters } from '@mastery/infra/runtime/ops/meters.ts'
import type { Generation } from '@mastery/topology/generations/generation.ts'
import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'
import type { IdentityVault } from '@mastery/topology/ports/identity-vault.ts'
import type { StateStore } from '@mastery/topology/ports/state-store.ts'
import type { Telemetry } from '@mastery/topology/ports/telemetry.ts'
import { AccessLog } from './access.ts'
import { iso, topicsNow } from './current.ts'
import { ofStudent, ofTopic } from './estimates.ts'
import { historyPage } from './history.ts'
import { inboxRoutes } from './inbox/routes.ts'
import type { PrivacyParts } from './privacy/parts.ts'
import { privacyRoutes } from './privacy/routes.ts'
import { limitOf, modelOf } from './query.ts'
import { recommender } from './recommendations.ts'
import { type Scores, States } from './states.ts'
import { type AuthMode, type Caller, Who } from './who.ts'

export interface ApiParts {
  state: StateStore
  gold: GoldStore
  /** Of learning.events. */
  partitions: number
  /** The one that readers see. */
  generation(): Generation
  /** Reads trained models. */
  provide: ProvideFiles
  secrets: Secrets
  /** Window lengths in days, ascending. */
  windows: readonly number[]
  auth: AuthMode
  /** What recommendations aim at. */
  progress: ProgressConfig
  /** UTC milliseconds. */
  now(): number
  telemetry: Telemetry
  version: string
  /** Names of students in inboxes. */
  names: Pick<IdentityVault, 'people'>
  /** What erasing and exporting work on. */
  privacy: PrivacyParts
  /** Of this process; left out, the API is not measured. */
  meters?: Meters
}

export interface Api {
  routes: readonly Route[]
  /** For a server of one's own. False: not one of the routes' paths, and nothing was sent. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<boolean>
  /** Stores what the access log still holds; before gold is closed. */
  close(): Promise<void>
}

const unknownStudent = () =>
  new HttpError(
    404,
    'unknown_student',
    'No mastery is known of this student. Send the id exactly as the events carry it; a new event takes a few seconds to arrive.',
  )

/** Current scores from the stages' states, history from gold; erasure and export of one student. */
export function createApi(parts: ApiParts): Api {
  const { gold, now } = parts
  const who = new Who(parts.secrets, parts.auth, gold)
  const access = new AccessLog(gold, parts.telemetry, now)
  const seals = sealer(parts.secrets)
  const states = new States(parts.state, parts.partitions, () => parts.generation(), parts.provide)

  const recommending = recommender(parts)

  /** Of a student who was erased the state says nothing but that. */
  async function known(pseudonyms: readonly string[]): Promise<Scores | null> {
    for (const p of pseudonyms) {
      const scores = await states.scores(p)
      if (scores && scores.state.sets.topics.names.length > 0) return scores
    }
    return null
  }

  function reader(call: Call): Caller {
    if (access.full)
      throw new HttpError(
        503,
        'access_log_full',
        'Gold has not taken the access log for long. Try again in a few minutes.',
      )
    return who.caller(call, 'read')
  }

  const note = (call: Call, caller: Caller, action: string, student: string) =>
    access.note({ ...who.entry(call, caller), action, student })

  async function mastery(call: Call): Promise<Reply> {
    const caller = reader(call)
    const { tenant } = caller
    const scores = await known(await who.pseudonymsOf(tenant, call.params['student_id']!))
    if (!scores) throw unknownStudent()
    note(call, caller, 'read mastery', scores.student)
    const at = now()
    const windows = await states.windows(scores.student)
    return ok({
      student_id: scores.student,
      tenant: tenant.id,
      generation: parts.generation().id,
      read_at: iso(at),
      stale: scores.state.stale || (windows?.stale ?? false),
      topics: topicsNow(scores, windows, parts.windows, at),
    })
  }

  async function history(call: Call): Promise<Reply> {
    const caller = reader(call)
    const { tenant } = caller
    const topic = call.params['topic_id']!
    const pseudonyms = await who.pseudonymsOf(tenant, call.params['student_id']!)
    for (const student of pseudonyms) {
      const of = { tenant: tenant.id, student, topic, generation: parts.generation().id }
      const page = await historyPage(gold, of, call.query)
      if (page.rows.length === 0) continue
      note(call, caller, 'read history', student)
      return ok({ student_id: student, topic_id: topic, ...page })
    }
    const scores = await known(pseudonyms)
    if (!scores) throw unknownStudent()
    if (scores.state.sets.topics.find(topic) < 0)
      throw new HttpError(
        404,
        'unknown_topic',
        'This student has nothing on this topic. GET /mastery/{student_id} lists the topics that there are.',
      )
    return ok({ student_id: scores.student, topic_id: topic, rows: [], next_cursor: null })
  }

  async function estimates(call: Call): Promise<Reply> {
    const caller = reader(call)
    const { tenant } = caller
    const student = call.query.get('student_id')
    const topic = call.query.get('topic_id')
    const model = modelOf(call.query, 'model')
    const limit = limitOf(call.query)
    if (student !== null) {
      const scores = await known(await who.pseudonymsOf(tenant, student))
      if (!scores) throw unknownStudent()
      note(call, caller, 'read estimates', scores.student)
      return ok(ofStudent(scores, { topic, model, limit, now: now() }))
    }
    if (topic === null)
      throw new HttpError(
        400,
        'missing_parameter',
        'Send student_id for the topics of a student, or topic_id for the students of a topic.',
      )
    note(call, caller, 'read estimates of a topic', '')
    return ok(await ofTopic(gold, { tenant: tenant.id, topic, model, limit }))
  }

  async function recommendations(call: Call): Promise<Reply> {
    const caller = reader(call)
    const { tenant } = caller
    const scores = await known(await who.pseudonymsOf(tenant, call.params['student_id']!))
    if (!scores) throw unknownStudent()
    note(call, caller, 'read recommendations', scores.student)
    return ok(await recommending(call, tenant.id, scores))
  }

  async function ready(): Promise<Reply> {
    const checks = await Promise.all([
      check('state', () => states.probe()),
      check('gold', () => gold.query('SELECT 1 AS one')),
    ])
    const all = checks.every((c) => c.ok)
    return { status: all ? 200 : 503, body: { ready: all, checks } }
  }

  async function check(name: string, probe: () => Promise<unknown>) {
    try {
      await probe()
      return { name, ok: true, problem: null }
    } catch (error) {
      parts.telemetry.warn(`${name} does not answer: ${(error as Error).message}`)
      return { name, ok: false, problem: `The ${name} store does not answer; the log of this service says why.` }
    }
  }

  const handlers = bind('api', {
    ...inboxRoutes({ ...parts, log: parts.privacy.log, codec: parts.privacy.codec }, who, access),
    ...privacyRoutes(parts.privacy, who, access, (bytes, encryption) => seals.unseal(bytes, encryption)),
    mastery,
    history,
    estimates,
    recommendations,
    ready,
    health: async () => ok({ status: 'ok', service: 'api', version: parts.version }),
    openapi: async () => ok(openApiDocument(parts.version)),
  })
  const routes = parts.meters ? measuredRoutes(handlers, parts.meters.part('api')) : handlers
  return { routes, handle: responder(routes, parts.telemetry), close: () => access.close() }
}

function ok(body: unknown): Reply {
  return { status: 200, body }
}
