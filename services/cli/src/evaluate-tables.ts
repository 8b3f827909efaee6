import type { Evaluation } from '@mastery/topology/evaluation/evaluation.ts'
import { table } from './tables.ts'

const f = (x: number | null, digits = 4) => (x === null || Number.isNaN(x) ? '-' : x.toFixed(digits))
const n = (x: number) => x.toLocaleString('en')
const signed = (x: number) => (Number.isNaN(x) ? '-' : `${x >= 0 ? '+' : ''}${x.toFixed(4)}`)

/** Quality per model, as a person reads it. */
export function evaluationTable({ models, data, protocol }: Evaluation): string {
  const { test } = data
  const how =
    protocol.kind === 'prequential'
      ? 'each predicted by the stream before it was seen'
      : protocol.kind === 'students kept aside'
        ? 'who were kept from the fits'
        : protocol.folds === null
          ? `fitted on ${data.train ? `${n(data.train.answers)} answers of ${n(data.train.students)} students` : 'nothing here'}`
          : `${protocol.folds}-fold cross-validation over students`
  return `${n(test.answers)} answers of ${n(test.students)} students, ${how}; ${protocol.level * 100} % intervals over ${n(protocol.draws)} draws of students.\n${table(
    ['model', 'AUC', 'low', 'high', 'accuracy', 'RMSE', 'log loss', 'Brier', 'ECE', 'AUC later', 'fit'],
    Object.entries(models).map(([id, m]) => [
      id,
      f(m.auc),
      f(m.auc_low),
      f(m.auc_high),
      f(m.accuracy),
      f(m.rmse),
      f(m.log_loss),
      f(m.brier),
      f(m.ece),
      f(m.auc_without_first_encounters),
      m.fit_seconds === null ? '-' : `${f(m.fit_seconds, 1)} s`,
    ]),
  )}AUC later: without rows at which the student meets a topic for the first time.\n`
}

/** Paired differences, each against each; nothing where there is one model only. */
export function comparisonTable({ comparisons }: Evaluation): string {
  if (comparisons.length === 0) return ''
  return `Differences on the same draws of students:\n${table(
    ['first', 'less', 'AUC', 'low', 'high', 'clear of zero', 'log loss', 'low', 'high', 'clear of zero'],
    comparisons.map(({ first, second, auc, log_loss }) => [
      first,
      second,
      ...[auc, log_loss].flatMap((d) => [
        signed(d.difference),
        signed(d.low),
        signed(d.high),
        d.clear_of_zero ? 'yes' : 'no',
      ]),
    ]),
  )}`
}

/** AUC and log loss per period, of what was predicted over time. */
export function periodTable({ slices, models }: Evaluation): string {
  const ids = Object.keys(models)
  return Object.entries(slices.groups)
    .map(([name, { slices: periods }]) => {
      const rows = periods.map((s) => [
        s.name,
        n(s.n),
        n(s.students),
        ...ids.flatMap((id) => [f(s.models[id]!.auc, 3), f(s.models[id]!.log_loss, 3)]),
      ])
      return `Over time:\n${table([name, 'answers', 'students', ...ids.flatMap((id) => [`${id} AUC`, 'log loss'])], rows)}`
    })
    .join('')
}
