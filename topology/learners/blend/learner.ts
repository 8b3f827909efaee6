import type { AnswerLog } from '../../evaluation/answer-log.ts'
import type { FitRun, Learner } from '../../evaluation/learner.ts'
import { type Base, chance } from '../trees/bases.ts'
import {
  asChance,
  BASES,
  columnsAt,
  type Explained,
  encodeStack,
  parseStack,
  stackHead,
  TREES_OPTIONS,
  type TreesArtefact,
} from '../trees/learner.ts'
import { type MarginParts, REASONS, reasonsOf, through, treesParts } from '../trees/reasons.ts'
import { fitStack, stackColumns, treeLogits } from '../trees/stack.ts'
import type { StackOptions } from '../trees/stack-fit.ts'
import { type Calibration, calibrate, curveOf, fitCalibration } from './calibrate.ts'
import { fitMixture, type Mixture, mixed } from './weights.ts'

export interface BlendArtefact extends TreesArtefact {
  /** Ids of the parts, in the order of the shares. */
  parts: string[]
  mixture: Mixture
  calibration: Calibration
  /** Of each model that is mixed, the mean of what it says of training rows whose students it was not fitted on, in logits. */
  expected: number[]
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
        expected: outOfFold.bases.map((z) => z.reduce((sum, v) => sum + v, 0) / Math.max(1, train.size)),
      }
    },
    async predict(artefact, log, run: FitRun) {
      const { x, logits } = await stackColumns(artefact, bases, log, run)
      const parts = [...logits, treeLogits(artefact.forests, x, log.size)]
      return calibrate(artefact.calibration, log, mixed(artefact.mixture, parts, log.size)).map(chance)
    },
    encode: (artefact) => encodeStack(artefact, bases),
    parse: (bytes) =>
      parseStack<BlendArtefact>(id, bytes, bases, ({ parts, mixture: m, calibration: c, expected }) => {
        const wrong = (field: string) =>
          new Error(`The artefact of learner "${id}" is damaged: its ${field} does not fit. Fit it again.`)
        if (JSON.stringify(parts) !== JSON.stringify(partIds)) throw wrong('list of parts')
        if (m?.shares?.length !== parts.length || ![...m.shares, m.scale, m.bias].every(Number.isFinite))
          throw wrong('mixture')
        if (expected?.length !== bases.length || !expected.every(Number.isFinite)) throw wrong('expected logits')
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
): Promise<Explained> {
  const { mixture, calibration, forests, features } = artefact
  const { x: all, logits } = await stackColumns(artefact, bases, log, run)
  const x = columnsAt(all, rows)
  const parts: Float64Array[] = logits.map((z) => Float64Array.from(rows, (r) => z[r]!))
  parts.push(treeLogits(forests, x, rows.length))
  const margins = mixed(mixture, parts, rows.length)
  const calibrated = calibrate(calibration, log, margins, rows)
  return {
    p: calibrated.map(chance),
    reasons: (places) => {
      const some = columnsAt(x, Int32Array.from(places))
      return treesParts(forests, features, some, places.length).map((trees, k) => {
        const i = places[k]!
        const said = parts.map((z) => z[i]!)
        const bent = through(mixedParts(artefact, bases, trees, said), ...curveOf(calibration))
        // What is left is the topic's own shift.
        const sum = bent.effects.reduce((a, b) => a + b, bent.base)
        bent.effects[REASONS.indexOf('topic_answers')]! += calibrated[i]! - sum
        return asChance(bent)
      })
    },
  }
}

/**
 * The mixture's logits taken apart. It is a sum, and so are its Shapley values: those of the trees, and for a model that is
 * mixed in what it says less the mean of what it says, which counts for the reason that its predictions count for.
 * @param said logits of the bases for the row
 */
function mixedParts(
  { mixture: { shares, scale, bias }, expected }: BlendArtefact,
  bases: readonly Base[],
  trees: MarginParts,
  said: readonly number[],
): MarginParts {
  const ofTrees = scale * shares[bases.length]!
  const effects = trees.effects.map((e) => ofTrees * e)
  let base = bias + ofTrees * trees.base
  const reasons = reasonsOf(bases.map((b) => `${b.learner.id}_logit`))
  for (const [b, usual] of expected.entries()) {
    const share = scale * shares[b]!
    base += share * usual
    effects[reasons[b]!]! += share * (said[b]! - usual)
  }
  return { base, effects }
}

export const BLEND = blendLearner(
  'blend',
  'The predictions of pfa, bkt, bkt-forget, elo, irt and twice the trees, mixed in logits and calibrated.',
)
