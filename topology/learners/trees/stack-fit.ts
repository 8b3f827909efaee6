import type { AnswerLog } from '../../evaluation/answer-log.ts'
import { trainingCut } from '../../evaluation/fingerprint.ts'
import type { FitRun } from '../../evaluation/learner.ts'
import type { Base } from './bases.ts'
import type { BoostOptions } from './boost.ts'
import { HISTORY_FEATURES } from './history.ts'
import { Units } from './units.ts'

export interface StackOptions extends BoostOptions {
  folds: number
  /** Forests per fold, drawn apart. */
  perFold: number
}

export function featureNames(bases: readonly Base[]): string[] {
  return [...bases.flatMap((b) => [`${b.learner.id}_logit`, ...b.more]), ...HISTORY_FEATURES]
}

/** A fit over a stack while it is made: what is kept of it, and how far it is. */
export class StackFit {
  readonly run: FitRun
  readonly quiet: FitRun
  readonly folds: number
  readonly units: Units
  private readonly steps: number
  private done = 0

  private constructor(run: FitRun, folds: number, steps: number, units: Units) {
    this.run = run
    this.quiet = { seed: run.seed, ...(run.signal ? { signal: run.signal } : {}) }
    this.folds = folds
    this.steps = steps
    this.units = units
  }

  /** @param more changes with whatever else changes a unit's bytes */
  static async open(
    log: AnswerLog,
    bases: readonly Base[],
    o: StackOptions,
    run: FitRun,
    more: readonly unknown[] = [],
  ) {
    const folds = Math.max(1, Math.min(o.folds, log.students.length))
    const { data_sha256: answers } = trainingCut(log, '')
    const units = await Units.open(run, JSON.stringify([featureNames(bases), o, run.seed, answers, ...more]))
    return new StackFit(run, folds, (folds === 1 ? 1 : folds + 1) * bases.length + folds * o.perFold, units)
  }

  /** `part` of the step at hand. */
  told(phase: string, loss?: number, part = 0): void {
    const lost = loss === undefined ? {} : { loss }
    this.run.progress?.({ phase, done: this.done + part, total: this.steps, ...lost })
  }

  step(): void {
    this.done++
  }
}
