import type { Learner } from '../../evaluation/learner.ts'
import { IRT } from '../../models/irt/model.ts'
import { encodeJson, type Fitted, parseJson } from '../artefact.ts'
import { foldLog } from '../fold.ts'
import { once } from '../once.ts'
import { fitIrt, IRT_OPTIONS, type IrtFit, type IrtOptions } from './fit.ts'

/** What the streaming model `irt` reads, and the standard errors. */
export interface IrtArtefact extends Fitted, IrtFit {
  abilityDrift: number
  topicDrift: number
  information: number
}

const paramsOf = once((artefact: object) => IRT.parse(artefact))

export function irtLearner(id: string, about: string, options: Partial<IrtOptions> = {}): Learner<IrtArtefact> {
  const o = { ...IRT_OPTIONS, ...options }
  return {
    id,
    about,
    fit: (train, run) => ({
      model: IRT.id,
      learner: id,
      seed: run.seed,
      answers: train.size,
      students: train.students.length,
      abilityDrift: o.abilityDrift,
      topicDrift: o.topics ? o.topicDrift : 0,
      information: o.information,
      ...fitIrt(train, o, run),
    }),
    predict: (artefact, log) => foldLog(IRT, paramsOf(artefact), log),
    encode: encodeJson,
    parse: (bytes) => parseJson<IrtArtefact>(id, bytes, (json) => void IRT.parse(json)),
  }
}

export const IRT_LEARNER = irtLearner(
  'irt',
  'Item response theory: difficulty, discrimination and guessing by marginal MAP, abilities estimated answer by answer.',
)
