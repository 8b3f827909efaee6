import type { AnswerLog } from '../../evaluation/answer-log.ts'
import type { FitRun, Learner } from '../../evaluation/learner.ts'
import { noTarget, type Scope, WEEK_MS, weekTarget } from '../../evaluation/week/target.ts'
import { fitMixture, type Mixture, mixed } from '../blend/weights.ts'
import { type Base, chance, logitOf } from '../trees/bases.ts'
import { growForests } from '../trees/grow-forests.ts'
import {
  BASES,
  columnsAt,
  encodeStack,
  parseStack,
  stackHead,
  TREES_OPTIONS,
  type TreesArtefact,
} from '../trees/learner.ts'
import { foldedColumns, stackColumns, treeLogits } from '../trees/stack.ts'
import { StackFit, type StackOptions } from '../trees/stack-fit.ts'
import { WEEK_FEATURES, weekColumns } from './columns.ts'
import { fitShareSoFar, type ShareSoFar, shareSoFarOf } from './share-so-far.ts'

export interface WeekArtefact extends TreesArtefact {
  scope: Scope
  /** Length of the week, milliseconds. */
  horizon: number
  /** Rows that it was fitted on. */
  targets: number
  share: ShareSoFar
  /** Of the trees and the share so far. */
  mixture: Mixture
}

/**
 * Smaller trees than for the next answer, by out-of-fold log loss over training students of the simulated school (0.6560
 * against 0.6563): weeks of a student overlap from row to row, so that the rows say less than their number.
 */
const WEEK_OPTIONS: StackOptions = { ...TREES_OPTIONS, leaves: 8 }

/**
 * Gradient-boosted trees against the accuracy over the week after each row: shares of right answers, each row as heavy as
 * that week has answers, weights scaled to a mean of 1, so that the least weight of a leaf means what it does for the next
 * answer. Features are those of `trees`, made before the row and without the row's student, and `WEEK_FEATURES`. Trees of
 * few students say too little where a student is far from all of these; their logits are mixed with those of the student's
 * share so far, by shares and a scale that are fitted on what the trees say of students whom they have not seen.
 * `predict` gives for every row the expected share of right answers; rows without a target too.
 * @throws Error from `fit` where no row has a target
 */
export function weekLearner(
  scope: Scope,
  bases: readonly Base[] = BASES,
  options: Partial<StackOptions> = {},
  id = scope === 'all' ? 'week' : 'week-topics',
): Learner<WeekArtefact> {
  const o = { ...WEEK_OPTIONS, ...options }
  return {
    id,
    week: scope,
    about: `Gradient-boosted trees and the share so far against the share of right answers over the next week${scope === 'all' ? '' : " on the row's topics"}.`,
    async fit(train, run) {
      const target = weekTarget(train, scope)
      const wrong = noTarget(target)
      if (wrong !== null) throw new Error(`Nothing can be fitted to the next week. ${wrong}`)
      // A judgement says nothing of a week: without labels no columns are made for them.
      const { labels: _, ...unlabelled } = run
      const fit = await StackFit.open(train, bases, o, unlabelled, [id, WEEK_FEATURES, WEEK_MS])
      const { all, x, fold } = await foldedColumns(train, bases, fit)
      const { rows, share, answers } = target
      const columns = columnsAt([...x, ...weekColumns(train)], rows)
      const mean = answers.reduce((sum, n) => sum + n, 0) / rows.length
      const weight = answers.map((n) => n / mean)
      const folds = Uint8Array.from(rows, (r) => fold[r]!)
      const { forests, trees } = await growForests(columns, folds, share, o, fit, weight)
      const soFar = fitShareSoFar(train, target)
      const logits = shareSoFarOf(soFar, train).map(logitOf)
      const parts = [trees, Float64Array.from(rows, (r) => logits[r]!)]
      const mixture = fitMixture(parts, share, Int32Array.from(rows.keys()), weight)
      const head = stackHead(id, train, bases, run)
      const features = [...head.features, ...WEEK_FEATURES]
      return {
        ...head,
        features,
        scope,
        horizon: WEEK_MS,
        targets: rows.length,
        share: soFar,
        mixture,
        ...all,
        forests,
      }
    },
    async predict(artefact, log, run) {
      const { x } = await stackColumns(artefact, bases, log, run)
      const trees = treeLogits(artefact.forests, [...x, ...weekColumns(log)], log.size)
      return mixed(artefact.mixture, [trees, shareSoFarOf(artefact.share, log).map(logitOf)], log.size).map(chance)
    },
    encode: (artefact) => encodeStack(artefact, bases),
    parse: (bytes) =>
      parseStack<WeekArtefact>(
        id,
        bytes,
        bases,
        (json) => {
          if (json.scope !== scope || json.horizon !== WEEK_MS || !Number.isInteger(json.targets))
            throw new Error(`The artefact of learner "${id}" is of another week than this version's. Fit it again.`)
          const { share, mixture: m } = json
          const numbers = [share?.mean, share?.imaginary, m?.scale, m?.bias, ...(m?.shares ?? [])]
          if (m?.shares?.length !== 2 || !numbers.every(Number.isFinite))
            throw new Error(`The artefact of learner "${id}" is damaged: its mixture does not fit. Fit it again.`)
        },
        WEEK_FEATURES,
      ),
  }
}

/** Shares to be expected after some rows of a log, in their order; only these are taken through the trees. */
export async function weekRows(
  artefact: WeekArtefact,
  bases: readonly Base[],
  log: AnswerLog,
  rows: Int32Array,
  run: FitRun,
): Promise<Float64Array> {
  const { x } = await stackColumns(artefact, bases, log, run)
  const trees = treeLogits(artefact.forests, columnsAt([...x, ...weekColumns(log)], rows), rows.length)
  const soFar = shareSoFarOf(artefact.share, log)
  const parts = [trees, Float64Array.from(rows, (r) => logitOf(soFar[r]!))]
  return mixed(artefact.mixture, parts, rows.length).map(chance)
}

/** What the stream serves beside mastery, by topic. */
export const TREES_WEEK = weekLearner('topics', BASES, {}, 'trees-week')
