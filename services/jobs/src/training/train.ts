import { createHash } from 'node:crypto'
import type { HistorySource } from '@mastery/infra/adapters/clickhouse/history.ts'
import { runInWorker } from '@mastery/infra/runtime/worker-thread.ts'
import { trainingCut } from '@mastery/topology/evaluation/fingerprint.ts'
import { MODELS } from '@mastery/topology/models/catalog.ts'
import type { ArtefactStore, Manifest } from '@mastery/topology/ports/artefact-store.ts'
import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'
import { learnerNamed } from '../learners.ts'
import type { Champion } from './champion.ts'
import type { FitResult, FitTask } from './fit-worker.ts'
import { type AnswerRange, goldAnswers } from './gold-answers.ts'
import type { InForce } from './versions.ts'

export interface TrainParts {
  gold: GoldStore & HistorySource
  artefacts: ArtefactStore
  generation: number
  /** What is served now, by model. */
  inForce(): Promise<ReadonlyMap<string, InForce>>
  /** UTC milliseconds. */
  now(): number
  signal?: AbortSignal
}

export interface TrainOptions extends AnswerRange {
  learners: readonly string[]
  seed: number
  /** One student in so many is kept aside for the metrics. */
  folds: number
  /** Bootstrap draws. */
  draws: number
  progress?(fraction: number, message: string): void
}

/** Name of the file that a streaming model's `parse` reads, if one serves the learner's artefact. */
export const PARAMETERS = 'parameters.json'
/** Fewer students than this give no interval that could be told from chance. */
const LEAST_STUDENTS = 20

function championFor({ model, parameters }: InForce, served: ReadonlyMap<string, InForce>): Champion {
  if (MODELS.some((m) => m.id === model)) return { kind: 'folded', model, parameters }
  if (parameters !== null) return { kind: 'served', model, parameters }
  return { kind: 'blend', folded: MODELS.map((m) => ({ model: m.id, parameters: served.get(m.id)!.parameters })) }
}

export class TrainingError extends Error {
  override name = 'TrainingError'
}

/**
 * Fits learners on what gold has, measures each on students that it did not see, and publishes it. Nothing is served
 * differently afterwards: that takes an activation.
 * @throws TrainingError where gold has too little
 */
export async function trainFromGold(parts: TrainParts, options: TrainOptions): Promise<Manifest[]> {
  const learners = options.learners.map(learnerNamed)
  options.progress?.(0, 'reading answers from gold')
  const { log, offsets } = await goldAnswers(parts.gold, parts.generation, options)
  if (log.students.length < LEAST_STUDENTS)
    throw new TrainingError(
      `Gold has ${log.size.toLocaleString('en')} answers of ${log.students.length} students in that range; training needs ${LEAST_STUDENTS} students or more. Import more events, or widen --from and --to.`,
    )
  const cut = trainingCut(log, `gold, generation ${parts.generation}`, offsets)
  const served = await parts.inForce()
  const out: Manifest[] = []
  for (const [i, learner] of learners.entries()) {
    parts.signal?.throwIfAborted()
    const model = learner.serves ?? learner.id
    const champion = served.get(model) ?? null
    const task: FitTask = {
      learner: learner.id,
      log,
      seed: options.seed,
      folds: options.folds,
      draws: options.draws,
      champion: champion && championFor(champion, served),
    }
    const found = await runInWorker<FitResult>(new URL('./fit-worker.ts', import.meta.url), task, {
      ...(parts.signal ? { signal: parts.signal } : {}),
      onProgress: (fraction, message) => options.progress?.((i + fraction) / learners.length, message),
    })
    const createdAt = parts.now()
    const hash = createHash('sha256').update(found.bytes).digest('hex')
    out.push(
      await parts.artefacts.publish(
        {
          schema: 1,
          model,
          version: `${new Date(createdAt).toISOString().slice(0, 10)}.${hash.slice(0, 10)}`,
          created_at: createdAt,
          parent: champion?.version ?? null,
          training: cut,
          settings: {
            learner: learner.id,
            seed: options.seed,
            folds: options.folds,
            draws: options.draws,
            fit_seconds: Math.round(found.fitSeconds * 1000) / 1000,
            held_out_students: found.heldOut.students,
            held_out_answers: found.heldOut.answers,
          },
          metrics: found.metrics,
        },
        new Map([[PARAMETERS, found.bytes]]),
      ),
    )
  }
  return out
}
