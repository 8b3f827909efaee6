import type { Learner } from '../../evaluation/learner.ts'
import { BKT } from '../../models/bkt/model.ts'
import { ELO } from '../../models/elo/model.ts'
import type { AnyModel } from '../../models/model.ts'
import { encodeJson, type Fitted, parseJson } from '../artefact.ts'
import { BKT_LEARNER } from '../bkt/learner.ts'
import { ELO_LEARNER } from '../elo/learner.ts'
import { foldLog } from '../fold.ts'
import { effortWeights, fitThresholds, type Thresholds } from './thresholds.ts'

/** A fitted model, and what it takes for a rapid guess. */
export interface EffortArtefact extends Fitted {
  /** How much a rapid guess teaches, 0 to 1. */
  weight: number
  thresholds: Thresholds
  /** What the model's own learner made. */
  parameters: Fitted
}

/**
 * Half. In the simulated school it brings the ability of guessers nearest to what they can do, and with it earnest
 * answers are predicted better there and on ASSISTments 2009-10; all answers, guesses among them, a little worse: who
 * guesses goes on guessing. Decision 0012 has the figures.
 */
export const RAPID_WEIGHT = 0.5

/**
 * A streaming model that lets rapid guesses teach it less: an answer below its threshold moves the states only part of
 * the way. In the spirit of the effort-moderated model (Wise & DeMars, Journal of Educational Measurement 43, 2006), which
 * leaves them out. Whether an answer is one is known only after it, so that its own prediction is the model's.
 */
export function effortLearner(
  id: string,
  about: string,
  model: AnyModel,
  base: Learner<Fitted>,
  weight = RAPID_WEIGHT,
): Learner<EffortArtefact> {
  return {
    id,
    about,
    async fit(train, run) {
      return {
        model: id,
        learner: id,
        seed: run.seed,
        answers: train.size,
        students: train.students.length,
        weight,
        thresholds: fitThresholds(train),
        parameters: await base.fit(train, run),
      }
    },
    predict: (artefact, log) =>
      foldLog(
        model,
        model.parse(artefact.parameters),
        log,
        undefined,
        effortWeights(log, artefact.thresholds, artefact.weight),
      ),
    encode: encodeJson,
    parse: (bytes) =>
      parseJson<EffortArtefact>(id, bytes, (json) => {
        if (!(json.weight >= 0 && json.weight <= 1)) throw new Error('Field "weight" must be a number from 0 to 1.')
        if (!Array.isArray(json.thresholds?.items?.name) || !Array.isArray(json.thresholds.topics?.name))
          throw new Error('Field "thresholds" must have the tables "items" and "topics".')
        model.parse(json.parameters)
      }),
  }
}

export const ELO_EFFORT = effortLearner(
  'elo-effort',
  'The Elo rating, taught less by rapid guesses: answers below the threshold of their item count half.',
  ELO,
  ELO_LEARNER,
)

export const BKT_EFFORT = effortLearner(
  'bkt-effort',
  'Bayesian knowledge tracing, taught less by rapid guesses: answers below the threshold of their item count half.',
  BKT,
  BKT_LEARNER,
)
