import { describe, expect, it } from 'vitest'
import { Random } from '../../school/random.ts'
import { scores } from '../metrics.ts'
import { logOf } from '../testing/answers.ts'
import { type Forecast, measureWeeks } from './measure.ts'
import { weekTarget } from './target.ts'
import { answersOverWeeks } from './testing/answers.ts'

const log = logOf(answersOverWeeks(5, 40))
const target = weekTarget(log, 'all')
const O = { seed: 1, draws: 200, level: 0.95, bins: 10 }

const forecast = (id: string, of: (r: number) => number): Forecast => ({
  ...{ id, about: '', fit_seconds: null, predict_seconds: null },
  p: Float64Array.from({ length: log.size }, (_, r) => of(r)),
})

function measured(forecasts: readonly Forecast[], options = O) {
  const steps = measureWeeks(log, target, forecasts, options)
  let step = steps.next()
  while (!step.done) step = steps.next()
  return step.value
}

const random = new Random(2)
const noisy = forecast('noisy', () => 0.05 + 0.9 * random.uniform())
const place = new Map([...target.rows].map((r, i) => [r, i]))
const total = target.answers.reduce((a, b) => a + b, 0)
const mean = target.share.reduce((sum, y, i) => sum + y * target.answers[i]!, 0) / total
const oracle = forecast('oracle', (r) => target.share[place.get(r) ?? 0]!)
const flat = forecast('flat', () => mean)

describe('forecasts of a week', () => {
  const m = measured([oracle, noisy, flat])

  it('have the log loss of the answers of the weeks one by one', () => {
    const y: number[] = []
    const p: number[] = []
    target.rows.forEach((r, i) => {
      const right = Math.round(target.share[i]! * target.answers[i]!)
      for (let k = 0; k < target.answers[i]!; k++) {
        y.push(k < right ? 1 : 0)
        p.push(noisy.p[r]!)
      }
    })
    const one = scores(Uint8Array.from(y), Float64Array.from(p))
    expect(m.measured.week_answers).toBe(y.length)
    expect(m.models['noisy']!.log_loss).toBeCloseTo(one.log_loss, 10)
    expect(m.models['noisy']!.mean_p).toBeCloseTo(one.mean_p, 10)
    expect(m.measured.share).toBeCloseTo(one.rate, 10)
  })

  it('have squared errors weighted by the answers of the weeks', () => {
    let squares = 0
    let spread = 0
    target.rows.forEach((r, i) => {
      squares += target.answers[i]! * (noisy.p[r]! - target.share[i]!) ** 2
      spread += target.answers[i]! * (mean - target.share[i]!) ** 2
    })
    expect(m.models['noisy']!.rmse).toBeCloseTo(Math.sqrt(squares / total), 10)
    expect(m.models['noisy']!.r2).toBeCloseTo(1 - squares / spread, 8)
    expect(m.measured.deviation).toBeCloseTo(Math.sqrt(spread / total), 8)
  })

  it('are at their best when each share is known, and explain nothing when the mean alone is', () => {
    expect(m.models['oracle']!).toMatchObject({ rmse: 0, r2: 1, ece: 0 })
    expect(m.models['oracle']!.log_loss).toBeCloseTo(m.measured.least_log_loss, 12)
    expect(m.models['flat']!.r2).toBeCloseTo(0, 8)
    expect(m.models['flat']!.calibration).toHaveLength(1)
  })

  it('are compared on the same draws of students', () => {
    const [first] = m.comparisons
    expect([first!.first, first!.second]).toEqual(['oracle', 'noisy'])
    // The oracle errs by nothing on any draw: the interval is that of the other one.
    expect(first!.rmse.low).toBeCloseTo(-m.models['noisy']!.rmse_high, 12)
    expect(first!.rmse.high).toBeCloseTo(-m.models['noisy']!.rmse_low, 12)
    expect(first!.rmse.clear_of_zero).toBe(true)
    expect(measured([oracle, noisy, flat])).toEqual(m)
    expect(measured([oracle, noisy, flat], { ...O, seed: 2 }).models['noisy']!.rmse_low).not.toBe(
      m.models['noisy']!.rmse_low,
    )
  })

  it('are cut into slices that hold every row once', () => {
    for (const slices of [m.slices.history, m.slices.seen_after]) {
      expect(slices.reduce((sum, s) => sum + s.rows, 0)).toBe(target.rows.length)
      const squares = slices.reduce((sum, s) => sum + s.week_answers * s.models['noisy']!.rmse ** 2, 0)
      expect(Math.sqrt(squares / total)).toBeCloseTo(m.models['noisy']!.rmse, 10)
    }
  })
})
