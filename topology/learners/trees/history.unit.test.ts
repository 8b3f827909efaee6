import { describe, expect, it } from 'vitest'
import { answersOf, logOf } from '../../evaluation/testing/answers.ts'
import { HISTORY_FEATURES, historyColumns } from './history.ts'
import { itemStats } from './item-stats.ts'

const answer = (row: number, item: string, topic: string, correct: boolean, at: number, student = 'ann') => ({
  student,
  item,
  topics: [topic],
  correct,
  at,
  row,
})

describe('history features', () => {
  const log = logOf([
    answer(0, 'a', 'sums', true, 0),
    answer(1, 'b', 'sums', false, 60_000),
    answer(2, 'c', 'angles', true, 120_000),
    answer(3, 'a', 'sums', true, 180_000),
  ])
  const columns = historyColumns(log, itemStats(log))
  const of = (name: (typeof HISTORY_FEATURES)[number], r: number) => columns[HISTORY_FEATURES.indexOf(name)]![r]!

  it('say nothing of a student who has not answered', () => {
    for (const name of ['ewma_50', 'topic_last_1', 'item_last', 'item_since', 'gap', 'run_share'] as const)
      expect(of(name, 0)).toBeNaN()
    expect(of('right', 0)).toBe(0)
  })

  it('are what a calculator says', () => {
    expect(of('right', 3)).toBeCloseTo(Math.log(3), 6)
    expect(of('wrong', 3)).toBeCloseTo(Math.log(2), 6)
    expect(of('topic_right', 3)).toBeCloseTo(Math.log(2), 6)
    expect(of('ewma_50', 3)).toBeCloseTo(0.5 * 0.5 + 0.5, 6)
    expect(of('topic_ewma_90', 3)).toBeCloseTo(0.9, 6)
    expect([of('topic_last_1', 3), of('topic_last_2', 3), of('topic_last_3', 3)]).toEqual([0, 1, Number.NaN])
    expect([of('item_right', 3), of('item_wrong', 3), of('item_last', 3)]).toEqual([1, 0, 1])
    expect(of('item_since', 3)).toBeCloseTo(Math.log(4), 6)
    expect([of('streak', 2), of('streak', 3)]).toEqual([-1, 1])
    expect([of('last_same_topic', 1), of('last_same_topic', 2)]).toEqual([1, 0])
    expect([of('run_share', 1), of('run_share', 2)]).toEqual([1, Number.NaN])
    expect(of('gap', 3)).toBeCloseTo(Math.log(61), 5)
    expect(of('topic_gap', 3)).toBeCloseTo(Math.log(121), 5)
  })

  it('count what was answered in earlier bundles of the same student, and nothing else', () => {
    const made = logOf(answersOf(8, { students: 8, answers: 25 }))
    const x = historyColumns(made, itemStats(made))
    for (let r = 0; r < made.size; r++) {
      const before = [...made.row.keys()].filter(
        (o) => made.student[o] === made.student[r] && made.bundle[o]! < made.bundle[r]!,
      )
      const right = before.filter((o) => made.correct[o] === 1).length
      expect(x[HISTORY_FEATURES.indexOf('right')]![r]).toBeCloseTo(Math.log1p(right), 6)
      expect(x[HISTORY_FEATURES.indexOf('wrong')]![r]).toBeCloseTo(Math.log1p(before.length - right), 6)
    }
  })
})

describe('item statistics', () => {
  it('draw rates towards the topic, and the topic towards all', () => {
    const log = logOf([
      ...Array.from({ length: 8 }, (_, i) => answer(i, 'easy', 'sums', true, 0, `s${i}`)),
      ...Array.from({ length: 8 }, (_, i) => answer(8 + i, 'hard', 'angles', false, 0, `s${i}`)),
    ])
    const s = itemStats(log)
    expect(s.mean).toBe(0)
    const rate = (right: number) => (right + 5 * ((right + 2.5) / 13)) / 13
    const logit = (p: number) => Math.log(p / (1 - p))
    expect(s.topics.rate[0]).toBeCloseTo(logit(10.5 / 13), 3)
    expect(s.items.rate[0]).toBeCloseTo(logit(rate(8)), 3)
    expect(s.items.rate[1]).toBeCloseTo(logit(rate(0)), 3)
  })

  it('tell what the answer just before says of an item', () => {
    const rows = Array.from({ length: 40 }, (_, s) => [
      answer(2 * s, 'a', 'sums', s % 2 === 0, 0, `s${s}`),
      answer(2 * s + 1, 'b', 'sums', s % 2 === 0, 0, `s${s}`),
    ]).flat()
    const log = logOf(rows)
    const column = historyColumns(log, itemStats(log))[HISTORY_FEATURES.indexOf('succession')]!
    for (const [r, v] of column.entries()) {
      if (r % 2 === 0) expect(v).toBeNaN()
      // 20 pairs, each 0.5 off the rate, over 20 / 4 + 10 / 4.
      else expect(v).toBeCloseTo((log.correct[r - 1] === 1 ? 1 : -1) * (10 / 7.5), 3)
    }
  })
})
