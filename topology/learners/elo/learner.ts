import type { Learner } from '../../evaluation/learner.ts'
import { ELO } from '../../models/elo/model.ts'
import { encodeJson, type Fitted, parseJson } from '../artefact.ts'
import { foldLog } from '../fold.ts'
import { once } from '../once.ts'
import { ELO_OPTIONS, type EloFit, type EloOptions, fitElo } from './fit.ts'

/** What the streaming model `elo` reads: the steps, `start`, and the `value` of each of `topics` and `items`. */
export interface EloArtefact extends Fitted, EloFit {
  ability: number
  abilityDecay: number
  topic: number
  topicDecay: number
}

const paramsOf = once((artefact: object) => ELO.parse(artefact))

export function eloLearner(id: string, about: string, options: Partial<EloOptions> = {}): Learner<EloArtefact> {
  const o = { ...ELO_OPTIONS, ...options }
  return {
    id,
    about,
    serves: ELO.id,
    fit: (train, run) => ({
      model: ELO.id,
      learner: id,
      seed: run.seed,
      answers: train.size,
      students: train.students.length,
      ability: o.ability,
      abilityDecay: o.abilityDecay,
      topic: o.topic,
      topicDecay: o.topicDecay,
      ...fitElo(train, o, run),
    }),
    predict: (artefact, log) => foldLog(ELO, paramsOf(artefact), log),
    encode: encodeJson,
    parse: (bytes) => parseJson<EloArtefact>(id, bytes, (json) => void ELO.parse(json)),
  }
}

export const ELO_LEARNER = eloLearner(
  'elo',
  'Elo rating: abilities overall and per topic that move with every answer, against item difficulties fitted once.',
)
