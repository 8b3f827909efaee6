import type { AnswerLog } from '../../evaluation/answer-log.ts'
import type { FitRun, Learner } from '../../evaluation/learner.ts'
import { type Base, chance } from '../trees/bases.ts'
import {
  BASES,
  columnsAt,
  encodeStack,
  parseStack,
  stackHead,
  TREES_OPTIONS,
  type TreesArtefact,
} from '../trees/learner.ts'
import { fitStack, type StackOptions, stackColumns, treeLogits } from '../trees/stack.ts'
import { type Calibration, calibrate, fitCalibration } from './calibrate.ts'
import { fitMixture, type Mixture, mixed } from './weights.ts'

export interface BlendArtefact extends TreesArtefact {
  /** Ids of the parts, in the order of the shares. */
  parts: string[]
  mixture: Mixture
  calibration: Calibration
}

const TREES_PART = 'trees'

/** Twice the forests of `trees`, drawn apart: their mean errs less than either. */
const BLEND_OPTIONS: StackOptions = { ...TREES_OPTIONS, perFold: 2 }

/**
 * The bases and the trees over them, mixed in logits and calibrated. Shares are fitted on out-of-fold predictions of the
 * parts, the calibration on mixtures whose shares did not see the row's student either.
 * @param bases models that are mixed, and whose predictions the trees see
 */
export function blendLearner(
  id: string,
  about: string,
  bases: readonly Base[] = BASES,
  options: Partial<StackOptions> = {},
): Learner<BlendArtefact> {
  const o = { ...BLEND_OPTIONS, ...options }
  const partIds = [...bases.map((b) => b.learner.id), TREES_PART]
  return {
    id,
    about,
    async fit(train, run) {
      const { outOfFold, ...stack } = await fitStack(train, bases, o, run)
      const parts = [...outOfFold.bases, outOfFold.trees]
      const rows = Int32Array.from(train.correct.keys())
      const logits = new Float64Array(train.size)
      for (const k of new Set(outOfFold.fold)) {
        run.signal?.throwIfAborted()
        const others = rows.filter((r) => outOfFold.fold[r] !== k)
        const z = mixed(fitMixture(parts, train.correct, others), parts, train.size)
        for (let r = 0; r < train.size; r++) if (outOfFold.fold[r] === k) logits[r] = z[r]!
      }
      return {
        ...stackHead(id, train, bases, run),
        ...stack,
        parts: partIds,
        mixture: fitMixture(parts, train.correct, rows),
        calibration: fitCalibration(train, logits),
      }
    },
    async predict(artefact, log, run: FitRun) {
      const { x, logits } = await stackColumns(artefact, bases, log, run)
      const parts = [...logits, treeLogits(artefact.forests, x, log.size)]
      return calibrate(artefact.calibration, log, mixed(artefact.mixture, parts, log.size)).map(chance)
    },
    encode: (artefact) => encodeStack(artefact, bases),
    parse: (bytes) =>
      parseStack<BlendArtefact>(id, bytes, bases, ({ parts, mixture: m, calibration: c }) => {
        const wrong = (field: string) =>
          new Error(`The artefact of learner "${id}" is damaged: its ${field} does not fit. Fit it again.`)
        if (JSON.stringify(parts) !== JSON.stringify(partIds)) throw wrong('list of parts')
        if (m?.shares?.length !== parts.length || ![...m.shares, m.scale, m.bias].every(Number.isFinite))
          throw wrong('mixture')
        const { name, shift } = c?.topics ?? {}
        if (![c?.a, c?.b, c?.c, ...(shift ?? [Number.NaN])].every(Number.isFinite) || name?.length !== shift?.length)
          throw wrong('calibration')
      }),
  }
}

/** Chances for some rows of a log, in their order; only these are taken through the trees. */
export async function blendRows(
  artefact: BlendArtefact,
  bases: readonly Base[],
  log: AnswerLog,
  rows: Int32Array,
  run: FitRun,
): Promise<Float64Array> {
  const { x, logits } = await stackColumns(artefact, bases, log, run)
  const parts: Float64Array[] = logits.map((z) => Float64Array.from(rows, (r) => z[r]!))
  parts.push(treeLogits(artefact.forests, columnsAt(x, rows), rows.length))
  return calibrate(artefact.calibration, log, mixed(artefact.mixture, parts, rows.length), rows).map(chance)
}

export const BLEND = blendLearner(
  'blend',
  'The predictions of pfa, bkt, bkt-forget, elo, irt and twice the trees, mixed in logits and calibrated.',
)
