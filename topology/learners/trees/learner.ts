import type { AnswerLog } from '../../evaluation/answer-log.ts'
import type { FitRun, Learner } from '../../evaluation/learner.ts'
import type { Fitted } from '../artefact.ts'
import { BKT_LEARNER } from '../bkt/learner.ts'
import { BKT_FORGET_LEARNER } from '../bkt-forget/learner.ts'
import { ELO_LEARNER } from '../elo/learner.ts'
import { IRT_LEARNER } from '../irt/learner.ts'
import { PFA } from '../pfa/learner.ts'
import { type Base, baseOf, chance, eloBase, irtBase } from './bases.ts'
import { type Columns, checkForest } from './forest.ts'
import { checkStats } from './item-stats.ts'
import { pack, unpack } from './packed.ts'
import { type MarginParts, through, treesParts } from './reasons.ts'
import { type Explanation, explainForest } from './shap.ts'
import { fitStack, type Stack, stackColumns, treeLogits } from './stack.ts'
import { featureNames, type StackOptions } from './stack-fit.ts'

export interface TreesArtefact extends Fitted, Stack {
  /** Names of the features, in the order of the trees' numbers. */
  features: string[]
}

export const BASES: readonly Base[] = [
  baseOf(PFA),
  baseOf(BKT_LEARNER),
  baseOf(BKT_FORGET_LEARNER),
  eloBase(ELO_LEARNER),
  irtBase(IRT_LEARNER),
]

/** By out-of-fold log loss over the students of the training file of ASSISTments 2009. */
export const TREES_OPTIONS: StackOptions = {
  folds: 4,
  perFold: 1,
  rounds: 600,
  patience: 20,
  leaves: 31,
  l2: 5,
  minWeight: 20,
  shrinkage: 0.06,
  rows: 0.6,
  columns: 0.4,
}

/** Bytes of a stack, with what else the artefact says. */
export function encodeStack<A extends Fitted & Stack>(artefact: A, bases: readonly Base[]): Uint8Array {
  const { bases: fitted, ...json } = artefact
  return pack(
    json,
    bases.map((b, i) => b.learner.encode(fitted[i])),
  )
}

/**
 * @param more names of features beyond those of the stack
 * @throws Error that names what does not fit
 */
export function parseStack<A extends TreesArtefact>(
  id: string,
  bytes: Uint8Array,
  bases: readonly Base[],
  check: (json: A) => void = () => {},
  more: readonly string[] = [],
): A {
  const what = `The artefact of learner "${id}"`
  const features = [...featureNames(bases), ...more]
  const { json, held } = unpack<A>(id, bytes, bases.length, (j) => {
    if (JSON.stringify(j.features) !== JSON.stringify(features))
      throw new Error(`${what} is of other features than this version computes. Fit it again.`)
    checkStats(what, j.stats)
    if (!Array.isArray(j.forests) || j.forests.length === 0) throw new Error(`${what} has no trees. Fit it again.`)
    for (const f of j.forests) checkForest(what, f, features.length)
    check(j)
  })
  return { ...json, bases: bases.map((b, i) => b.learner.parse(held[i]!)) }
}

/** What every artefact over a stack says. */
export function stackHead(id: string, log: AnswerLog, bases: readonly Base[], run: FitRun) {
  return {
    model: id,
    learner: id,
    seed: run.seed,
    answers: log.size,
    students: log.students.length,
    features: featureNames(bases),
  }
}

/**
 * Gradient-boosted trees on other models' predictions and on what the student did before.
 * @param bases models whose predictions are features
 */
export function treesLearner(
  id: string,
  about: string,
  bases: readonly Base[] = BASES,
  options: Partial<StackOptions> = {},
): Learner<TreesArtefact> {
  const o = { ...TREES_OPTIONS, ...options }
  return {
    id,
    about,
    async fit(train, run) {
      const { outOfFold: _, ...stack } = await fitStack(train, bases, o, run)
      return { ...stackHead(id, train, bases, run), ...stack }
    },
    async predict(artefact, log, run) {
      const { x } = await stackColumns(artefact, bases, log, run)
      return treeLogits(artefact.forests, x, log.size).map(chance)
    },
    encode: (artefact) => encodeStack(artefact, bases),
    parse: (bytes) => parseStack<TreesArtefact>(id, bytes, bases),
  }
}

/** A chance taken apart, in logits and as one. */
export interface Reasoned {
  margin: MarginParts
  chance: MarginParts
}

/** What is said of some rows, and why. */
export interface Explained {
  /** Chances, in the order of the rows. */
  p: Float64Array
  /** Of the rows at these places: their chances taken apart, in logits and as chances. Costs time; asked for few. */
  reasons(places: readonly number[]): Reasoned[]
}

/** Chances for some rows of a log, in their order; only these are taken through the trees. */
export async function treesRows(
  artefact: TreesArtefact,
  bases: readonly Base[],
  log: AnswerLog,
  rows: Int32Array,
  run: FitRun,
): Promise<Explained> {
  const all = (await stackColumns(artefact, bases, log, run)).x
  const x = columnsAt(all, rows)
  return {
    p: treeLogits(artefact.forests, x, rows.length).map(chance),
    reasons: (places) => {
      const some = columnsAt(x, Int32Array.from(places))
      return treesParts(artefact.forests, artefact.features, some, places.length).map(asChance)
    },
  }
}

/** A margin in logits taken apart, and the chance that it is. */
export function asChance(margin: MarginParts): Reasoned {
  return { margin, chance: through(margin, chance, (z) => chance(z) * chance(-z)) }
}

/** Columns of some rows, in their order. */
export const columnsAt = (x: Columns, rows: Int32Array): Columns =>
  x.map((column) => Float32Array.from(rows, (r) => column[r]!))

/** Features of every row, as `explain` takes them: columns in the order of `artefact.features`. */
export async function featuresOf(
  artefact: TreesArtefact,
  log: AnswerLog,
  run: FitRun,
  bases: readonly Base[] = BASES,
): Promise<Columns> {
  return (await stackColumns(artefact, bases, log, run)).x
}

/** Values of one row's features. */
export const rowOf = (x: Columns, r: number): Float32Array => Float32Array.from(x, (column) => column[r]!)

/**
 * The trees' prediction for one row, in logits, as a sum: `base` is what they say of nobody in particular, and each
 * feature's effect is its Shapley value (path-dependent TreeSHAP), in the order of `artefact.features`.
 */
export function explain(artefact: Pick<TreesArtefact, 'forests'>, row: Float32Array): Explanation {
  const sum: Explanation = { base: 0, effects: new Float64Array(row.length) }
  for (const forest of artefact.forests) {
    const { base, effects } = explainForest(forest, row)
    sum.base += base / artefact.forests.length
    for (let f = 0; f < row.length; f++) sum.effects[f]! += effects[f]! / artefact.forests.length
  }
  return sum
}

export const TREES = treesLearner(
  'trees',
  'Gradient-boosted trees on the predictions of pfa, bkt, bkt-forget, elo and irt and on the history of the student.',
)
