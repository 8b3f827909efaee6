import type { WeekEvaluation } from '@mastery/topology/evaluation/week/evaluation.ts'
import { table } from './tables.ts'

const f = (x: number, digits = 4) => (Number.isFinite(x) ? x.toFixed(digits) : '-')
const n = (x: number) => x.toLocaleString('en')
const signed = (x: number) => (Number.isFinite(x) ? `${x >= 0 ? '+' : ''}${x.toFixed(4)}` : '-')

/** Quality of each forecast, and how the best one's deciles came out, as a person reads it. */
export function weekTable(e: WeekEvaluation): string {
  const { measured, rows, protocol, data, models } = e
  const left = rows.test
  const how =
    protocol.folds === null && data.train === null
      ? 'whom no fit saw'
      : protocol.folds === null
        ? `fitted on ${n(data.train!.answers)} answers of ${n(data.train!.students)} students`
        : `${protocol.folds}-fold cross-validation over students`
  const out = [
    [left.unfinished, 'less than a week before the data end'],
    [left.empty, 'without an answer in the week'],
    [left.without_clock, 'without a clock'],
    [left.out_of_order, 'with times that run backwards'],
  ] as const
  const said = out.flatMap(([count, why]) => (count > 0 ? [`${n(count)} ${why}`] : []))
  const on = protocol.scope === 'all' ? '' : " on the row's topics"
  const own =
    protocol.clock === 'own'
      ? 'Each student has a clock of their own, so that their data end with their last answer.\n'
      : ''
  return `Accuracy over the ${protocol.days} days after ${n(measured.rows)} answers of ${n(measured.students)} students${on}, ${how}.
Right: ${f(100 * measured.share, 1)} %, deviation of the weeks ${f(100 * measured.deviation, 1)} points. Rows left out: ${said.length > 0 ? said.join(', ') : 'none'}.
${own}${table(
  ['forecast', 'RMSE', 'low', 'high', 'log loss', 'low', 'high', 'R2', 'low', 'high', 'calibration error', 'fit'],
  Object.entries(models).map(([id, m]) => [
    id,
    ...[m.rmse, m.rmse_low, m.rmse_high, m.log_loss, m.log_loss_low, m.log_loss_high].map((x) => f(x)),
    ...[m.r2, m.r2_low, m.r2_high].map((x) => f(x, 3)),
    f(m.ece),
    m.fit_seconds === null ? '-' : `${f(m.fit_seconds, 1)} s`,
  ]),
)}No forecast goes below a log loss of ${f(measured.least_log_loss)}. Weighted by the answers of each week; ${100 * protocol.level} % intervals over ${n(protocol.draws)} draws of students.
${calibrationOf(e)}`
}

function calibrationOf({ models }: WeekEvaluation): string {
  const week = models['week']
  if (!week) return ''
  return `Expected and observed by decile of the forecast "week":\n${table(
    ['decile', 'rows', 'expected', 'observed'],
    week.calibration.map((b, i) => [String(i + 1), n(b.rows), f(b.expected, 3), f(b.observed, 3)]),
  )}`
}

/** Paired differences of the forecast from each of the others. */
export function weekComparisons({ comparisons }: WeekEvaluation, first = 'week'): string {
  const rows = comparisons.filter((c) => c.first === first)
  if (rows.length === 0) return ''
  return `Differences on the same draws of students, below 0 where "${first}" is better:\n${table(
    [`${first} less`, 'RMSE', 'low', 'high', 'clear of zero', 'log loss', 'low', 'high', 'clear of zero'],
    rows.map(({ second, rmse, log_loss }) => [
      second,
      ...[rmse, log_loss].flatMap((d) => [
        signed(d.difference),
        signed(d.low),
        signed(d.high),
        d.clear_of_zero ? 'yes' : 'no',
      ]),
    ]),
  )}`
}
