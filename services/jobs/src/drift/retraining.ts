import type { DriftPolicy } from '@mastery/topology/drift/policy.ts'
import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'
import type { JobHandler, JobQueue } from '@mastery/topology/ports/job-queue.ts'
import { LEARNERS } from '../learners.ts'
import { noPayload } from '../no-payload.ts'

const DAY = 86_400_000

export interface RetrainingParts {
  gold: Pick<GoldStore, 'query'>
  queue: Pick<JobQueue, 'add' | 'list'>
  policy: DriftPolicy['retraining']
  /** UTC milliseconds. */
  now(): number
}

type Done = { drifting: string[]; enqueued: string[]; because: string }

/** Models whose newest week of quality drifts, of the tenants whose newest week this is. */
const DRIFTING_SQL = `SELECT DISTINCT model FROM (
    SELECT tenant, model, model_version, argMax(state, window_from) AS newest, max(window_to) AS until FROM v_feature_drift
    WHERE kind = 'quality' AND window_kind = 'week' GROUP BY tenant, name, model, model_version)
  WHERE newest = 'drift' AND until > (SELECT max(window_to) FROM v_feature_drift) - INTERVAL 2 WEEK ORDER BY model`

/**
 * Enqueues a training for models whose predictions have become worse, where the policy says so and none was enqueued for
 * a while. What is trained is a version that a person may activate; nothing here changes what is in force.
 */
export function retrainingJob(open: () => Promise<RetrainingParts>): JobHandler<null, Done> {
  return {
    name: 'drift-retraining',
    about: 'Enqueues a training of models whose quality drifts, where configs/drift.json asks for it.',
    exclusive: true,
    attempts: 3,
    backoffMs: 300_000,
    parse: noPayload(),
    async run(_, { telemetry }) {
      const { gold, queue, policy, now } = await open()
      const drifting = (await gold.query<{ model: string }>(DRIFTING_SQL)).map((r) => r.model)
      const none = (because: string): Done => ({ drifting, enqueued: [], because })
      if (drifting.length === 0) return none('no model drifts')
      if (!policy.enqueue) return none('configs/drift.json says "enqueue": false')
      const models = modelsToTrain(drifting, policy.models)
      if (models.length === 0) return none('none of those that drift is trained on answers')
      const recent = (await queue.list({ name: 'train', limit: 200 })).find(
        (j) => j.id.startsWith('train/drift-') && now() - j.addedAt < policy.cooldownDays * DAY,
      )
      if (recent) return none(`${recent.id} was enqueued less than ${policy.cooldownDays} days ago`)
      // Of two runs on one day, one takes effect.
      const id = `drift-${new Date(now()).toISOString().slice(0, 10)}`
      await queue.add({ name: 'train', payload: { models }, id })
      telemetry.info('a training was enqueued because models drift', { models })
      return { drifting, enqueued: models, because: 'activate a version with "npx mastery models activate"' }
    },
  }
}

/** A model that is trained by itself; for a blend, which is made of others, those that the policy names. */
export function modelsToTrain(drifting: readonly string[], named: readonly string[]): string[] {
  const known = LEARNERS.map((l) => l.id)
  const own = drifting.filter((m) => known.includes(m) && m !== 'blend')
  const more = drifting.some((m) => m === 'blend') ? named.filter((m) => known.includes(m)) : []
  return [...new Set([...own, ...more])].sort()
}
