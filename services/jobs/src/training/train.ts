import type { HistorySource } from '@mastery/infra/adapters/clickhouse/history.ts'
import { trainingCut } from '@mastery/topology/evaluation/fingerprint.ts'
import type { ArtefactStore, Manifest } from '@mastery/topology/ports/artefact-store.ts'
import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'
import { learnerNamed } from '../learners.ts'
import { type FitOptions, fitAndPublish } from './fit-all.ts'
import { type AnswerRange, goldAnswers } from './gold-answers.ts'
import { goldLabels } from './gold-labels.ts'
import { keptPredictor, type Predictor, servedPredictor } from './predictor.ts'
import type { InForce } from './versions.ts'

export interface TrainParts {
  gold: GoldStore & HistorySource
  artefacts: ArtefactStore
  generation: number
  /** What is served now, by model. */
  inForce(): Promise<ReadonlyMap<string, InForce>>
  /** What a teacher's judgement counts in answers, where a fit takes any; 0: judgements are not read. */
  labelWeight: number
  /** UTC milliseconds. */
  now(): number
  signal?: AbortSignal
  /** Folder in which fits keep their places; left out: a killed run begins anew. */
  checkpoints?: string
}

export interface TrainOptions extends FitOptions, AnswerRange {
  /** Answers that are fitted on at most: those of a sample of students. */
  maxAnswers?: number
}

/** Fewer students than this give no interval that could be told from chance. */
const LEAST_STUDENTS = 20

export class TrainingError extends Error {
  override name = 'TrainingError'
}

/**
 * Fits learners on what gold has, measures each on students that it did not see, and publishes it. Nothing is served
 * differently afterwards: that takes an activation.
 * @throws TrainingError where gold has too little
 */
export async function trainFromGold(parts: TrainParts, options: TrainOptions): Promise<Manifest[]> {
  options.progress?.(0, 'reading answers from gold')
  const bound = options.maxAnswers === undefined ? undefined : { most: options.maxAnswers, seed: options.seed }
  const { log, offsets, columns, sampled } = await goldAnswers(parts.gold, parts.generation, options, bound)
  if (log.students.length < LEAST_STUDENTS)
    throw new TrainingError(
      `Gold has ${log.size.toLocaleString('en')} answers of ${log.students.length} students in that range; training needs ${LEAST_STUDENTS} students or more. Import more events, or widen --from and --to.`,
    )
  const labels = parts.labelWeight > 0 ? await goldLabels(parts.gold, parts.generation, options) : []
  const served = await parts.inForce()
  const champions = new Map<string, Predictor>()
  for (const { id, serves } of options.learners.map(learnerNamed)) {
    const model = serves ?? id
    const inForce = await servedPredictor(parts.artefacts, served, model)
    const [newest] = inForce ? [] : await parts.artefacts.list(model)
    if (inForce) champions.set(model, inForce)
    else if (newest) champions.set(model, await keptPredictor(parts.artefacts, model, newest.version))
  }
  const about = { files: [], format: 'gold', untagged: 0, rejected: 0 }
  return fitAndPublish(parts, options, {
    log,
    test: null,
    kind: 'students kept aside',
    cut: trainingCut(log, `gold, generation ${parts.generation}`, offsets),
    columns: [...columns],
    champions,
    parents: new Map(),
    about: { train: about, test: about, studentsInBoth: 0 },
    labels: labels.length > 0 ? { labels, weight: parts.labelWeight } : null,
    settings: sampled === null ? {} : { max_answers: options.maxAnswers!, sampled_share: sampled.share },
  })
}
