import { describe, expect, it } from 'vitest'
import { answersOf, logOf } from '../../evaluation/testing/answers.ts'
import { type Counts, logOf as logarithm, walk } from './counts.ts'
import { PFA, type PfaWeights } from './learner.ts'

const none = { seed: 1, answers: 0, students: 0, model: 'pfa', learner: 'pfa' }

describe('counts', () => {
  it('are of earlier bundles of the same student', () => {
    const log = logOf(answersOf(8, { students: 6, answers: 25 }))
    walk(log, (r, c: Counts) => {
      const before = [...log.row.keys()].filter(
        (o) => log.student[o] === log.student[r] && log.bundle[o]! < log.bundle[r]!,
      )
      const right = before.filter((o) => log.correct[o] === 1)
      expect([c.right, c.wrong]).toEqual([right.length, before.length - right.length])
      const t = log.topic[log.topicStart[r]!]!
      const onTopic = before.filter((o) => log.topic.subarray(log.topicStart[o], log.topicStart[o + 1]).includes(t))
      expect(c.topicRight[t]! + c.topicWrong[t]!).toBe(onTopic.length)
      const i = log.item[r]!
      if (i >= 0) expect(c.itemRight[i]! + c.itemWrong[i]!).toBe(before.filter((o) => log.item[o] === i).length)
    })
  })
})

describe('performance factors analysis', () => {
  const answer = (row: number, correct: boolean) => ({
    student: 'ann',
    item: 'a',
    topics: ['sums'],
    correct,
    at: Number.NaN,
    row,
  })

  it('adds up bias, easiness and weighted log counts', async () => {
    const weights: PfaWeights = {
      ...none,
      shared: [
        ['bias', 0.1],
        ['right', 0.02],
        ['wrong', -0.03],
        ['topic_right', 0.4],
        ['topic_wrong', -0.2],
        ['item_right', 0.5],
        ['item_wrong', -0.6],
      ],
      items: [['a', 0.7]],
      topics: [['sums', -0.3]],
      topic_right: [['sums', 0.08]],
      topic_wrong: [['sums', -0.09]],
    }
    const p = await PFA.predict(weights, logOf([answer(0, true), answer(1, false), answer(2, true)]), { seed: 1 })
    const one = Math.log(2)
    const z = [
      0.1 + 0.7 - 0.3,
      0.1 + 0.7 - 0.3 + one * (0.02 + 0.4 + 0.5 + 0.08),
      0.1 + 0.7 - 0.3 + one * (0.02 + 0.4 + 0.5 + 0.08 - 0.03 - 0.2 - 0.6 - 0.09),
    ]
    for (const [i, v] of z.entries()) expect(p[i]).toBeCloseTo(1 / (1 + Math.exp(-v)), 12)
  })

  it('takes logs of counts beyond its table', () => {
    expect(logarithm(3)).toBeCloseTo(Math.log(4), 15)
    expect(logarithm(10_000)).toBe(Math.log(10_001))
  })

  it('is at the bottom: the mean prediction is the rate of right answers', async () => {
    const log = logOf(answersOf(9, { students: 40, answers: 30 }))
    const p = await PFA.predict(await PFA.fit(log, { seed: 1 }), log, { seed: 1 })
    const rate = log.correct.reduce((a, b) => a + b, 0) / log.size
    // The bias's gradient is at most 0.05 in units of a standard error: 0.05 / (2 sqrt(1200)).
    expect(Math.abs(p.reduce((a, b) => a + b, 0) / log.size - rate)).toBeLessThan(0.001)
  })

  it('stops when it is told to', () => {
    const signal = AbortSignal.abort(new Error('enough'))
    expect(() => PFA.fit(logOf(answersOf(9, { students: 9, answers: 9 })), { seed: 1, signal })).toThrow('enough')
  })
})
