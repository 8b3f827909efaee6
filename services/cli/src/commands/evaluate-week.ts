import { cpus } from 'node:os'
import { resolve } from 'node:path'
import { SCOPES, type Scope } from '@mastery/topology/evaluation/week/target.ts'
import { type AnswerValues, answerFiles } from '../answer-files.ts'
import { type Io, UsageError } from '../command.ts'
import { PhaseProgress } from '../evaluate-progress.ts'
import { signalled } from '../signals.ts'
import { weekComparisons, weekTable } from '../week-tables.ts'
import { positive } from './simulate.ts'

export const WEEK_OPTIONS = {
  target: { type: 'string' },
  scope: { type: 'string' },
} as const

interface Values extends AnswerValues {
  target?: string | undefined
  scope?: string | undefined
  folds?: string | undefined
  models?: string | undefined
  predictions?: string | undefined
  seed?: string | undefined
  draws?: string | undefined
  threads?: string | undefined
  json?: boolean | undefined
}

const REFUSED = ['load', 'compare', 'report', 'save', 'by'] as const

/** `evaluate --target week`: forecasts of the accuracy over the next week. */
export async function evaluateWeek(io: Io, values: Values, models: readonly string[]): Promise<number> {
  if (values.target !== 'week')
    throw new UsageError(`--target is "${values.target}"; give week, or leave it out for the next answer.`)
  const stray = REFUSED.find((name) => (values as Record<string, unknown>)[name] !== undefined)
  if (stray) throw new UsageError(`--target week takes no --${stray}: leave it out.`)
  if (!values.train) throw new UsageError('--train is missing: forecasts are fitted on it.')
  if (values.test === undefined && values.folds === undefined)
    throw new UsageError('Give --test FILE, or --folds K for cross-validation over the students of --train.')
  if (values.test && values.folds)
    throw new UsageError('Give --test or --folds: with --test all students of --train are fitted on.')
  const folds = positive('folds', values.folds, 1)
  if (values.folds && folds < 2) throw new UsageError('--folds must be 2 or more.')
  const scope = scopeOf(values.scope)
  const files = answerFiles(values, io)
  const { runWeekEvaluation, forecastsCsv } = await import('@mastery/jobs/src/evaluate/week-run.ts')
  const stop = new AbortController()
  void signalled().then((signal) => stop.abort(new Error(`Ended by ${signal}; no file was written.`)))
  const progress = new PhaseProgress(io.err)
  const result = await runWeekEvaluation({
    ...files,
    ...{ folds, models, scope },
    seed: positive('seed', values.seed, 1),
    draws: positive('draws', values.draws, 1000),
    threads: positive('threads', values.threads, Math.min(4, cpus().length)),
    signal: stop.signal,
    onProgress: (phase, fraction, detail) => progress.show(phase, fraction, detail),
  }).finally(() => progress.end())
  const { evaluation } = result
  if (values.predictions) {
    const { writeWhole } = await import('@mastery/jobs/src/evaluate/write.ts')
    writeWhole(resolve(io.cwd, values.predictions), forecastsCsv(result))
  }
  const { students_in_both: both, test } = evaluation.data
  if (both > 0) io.err.write(`${both} students are in --train and in --test: figures are too good.\n`)
  if (test.rejected > 0) io.err.write(`${test.rejected} rows could not be read and were left out.\n`)
  if (values.json) io.out(`${JSON.stringify(evaluation)}\n`)
  else io.out(`${weekTable(evaluation)}${weekComparisons(evaluation)}`)
  return 0
}

function scopeOf(given: string | undefined): Scope {
  const scope = SCOPES.find((s) => s === (given ?? 'all'))
  if (!scope) throw new UsageError(`--scope is "${given}"; give one of ${SCOPES.join(', ')}.`)
  return scope
}
