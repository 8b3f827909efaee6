import { describe, expect, it } from 'vitest'
import type { Answer } from './answer-log.ts'
import { historyOf } from './history.ts'
import { learningCurve } from './learning-curve.ts'
import { byColumn, byHistory, byTopic, sliceScores, withoutFirstEncounters } from './slices.ts'
import { logOf } from './testing/answers.ts'

const row = (n: number, student: string, topics: string[], correct: boolean, bundle: string | null = null): Answer => ({
  student,
  item: null,
  topics,
  correct,
  at: Number.NaN,
  bundle,
  row: n,
})

const log = logOf([
  row(0, 'ann', ['sums'], true),
  row(1, 'ann', ['sums'], false, 'test'),
  row(2, 'ann', ['areas', 'sums'], true, 'test'),
  row(3, 'bob', ['sums'], false),
  row(4, 'ann', ['areas'], true),
])

describe('history', () => {
  it('counts earlier bundles of the same student, and the topic that was met least', () => {
    const { answers, opportunities } = historyOf(log)
    expect([...log.row]).toEqual([0, 1, 2, 4, 3])
    expect([...answers]).toEqual([0, 1, 1, 3, 0])
    // Row 2 has met sums once and areas never; its bundle-mate does not count.
    expect([...opportunities]).toEqual([0, 1, 0, 1, 0])
  })
})

describe('slices', () => {
  const named = (slices: { name: string; rows: Int32Array }[]) => slices.map((s) => [s.name, ...s.rows])

  it('are the rows that their name says', () => {
    const history = historyOf(log)
    expect(named(byHistory(history))).toEqual([
      ['0', 0, 4],
      ['1 to 4', 1, 2, 3],
    ])
    expect([...withoutFirstEncounters(history).rows]).toEqual([1, 3])
    expect(named(byTopic(log))).toEqual([
      ['sums', 0, 1, 2, 4],
      ['areas', 2, 3],
    ])
    expect(named(byColumn(log, ['a', 'b', 'a', 'b', 'a']))).toEqual([
      ['a', 0, 2, 3],
      ['b', 1, 4],
    ])
  })

  it('are measured by themselves', () => {
    const s = sliceScores(log.correct, Float64Array.of(0.9, 0.2, 0.6, 0.1, 0.8), byTopic(log)[0]!)
    // Rows 0, 1, 2, 4 of the log: right .9, wrong .2, right .6, wrong .8.
    expect(s.auc).toBe(0.75)
    expect(s.accuracy).toBe(0.75)
    expect(s.mean_p).toBeCloseTo(0.625, 12)
  })
})

describe('learning curve', () => {
  it('has the observed and the predicted error of each opportunity that enough rows have', () => {
    const many = logOf(
      Array.from({ length: 40 }, (_, s) => [
        row(3 * s, `s${s}`, ['sums'], s % 2 === 0),
        row(3 * s + 1, `s${s}`, ['sums'], s % 4 !== 0),
        ...(s < 5 ? [row(3 * s + 2, `s${s}`, ['sums'], true)] : []),
      ]).flat(),
    )
    const p = Float64Array.from({ length: many.size }, () => 0.7)
    const curve = learningCurve(many, historyOf(many), [p])
    expect(curve.map((c) => [c.opportunity, c.n, c.error])).toEqual([
      [1, 40, 0.5],
      [2, 40, 0.25],
    ])
    expect(curve[0]!.predicted[0]).toBeCloseTo(0.3, 12)
  })
})
