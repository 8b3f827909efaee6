import { createHash } from 'node:crypto'
import type { HistorySource } from '@mastery/infra/adapters/clickhouse/history.ts'
import { RAPID_GUESSES } from '@mastery/topology/effort/rapid-policy.ts'
import { trainingCut } from '@mastery/topology/evaluation/fingerprint.ts'
import { encodeJson } from '@mastery/topology/learners/artefact.ts'
import { RAPID_WEIGHT } from '@mastery/topology/learners/effort/learner.ts'
import { effortWeights, fitThresholds } from '@mastery/topology/learners/effort/thresholds.ts'
import type { ArtefactStore, Manifest } from '@mastery/topology/ports/artefact-store.ts'
import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'
import { goldAnswers } from './gold-answers.ts'
import { MOST_ANSWERS } from './most-answers.ts'
import { freeName, PARAMETERS } from './publish.ts'

export interface RapidPolicyParts {
  gold: GoldStore & HistorySource
  artefacts: ArtefactStore
  generation: number
  /** UTC milliseconds. */
  now(): number
}

export class NoTimes extends Error {
  override name = 'NoTimes'
}

/** Students of a larger log are drawn with it. */
const SEED = 1

/**
 * Keeps the thresholds of rapid guesses of the answers in gold, and how much such an answer is to teach, as a version
 * that can be put in force: by the method that decision 0012 measured. The same answers and weight give the version that
 * is there.
 * @throws NoTimes where gold has too few response times for any threshold
 */
export async function publishRapidPolicy(parts: RapidPolicyParts, weight = RAPID_WEIGHT): Promise<Manifest> {
  const bound = { most: MOST_ANSWERS, seed: SEED }
  const { log, offsets } = await goldAnswers(parts.gold, parts.generation, {}, bound)
  const thresholds = fitThresholds(log)
  if (thresholds.other === null)
    throw new NoTimes(
      `Gold has too few answers with a response time, of ${log.size.toLocaleString('en')}, to tell guesses from answers in earnest. Send response_time_ms with answers.`,
    )
  const model = RAPID_GUESSES.id
  const bytes = encodeJson({ learner: model, weight, thresholds })
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const known = await parts.artefacts.list(model)
  const same = known.find((k) => k.files.some((f) => f.name === PARAMETERS && f.sha256 === sha256))
  if (same) return same
  const times = log.extra.get('response_ms')!
  let timed = 0
  for (const ms of times) if (ms > 0) timed++
  const rapid = effortWeights(log, thresholds, 0).reduce((n, w) => n + (w < 1 ? 1 : 0), 0)
  const createdAt = parts.now()
  return parts.artefacts.publish(
    {
      schema: 1,
      model,
      version: freeName(createdAt, sha256, known),
      created_at: createdAt,
      parent: null,
      training: trainingCut(log, `gold, generation ${parts.generation}`, offsets),
      settings: { learner: model, weight },
      metrics: {
        timed_answers: timed,
        rapid_answers: rapid,
        items_with_threshold: thresholds.items.name.length,
        topics_with_threshold: thresholds.topics.name.length,
      },
    },
    new Map([[PARAMETERS, bytes]]),
  )
}
