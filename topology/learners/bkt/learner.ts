import type { Learner } from '../../evaluation/learner.ts'
import { BKT, type BktTopic } from '../../models/bkt/model.ts'
import { encodeJson, type Fitted, parseJson } from '../artefact.ts'
import { foldLog } from '../fold.ts'
import { once } from '../once.ts'
import { BKT_OPTIONS, type BktOptions, fitBkt, type TopicFit } from './fit.ts'

/** What the streaming model `bkt` reads (`default`, `topics`), and how it was fitted. */
export interface BktArtefact extends Fitted {
  forgetting: boolean
  default: BktTopic
  topics: Record<string, BktTopic>
  /** Of the pooled parameters, `default`. */
  pooled: TopicFit
  /** Of each topic that has parameters. */
  fits: Record<string, TopicFit>
}

const paramsOf = once((artefact: object) => BKT.parse(artefact))

export function bktLearner(id: string, about: string, options: Partial<BktOptions> = {}): Learner<BktArtefact> {
  const o = { ...BKT_OPTIONS, ...options }
  return {
    id,
    about,
    ...(id === BKT.id ? {} : { serves: BKT.id }),
    serves: BKT.id,
    fit: (train, run) => ({
      model: BKT.id,
      learner: id,
      seed: run.seed,
      answers: train.size,
      students: train.students.length,
      forgetting: o.forgetting,
      ...fitBkt(train, o, run),
    }),
    predict: (artefact, log) => foldLog(BKT, paramsOf(artefact), log),
    encode: encodeJson,
    parse: (bytes) => parseJson<BktArtefact>(id, bytes, (json) => void BKT.parse(json)),
  }
}

export const BKT_LEARNER = bktLearner(
  'bkt',
  'Bayesian knowledge tracing, four parameters per topic by penalised EM with restarts.',
)
