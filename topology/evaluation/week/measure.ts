import type { AnswerLog } from '../answer-log.ts'
import { differenceInterval, type Interval, interval } from '../bootstrap.ts'
import { equalMass } from '../calibration.ts'
import type { Difference } from '../evaluation.ts'
import { historyOf } from '../history.ts'
import { LEAST_P } from '../metrics.ts'
import { byHistory } from '../slices.ts'
import { addSums, drawFigures, emptySums, FIGURES, figuresOf, type Sums } from './draws.ts'
import type { WeekDecile, WeekEvaluation, WeekModel, WeekSlice } from './evaluation.ts'
import type { WeekTarget } from './target.ts'

/** Forecasts, as they came about. */
export interface Forecast extends Pick<WeekModel, 'about' | 'fit_seconds' | 'predict_seconds'> {
  id: string
  /** Per row of the log, in [0, 1]. */
  p: Float64Array
}

export type WeekMeasured = Pick<WeekEvaluation, 'measured' | 'models' | 'comparisons' | 'slices'>

export interface MeasureOptions {
  seed: number
  draws: number
  level: number
  bins: number
}

/** -(y ln p + (1 - y) ln(1 - p)), p held within [1e-15, 1 - 1e-15]. */
export function shareLoss(y: number, p: number): number {
  const q = Math.min(Math.max(p, LEAST_P), 1 - LEAST_P)
  return (y === 0 ? 0 : -y * Math.log(q)) + (y === 1 ? 0 : -(1 - y) * Math.log(1 - q))
}

/** Measures forecasts of the same rows. Gives the share that is done, in between. */
export function* measureWeeks(
  log: AnswerLog,
  target: WeekTarget,
  forecasts: readonly Forecast[],
  o: MeasureOptions,
): Generator<number, WeekMeasured> {
  const { rows, share, answers } = target
  const ps = forecasts.map((f) => Float64Array.from(rows, (r) => f.p[r]!))
  const place = new Map<number, Sums>()
  const all = emptySums(ps.length)
  let least = 0
  for (let i = 0; i < rows.length; i++) {
    const one = sumsOf(i, target, ps)
    const student = log.student[rows[i]!]!
    const sums = place.get(student) ?? emptySums(ps.length)
    place.set(student, sums)
    addSums(sums, one, 1)
    least += answers[i]! * shareLoss(share[i]!, share[i]!)
  }
  const students = [...place.values()]
  for (const s of students) addSums(all, s, 1)
  const drawn = yield* drawFigures(students, ps.length, o)
  const models: Record<string, WeekModel> = {}
  for (const [m, { id, about, fit_seconds, predict_seconds }] of forecasts.entries()) {
    const [rmse, log_loss, r2] = FIGURES.map((f) => interval(drawn[m]![f], o.level)) as [Interval, Interval, Interval]
    const calibration = deciles(target, ps[m]!, o.bins)
    models[id] = {
      about,
      ...figuresOf(all, m),
      ...{ rmse_low: rmse.low, rmse_high: rmse.high },
      ...{ log_loss_low: log_loss.low, log_loss_high: log_loss.high },
      ...{ r2_low: r2.low, r2_high: r2.high },
      mean_p: ps[m]!.reduce((sum, p, i) => sum + answers[i]! * p, 0) / all.weight,
      ece: calibration.reduce((sum, b) => sum + b.week_answers * Math.abs(b.observed - b.expected), 0) / all.weight,
      calibration,
      fit_seconds,
      predict_seconds,
    }
  }
  const mean = all.y / all.weight
  return {
    measured: {
      rows: rows.length,
      students: students.length,
      week_answers: all.weight,
      share: mean,
      deviation: Math.sqrt(Math.max(0, all.yy / all.weight - mean * mean)),
      least_log_loss: least / all.weight,
    },
    models,
    comparisons: forecasts.flatMap((a, i) =>
      forecasts.slice(i + 1).map((b, k) => {
        const of = (f: (typeof FIGURES)[number]): Difference => {
          const { low, high } = differenceInterval(drawn[i]![f], drawn[i + 1 + k]![f], o.level)
          return { difference: models[a.id]![f] - models[b.id]![f], low, high, clear_of_zero: low > 0 || high < 0 }
        }
        return { first: a.id, second: b.id, rmse: of('rmse'), log_loss: of('log_loss'), r2: of('r2') }
      }),
    ),
    slices: slicesOf(log, target, forecasts, ps),
  }
}

/** Of the target's row number i. */
function sumsOf(i: number, { share, answers }: WeekTarget, ps: readonly Float64Array[]): Sums {
  const w = answers[i]!
  const y = share[i]!
  return {
    weight: w,
    y: w * y,
    yy: w * y * y,
    squares: Float64Array.from(ps, (p) => w * (p[i]! - y) * (p[i]! - y)),
    losses: Float64Array.from(ps, (p) => w * shareLoss(y, p[i]!)),
  }
}

/** Bins of about equally many rows by the forecast; means within them are weighted by the weeks' answers. */
function deciles({ share, answers }: WeekTarget, p: Float64Array, bins: number): WeekDecile[] {
  const of = equalMass(p, bins)
  const out = Array.from({ length: bins }, () => ({ rows: 0, week_answers: 0, expected: 0, observed: 0 }))
  for (let i = 0; i < p.length; i++) {
    const b = out[of[i]!]!
    b.rows++
    b.week_answers += answers[i]!
    b.expected += answers[i]! * p[i]!
    b.observed += answers[i]! * share[i]!
  }
  return out
    .filter((b) => b.rows > 0)
    .map((b) => ({ ...b, expected: b.expected / b.week_answers, observed: b.observed / b.week_answers }))
}

function slicesOf(
  log: AnswerLog,
  target: WeekTarget,
  forecasts: readonly Forecast[],
  ps: readonly Float64Array[],
): WeekEvaluation['slices'] {
  const places = new Int32Array(log.size).fill(-1)
  target.rows.forEach((r, i) => {
    places[r] = i
  })
  const slice = (name: string, of: readonly number[]): WeekSlice[] => {
    if (of.length === 0) return []
    const sums = emptySums(ps.length)
    for (const i of of) addSums(sums, sumsOf(i, target, ps), 1)
    const models = forecasts.map(({ id }, m) => {
      const { rmse, log_loss } = figuresOf(sums, m)
      const mean_p = of.reduce((sum, i) => sum + target.answers[i]! * ps[m]![i]!, 0) / sums.weight
      return [id, { rmse, log_loss, mean_p }] as const
    })
    return [
      {
        name,
        rows: of.length,
        students: new Set(of.map((i) => log.student[target.rows[i]!]!)).size,
        week_answers: sums.weight,
        share: sums.y / sums.weight,
        models: Object.fromEntries(models),
      },
    ]
  }
  const all = [...target.rows.keys()]
  return {
    history: byHistory(historyOf(log)).flatMap(({ name, rows }) =>
      slice(
        name,
        [...rows].flatMap((r) => (places[r]! < 0 ? [] : [places[r]!])),
      ),
    ),
    seen_after: [
      ...slice(
        'yes',
        all.filter((i) => target.seenAfter[i] === 1),
      ),
      ...slice(
        'no',
        all.filter((i) => target.seenAfter[i] === 0),
      ),
    ],
  }
}
