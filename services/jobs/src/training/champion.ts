import type { AnswerLog } from '@mastery/topology/evaluation/answer-log.ts'
import type { FitRun } from '@mastery/topology/evaluation/learner.ts'
import { foldLog } from '@mastery/topology/learners/fold.ts'
import { MODELS } from '@mastery/topology/models/catalog.ts'
import { learnerNamed } from '../learners.ts'

/** What the stream says today in the place of a version that is being trained. */
export type Champion =
  /** A model that everybody's answers are folded by; null: its defaults. */
  | { kind: 'folded'; model: string; parameters: Uint8Array | null }
  /** A version of a trained model. */
  | { kind: 'served'; model: string; parameters: Uint8Array }
  /** Nothing of the model's own is in force: the plain mean of the models that are folded, which is served without it. */
  | { kind: 'blend'; folded: readonly { model: string; parameters: Uint8Array | null }[] }

const textOf = (bytes: Uint8Array) => new TextDecoder('utf-8', { fatal: true }).decode(bytes)

function foldedBy({ model: id, parameters }: { model: string; parameters: Uint8Array | null }, log: AnswerLog) {
  const model = MODELS.find((m) => m.id === id)!
  return foldLog(model, parameters === null ? model.defaults : model.parse(JSON.parse(textOf(parameters))), log)
}

/** The champion's predictions for every row. */
export async function championOf(champion: Champion, log: AnswerLog, run: FitRun): Promise<Float64Array> {
  switch (champion.kind) {
    case 'folded':
      return foldedBy(champion, log)
    case 'served': {
      const learner = learnerNamed(champion.model)
      return learner.predict(learner.parse(champion.parameters), log, run)
    }
    case 'blend': {
      const sum = new Float64Array(log.size)
      for (const part of champion.folded)
        foldedBy(part, log).forEach((p, r) => {
          sum[r]! += p / champion.folded.length
        })
      return sum
    }
  }
}
