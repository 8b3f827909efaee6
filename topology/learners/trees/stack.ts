import { type AnswerLog, studentStarts, studentsOf } from '../../evaluation/answer-log.ts'
import type { FitRun } from '../../evaluation/learner.ts'
import { hash53 } from '../../events/hash.ts'
import { type Base, logitOf } from './bases.ts'
import { addLogits, type Columns, type Forest } from './forest.ts'
import { growForests } from './grow-forests.ts'
import { historyColumns } from './history.ts'
import { type ItemStats, itemStats } from './item-stats.ts'
import { askedLog } from './labels.ts'
import { featureNames, StackFit, type StackOptions } from './stack-fit.ts'

/** Trees over other models' predictions, with those models. */
export interface Stack {
  /** Artefact of each base, fitted on all answers. */
  bases: unknown[]
  stats: ItemStats
  /** Of each fold, stopped by that fold's students; the prediction is the mean of their logits. */
  forests: Forest[]
}

/** What each part says of training rows whose students it was not fitted on, in logits. */
export interface OutOfFold {
  fold: Uint8Array
  /** In the order of the bases. */
  bases: Float64Array[]
  trees: Float64Array
}

/** What people judged, as rows beside the answers. */
export interface AskedColumns {
  x: Float32Array[]
  fold: Uint8Array
  value: Float64Array
  weight: number
}

/** Columns of training rows, each made without its row's student, with the fold of every row. */
export interface Folded {
  /** Null where nothing was judged. */
  asked: AskedColumns | null
  /** Fitted on all answers. */
  all: Pick<Stack, 'bases' | 'stats'>
  x: Float32Array[]
  logits: Float64Array[]
  fold: Uint8Array
}

/**
 * Trees that learn from the answers themselves. Each model and each forest is a unit of the checkpoint.
 */
export async function fitStack(
  log: AnswerLog,
  bases: readonly Base[],
  o: StackOptions,
  run: FitRun,
): Promise<Stack & { outOfFold: OutOfFold }> {
  const fit = await StackFit.open(log, bases, o, run, run.labels === undefined ? [] : [run.labels])
  const { all, x, logits, fold, asked } = await foldedColumns(log, bases, fit)
  if (asked === null) {
    const { forests, trees } = await growForests(x, fold, log.correct, o, fit)
    return { ...all, forests, outOfFold: { fold, bases: logits, trees } }
  }
  const n = log.size
  const both = <T extends Float32Array | Uint8Array | Float64Array>(
    into: T,
    a: ArrayLike<number>,
    b: ArrayLike<number>,
  ) => {
    into.set(a)
    into.set(b, n)
    return into
  }
  const size = n + asked.value.length
  const columns = x.map((c, f) => both(new Float32Array(size), c, asked.x[f]!))
  const folds = both(new Uint8Array(size), fold, asked.fold)
  const target = both(new Float64Array(size), log.correct, asked.value)
  const weight = new Float64Array(size).fill(1).fill(asked.weight, n)
  const { forests, trees } = await growForests(columns, folds, target, o, fit, weight)
  return { ...all, forests, outOfFold: { fold, bases: logits, trees: trees.slice(0, n) } }
}

/**
 * Every feature that could have seen a row's answer is made without its student: students are dealt into folds, and the
 * models, the item rates and the successions behind the features of a fold's rows are of the other folds.
 */
export async function foldedColumns(log: AnswerLog, bases: readonly Base[], fit: StackFit): Promise<Folded> {
  const { run, folds, quiet, units } = fit
  const { fold, ofStudent } = dealt(log, folds, run.seed)
  const x = featureNames(bases).map(() => new Float32Array(log.size))
  const logits = bases.map(() => new Float64Array(log.size))
  const fitBases = async (train: AnswerLog, name: string) => {
    const fitted: unknown[] = []
    for (const b of bases) {
      run.signal?.throwIfAborted()
      let made: unknown
      const { bytes, fresh } = await units.unit(async () => {
        made = await b.learner.fit(train, quiet)
        return b.learner.encode(made)
      })
      fitted.push(fresh ? made : b.learner.parse(bytes))
      fit.step()
      fit.told(`${b.learner.id} ${name}`)
    }
    return { bases: fitted, stats: itemStats(train) }
  }
  const asked = run.labels === undefined || run.labels.weight <= 0 ? null : askedLog(log, run.labels.labels)
  const askedX = x.map(() => new Float32Array(asked?.value.length ?? 0))
  const all = await fitBases(log, 'on all')
  for (let k = 0; k < folds; k++) {
    const mine = (s: number) => ofStudent[s] === k
    const fitted =
      folds === 1
        ? all
        : await fitBases(
            studentsOf(log, (s) => !mine(s)),
            `without fold ${k + 1}`,
          )
    const part = await stackColumns(fitted, bases, studentsOf(log, mine), quiet)
    let from = 0
    for (let r = 0; r < log.size; r++) {
      if (fold[r] !== k) continue
      for (let f = 0; f < x.length; f++) x[f]![r] = part.x[f]![from]!
      for (let b = 0; b < bases.length; b++) logits[b]![r] = part.logits[b]![from]!
      from++
    }
    if (asked !== null) {
      const labelled = Int32Array.from(asked.student.keys()).filter((i) => mine(asked.student[i]!))
      const own = studentsOf(asked.log, (i) => mine(asked.student[i]!))
      const { x: said } = await stackColumns(fitted, bases, own, quiet)
      const last = studentStarts(own)
      labelled.forEach((i, at) => {
        for (let f = 0; f < x.length; f++) askedX[f]![i] = said[f]![last[at + 1]! - 1]!
      })
    }
  }
  if (asked === null || asked.value.length === 0) return { all, x, logits, fold, asked: null }
  const ofAsked = Uint8Array.from(asked.student, (s) => ofStudent[s]!)
  return { all, x, logits, fold, asked: { x: askedX, fold: ofAsked, value: asked.value, weight: run.labels!.weight } }
}

/** Folds of equal numbers of students, in the order of their names' hashes. */
function dealt(log: AnswerLog, folds: number, seed: number): { fold: Uint8Array; ofStudent: Uint8Array } {
  const hashes = log.students.map((name) => hash53(`${seed}\u001f${name}`))
  const ofStudent = new Uint8Array(log.students.length)
  const order = [...hashes.keys()].sort((a, b) => hashes[a]! - hashes[b]! || a - b)
  order.forEach((s, i) => {
    ofStudent[s] = i % folds
  })
  return { fold: Uint8Array.from(log.student, (s) => ofStudent[s]!), ofStudent }
}

/** Features of every row, in the order of `featureNames`, and the logits of each base. */
export async function stackColumns(
  fitted: Pick<Stack, 'bases' | 'stats'>,
  bases: readonly Base[],
  log: AnswerLog,
  run: FitRun,
): Promise<{ x: Columns; logits: Float64Array[] }> {
  const x: Float32Array[] = []
  const logits: Float64Array[] = []
  for (const [i, b] of bases.entries()) {
    const { p, more } = await b.columns(fitted.bases[i], log, run)
    const z = p.map(logitOf)
    logits.push(z)
    x.push(Float32Array.from(z), ...more)
  }
  return { x: [...x, ...historyColumns(log, fitted.stats)], logits }
}

/** Mean of the forests' logits. */
export function treeLogits(forests: readonly Forest[], x: Columns, size: number): Float64Array {
  const out = new Float64Array(size)
  for (const f of forests) addLogits(f, x, out, 1 / forests.length)
  return out
}
