import { describe, expect, it } from 'vitest'
import type { AnswerLog } from './answer-log.ts'
import { evaluate, type Measured, type Predictions } from './evaluate.ts'
import { scores } from './metrics.ts'
import { auc } from './ranking.ts'
import { byColumn } from './slices.ts'
import { answersOf, logOf } from './testing/answers.ts'

const log = logOf(answersOf(12, { students: 40, answers: 30 }))

function predictions(id: string, p: (correct: number, r: number) => number, of: AnswerLog = log): Predictions {
  return {
    id,
    about: `${id}, for tests`,
    source: 'file',
    p: Float64Array.from(of.correct, p),
    fold: null,
    fit_seconds: null,
    predict_seconds: null,
    artefact_sha256: null,
    artefact_bytes: null,
  }
}

const near = predictions('near', (y, r) => 0.3 + 0.4 * y * ((r * 7) % 3 === 0 ? 0 : 1) + (r % 10) / 100)
const far = predictions('far', (_, r) => 0.4 + ((r * 13) % 17) / 100)
const grades = Array.from({ length: log.size }, (_, row) => (row % 3 === 0 ? 'seven' : 'eight'))

function measured(of: readonly Predictions[]): Measured {
  const groups = new Map([['grade', byColumn(log, grades)]])
  const steps = evaluate(log, of, { seed: 1, draws: 100, level: 0.95, bins: 10, groups })
  let share = 0
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
    expect(step.value).toBeGreaterThanOrEqual(share)
    expect(step.value).toBeLessThanOrEqual(1)
    share = step.value
  }
}

describe('evaluation', () => {
  const { models, comparisons, slices, learning_curves } = measured([near, far])

  it('has the figures of each set of predictions within their intervals', () => {
    for (const { id, p } of [near, far]) {
      const m = models[id]!
      const { accuracy, rmse, log_loss, brier } = scores(log.correct, p)
      expect(m).toMatchObject({ n: log.size, auc: auc(log.correct, p), accuracy, rmse, log_loss, brier })
      expect([m.auc_low, m.auc, m.auc_high]).toEqual([m.auc_low, m.auc, m.auc_high].sort((a, b) => a - b))
      expect([m.log_loss_low, m.log_loss, m.log_loss_high]).toEqual(
        [m.log_loss_low, m.log_loss, m.log_loss_high].sort((a, b) => a - b),
      )
    }
  })

  it('tells apart what is apart, and not what is the same', () => {
    const [c] = comparisons
    expect([c!.first, c!.second]).toEqual(['near', 'far'])
    expect(c!.auc.difference).toBeCloseTo(models['near']!.auc - models['far']!.auc, 12)
    expect(c!.auc.clear_of_zero).toBe(true)
    expect(c!.auc.low).toBeGreaterThan(0)
    expect(c!.log_loss.high).toBeLessThan(0)
    const [same] = measured([near, { ...near, id: 'copy' }]).comparisons
    expect(same!.auc).toEqual({ difference: 0, low: 0, high: 0, clear_of_zero: false })
  })

  it('has every answer in one stretch of history and one group, listed or counted as left out', () => {
    for (const t of [slices.history, slices.groups['grade']!])
      expect(t.slices.reduce((sum, s) => sum + s.n, t.left_out.rows)).toBe(log.size)
    expect(slices.groups['grade']!.slices.map((s) => s.name)).toEqual(['eight', 'seven'])
    const [first] = slices.groups['grade']!.slices
    expect(first!.models['near']!.auc_low).toBeLessThanOrEqual(first!.models['near']!.auc)
    expect(slices.topic.slices.map((s) => s.n)).toEqual(slices.topic.slices.map((s) => s.n).sort((a, b) => b - a))
  })

  it('has learning curves of all models', () => {
    expect(learning_curves[0]!.name).toBe('all topics')
    expect(Object.keys(learning_curves[0]!.points[0]!.predicted)).toEqual(['near', 'far'])
  })

  it('gives the same for the same seed', () => {
    expect(measured([near, far])).toEqual({ models, comparisons, slices, learning_curves })
  })
})
