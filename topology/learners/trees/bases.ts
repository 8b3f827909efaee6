import type { AnswerLog } from '../../evaluation/answer-log.ts'
import type { AnyLearner, FitRun } from '../../evaluation/learner.ts'
import { hash53 } from '../../events/hash.ts'
import { ELO } from '../../models/elo/model.ts'
import { IRT } from '../../models/irt/model.ts'
import { foldLog } from '../fold.ts'
import { once } from '../once.ts'

/** A model whose predictions are features, and what else of it is one. */
export interface Base {
  learner: AnyLearner
  /** Names of further columns. */
  more: readonly string[]
  /** Chances of a right answer, and the further columns. */
  columns(artefact: unknown, log: AnswerLog, run: FitRun): Promise<{ p: Float64Array; more: Float32Array[] }>
}

export function baseOf(learner: AnyLearner): Base {
  return { learner, more: [], columns: async (a, log, run) => ({ p: await learner.predict(a, log, run), more: [] }) }
}

const eloOf = once((artefact: object) => ELO.parse(artefact))
const irtOf = once((artefact: object) => IRT.parse(artefact))

/** Elo with the ability overall and the item's difficulty. */
export function eloBase(learner: AnyLearner): Base {
  return {
    learner,
    more: ['elo_ability', 'elo_difficulty'],
    async columns(artefact, log) {
      const params = eloOf(artefact as object)
      const ability = new Float32Array(log.size)
      const p = foldLog(ELO, params, log, (r, student) => {
        ability[r] = student[0]!
      })
      const difficulty = ofItems(log, (hash) => params.difficulty.get(hash))
      return { p, more: [ability, difficulty] }
    },
  }
}

/** IRT with the ability overall, its variance, and the item's difficulty and discrimination. */
export function irtBase(learner: AnyLearner): Base {
  return {
    learner,
    more: ['irt_ability', 'irt_ability_variance', 'irt_difficulty', 'irt_discrimination'],
    async columns(artefact, log) {
      const params = irtOf(artefact as object)
      const ability = new Float32Array(log.size)
      const variance = new Float32Array(log.size)
      const p = foldLog(IRT, params, log, (r, student) => {
        ability[r] = student[0]!
        variance[r] = student[1]!
      })
      const difficulty = ofItems(log, (hash) => params.items.get(hash)?.difficulty)
      const discrimination = ofItems(log, (hash) => params.items.get(hash)?.discrimination)
      return { p, more: [ability, variance, difficulty, discrimination] }
    },
  }
}

/** NaN where the item is none or unknown. */
function ofItems(log: AnswerLog, of: (hash: number) => number | undefined): Float32Array {
  const values = log.items.map((name) => of(hash53(name)) ?? Number.NaN)
  return Float32Array.from(log.item, (i) => (i < 0 ? Number.NaN : values[i]!))
}

/** Chances this close to 0 or 1 are as good as certain. */
const SURE = 1e-6

/** Finite for every chance. */
export function logitOf(p: number): number {
  const q = Math.min(1 - SURE, Math.max(SURE, p))
  return Math.log(q / (1 - q))
}

export const chance = (z: number): number => 1 / (1 + Math.exp(-Math.min(30, Math.max(-30, z))))
