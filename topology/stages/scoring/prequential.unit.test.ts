import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BKT, bktLearn, bktPredict } from '../../models/bkt/model.ts'
import { answer, DAY_ZERO, MINUTE, shuffled, troublesomeLog, view, voiding } from '../../testing/learner-log.ts'
import { TopologyDriver } from '../../testing/topology-driver.ts'

const at = (id: string, minutes: number, given: Partial<LearningEvent> = {}) =>
  answer(id, { occurred_at: DAY_ZERO + minutes * MINUTE, ...given })

/** Predictions by event id, as `model p` lines. */
function predictions(events: readonly LearningEvent[]): Map<string, string> {
  const driver = new TopologyDriver().events(...events)
  const found = new Map<string, string>()
  for (const s of driver.scores())
    if (s.predictions.length > 0) {
      expect(found.has(s.event_id)).toBe(false)
      found.set(s.event_id, s.predictions.map((p) => `${p.model} ${p.p}`).join(', '))
    }
  return found
}
const p = (events: readonly LearningEvent[], id: string, model: string): number =>
  Number(new RegExp(`${model} ([^,]+)`).exec(predictions(events).get(id)!)![1])

const B = BKT.defaults.default

describe('predictions are made before the answer', () => {
  it('from the prior at first, then from the earlier answers', () => {
    const log = [at('a', 0), at('b', 1, { score: 0 }), at('c', 2)]
    expect(p(log, 'a', 'bkt')).toBe(bktPredict(B, 0.9))
    const unknown = bktLearn(B, 0.9, true)
    expect(p(log, 'b', 'bkt')).toBe(bktPredict(B, unknown))
    expect(p(log, 'c', 'bkt')).toBe(bktPredict(B, bktLearn(B, unknown, false)))
    expect(p(log, 'a', 'rule')).toBe(0.5)
    expect(p(log, 'a', 'elo')).toBe(0.5)
    expect(p(log, 'a', 'blend')).toBeCloseTo((0.5 + 0.27 + 0.5) / 3, 14)
  })

  it('do not depend on the answer itself', () => {
    const log = (score: number) => [at('a', 0), at('b', 1), at('c', 2, { score, topics: ['algebra', 'ratios'] })]
    expect(predictions(log(1)).get('c')).toBe(predictions(log(0)).get('c'))
  })

  it('of one bundle do not depend on its answers, nor on the order in which they arrive', () => {
    const bundle = (bits: number) =>
      [0, 1, 2, 3].map((i) => at(`q${i}`, 10, { score: (bits >> i) & 1, source_sequence: i, item: `item-${i}` }))
    const expected = predictions([at('a', 0), ...bundle(0)])
    for (let bits = 0; bits < 16; bits++)
      for (const events of [bundle(bits), shuffled(bundle(bits), bits), bundle(bits).reverse()])
        expect(predictions([at('a', 0), ...events])).toEqual(expected)
    expect(new Set([...expected].filter(([id]) => id !== 'a').map(([, line]) => line)).size).toBe(1)
  })

  it('of several topics are the mean over them, before any of them learns', () => {
    const history = [at('a', 0), at('b', 1, { topics: ['ratios'], score: 0 })]
    const both = at('c', 2, { topics: ['ratios', 'algebra'] })
    const alone = (topic: string) => p([...history, { ...both, topics: [topic] }], 'c', 'bkt')
    expect(p([...history, both], 'c', 'bkt')).toBe((alone('algebra') + alone('ratios')) / 2)
    const elo = (topic: string) => p([...history, { ...both, topics: [topic] }], 'c', 'elo')
    expect(p([...history, both], 'c', 'elo')).toBe((elo('algebra') + elo('ratios')) / 2)
  })

  it('take any number of topics', () => {
    const topics = Array.from({ length: 200 }, (_, i) => `topic-${i}`)
    const log = [at('a', 0, { topics }), at('b', 1, { topics: ['topic-130'] })]
    const single = [at('a', 0, { topics: ['topic-130'] }), at('b', 1, { topics: ['topic-130'] })]
    expect(p(log, 'a', 'bkt')).toBeCloseTo(0.27, 12)
    expect(p(log, 'b', 'bkt')).toBe(p(single, 'b', 'bkt'))
    expect(p(log, 'b', 'elo')).toBeCloseTo(p(single, 'b', 'elo'), 12)
  })

  it('of a late answer are made from what was earlier than it, not from what has arrived', () => {
    const late = at('late', 5)
    const log = [at('a', 0), at('b', 10, { score: 0 })]
    expect(predictions([...log, late]).get('late')).toBe(predictions([log[0]!, late, log[1]!]).get('late'))
  })

  it('do not change when the future is shuffled', () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.integer({ min: 10, max: 80 }), (seed, count) => {
        const log = troublesomeLog(seed, count)
        const cut = Math.floor(count / 2)
        const future = log.slice(cut)
        const known = [...predictions(log.slice(0, cut))]
        const again = predictions([...log.slice(0, cut), ...shuffled(future, seed)])
        expect([...again].slice(0, known.length)).toEqual(known)
      }),
      { numRuns: 40, seed: 3 },
    )
  })
})

describe('every opportunity yields one prediction', () => {
  const K = { opportunity_key: 'k' }

  it.each<[string, LearningEvent[], string[]]>([
    ['an answer', [at('a', 0)], ['a']],
    ['an answer and its duplicate', [at('a', 0), at('a', 0)], ['a']],
    ['an answer and a view of it', [at('a', 0), view('v')], ['a']],
    ['two answers', [at('a', 0), at('b', 0)], ['a', 'b']],
    ['browser, then server', [at('a', 0, { ...K, authority: 'client' }), at('b', 1, K)], ['a']],
    ['server, then browser', [at('b', 1, K), at('a', 0, { ...K, authority: 'client' })], ['b']],
    [
      'browser, void, then server',
      [at('a', 0, { ...K, authority: 'client' }), voiding('v', 'a'), at('b', 1, K)],
      ['a'],
    ],
    [
      'an answer that is corrected twice',
      [at('a', 0), at('k', 1, { supersedes: 'a', score: 0 }), at('l', 2, { supersedes: 'a' })],
      ['a'],
    ],
    ['a correction before its answer', [at('k', 1, { supersedes: 'a', score: 0 }), at('a', 0)], ['a']],
    ['a void before its answer', [voiding('v', 'a'), at('a', 0)], []],
    ['ungraded work', [at('a', 0, { score: null })], []],
  ])('%s', (_name, events, expected) => {
    expect([...predictions(events).keys()]).toEqual(expected)
  })

  it('also in a troublesome log, shuffled: as many as there are opportunities, never two for one', () => {
    for (let seed = 0; seed < 20; seed++) {
      const log = shuffled(troublesomeLog(seed, 80), seed)
      const driver = new TopologyDriver().events(...log, ...log)
      const counted = driver.features().filter((f) => f.disposition === 'counted' && f.ops[0]!.topics.length > 0)
      const predicted = driver.scores().filter((s) => s.predictions.length > 0)
      expect(predicted.map((s) => s.event_id)).toEqual(counted.map((f) => f.event_id))
      const keys = new Map(log.map((e) => [e.event_id, `${e.student} ${e.opportunity_key ?? e.event_id}`]))
      expect(new Set(predicted.map((s) => keys.get(s.event_id))).size).toBe(predicted.length)
    }
  })
})
