import { describe, expect, it } from 'vitest'
import { flatGraph } from '../progress/graph.ts'
import { Random } from '../school/random.ts'
import { stretchesOf } from './history.ts'
import { NO_DECAYS } from './learned.ts'
import { difference, type LoggedChoice, offPolicy } from './off-policy.ts'
import { evaluateRecommendations } from './simulation/evaluate.ts'

const RUN = { seed: 1, draws: 200 }

/** A world of three candidates whose mean rewards are known. */
const MEANS = [0.1, 0.4, 0.8]
const LOG = [0.6, 0.3, 0.1]
const TARGET = [0.1, 0.2, 0.7]
const TRUE = MEANS.reduce((s, m, a) => s + TARGET[a]! * m, 0)

function logged(seed: number, n: number, model: readonly number[]): LoggedChoice[] {
  const random = new Random(seed)
  const under = model.reduce((s, m, a) => s + TARGET[a]! * m, 0)
  return Array.from({ length: n }, (_, i) => {
    const a = random.weighted(LOG)
    const reward = random.chance(MEANS[a]!) ? 1 : 0
    return {
      student: i % 50,
      reward,
      propensity: LOG[a]!,
      target: TARGET[a]!,
      expected: model[a]!,
      expectedUnderTarget: under,
    }
  })
}

describe('off-policy estimates', () => {
  it('are right on average, doubly robust ones also with a model that is wrong', () => {
    const sums = { ips: 0, snips: 0, dr: 0, wrong: 0 }
    const spread = { ips: 0, dr: 0 }
    const runs = 200
    for (let seed = 1; seed <= runs; seed++) {
      const right = offPolicy(logged(seed, 500, MEANS), { seed: 1, draws: 1 }).estimates
      const wrong = offPolicy(logged(seed, 500, [0.9, 0.1, 0.2]), { seed: 1, draws: 1 }).estimates
      sums.ips += right.ips.value / runs
      sums.snips += right.snips.value / runs
      sums.dr += right.dr.value / runs
      sums.wrong += wrong.dr.value / runs
      spread.ips += (right.ips.value - TRUE) ** 2
      spread.dr += (right.dr.value - TRUE) ** 2
    }
    for (const mean of Object.values(sums)) expect(Math.abs(mean - TRUE)).toBeLessThan(0.02)
    expect(spread.dr).toBeLessThan(spread.ips)
  })

  it('of the exact expectation over what the log could have drawn are the value itself', () => {
    // Each candidate once per ten thousandths of its probability: the log's expectation, without chance.
    const choices = LOG.flatMap((p, a) =>
      Array.from(
        { length: Math.round(1000 * p) },
        (): LoggedChoice => ({
          student: 0,
          reward: MEANS[a]!,
          propensity: p,
          target: TARGET[a]!,
          expected: 0.5,
          expectedUnderTarget: 0.5,
        }),
      ),
    )
    const { estimates } = offPolicy(choices, RUN)
    for (const by of ['ips', 'snips', 'dr'] as const) expect(estimates[by].value).toBeCloseTo(TRUE, 12)
    expect(estimates.greatest).toBeCloseTo(7, 12)
    expect(estimates.effective).toBeCloseTo(
      (1000 * 1000) / LOG.reduce((s, p, a) => s + 1000 * p * (TARGET[a]! / p) ** 2, 0),
      9,
    )
  })

  it('draw students whole: copies of one student make no interval narrower', () => {
    const once = logged(3, 400, MEANS)
    const twice = [...once, ...once]
    const width = (c: LoggedChoice[]) => {
      const { ips } = offPolicy(c, RUN).estimates
      return ips.high - ips.low
    }
    expect(width(twice)).toBeCloseTo(width(once), 12)
  })

  it('differ by nothing from themselves, and refuse a log that tried nothing', () => {
    const r = offPolicy(logged(4, 300, MEANS), RUN)
    expect(difference(r, r, 'dr')).toEqual({ value: 0, low: 0, high: 0 })
    const [first] = logged(4, 1, MEANS)
    expect(() => offPolicy([{ ...first!, propensity: 0 }], RUN)).toThrow(/propensity 0/)
  })
})

describe('stretches of practice in a history', () => {
  const MINUTE = 60_000
  const answer = (minutes: number, item: string, correct: boolean, mastery = 0.5) => ({
    topic: 'a',
    mastery,
    asOf: minutes * MINUTE,
    at: minutes * MINUTE,
    item,
    correct,
    expected: 0.5,
  })

  it('end at a pause or after eight answers, count first tries, and know only what came before', () => {
    const graph = flatGraph(['a'])
    const first = [0, 1, 2, 3].map((i) => answer(i, `q${i}`, i > 1, 0.2 + 0.1 * i))
    const again = answer(4, 'q0', true, 0.9)
    const later = [100, 101, 102].map((m, i) => answer(m, `r${i}`, true))
    const long = Array.from({ length: 12 }, (_, i) => answer(300 + i, `s${i}`, i >= 4))
    const found = stretchesOf([...first, again, ...later, ...long], graph, NO_DECAYS, () => 0.5)
    // The three of minute 100 are too few; of the twelve eight are one stretch and four another.
    expect(found.map((s) => [s.reward.gain, s.reward.weight])).toEqual([
      [1, 0.5],
      [1, 1],
      [0, 0.5],
    ])
    expect([...found[0]!.context].slice(0, 7)).toEqual([1, 0.5, 1, 1, 1, 0, 0])
    expect(found[1]!.context[6]).toBeCloseTo(8 / 18, 12)
  })
})

describe('evaluation on the simulated school', () => {
  const options = { students: 160, seed: 4, stretches: 30, draws: 200, mastered: 0.7, ready: 0.6 }
  const found = evaluateRecommendations(options)
  const of = (id: string) => found.policies.find((p) => p.policy === id)!

  it('estimates what each policy is worth, to within its interval twice over', () => {
    for (const { policy, estimates, truth } of found.policies)
      for (const by of ['ips', 'snips', 'dr'] as const) {
        const { value, low, high } = estimates[by]
        const errors = Math.abs(value - truth.reward) / ((high - low) / 3.92)
        expect([policy, by, errors < 4]).toEqual([policy, by, true])
      }
    // Over all policies and estimators together the errors are of the size that the intervals say.
    const all = found.policies.map(({ estimates: { ips }, truth }) => (ips.value - truth.reward) / (ips.high - ips.low))
    expect(Math.abs(all.reduce((s, z) => s + z, 0) / all.length)).toBeLessThan(0.5)
  })

  it('finds what a policy learned from history to be worth more than chance and than the weakest first', () => {
    for (const id of ['linucb', 'thompson'])
      for (const other of ['random', 'weakest-first']) {
        expect(of(id).truth.reward).toBeGreaterThan(of(other).truth.reward + 0.005)
        expect(of(id).truth.gain).toBeGreaterThan(of(other).truth.gain)
      }
    expect(found.rewardAndGain).toBeGreaterThan(0.4)
  })

  it('gives the same for the same seed', () => {
    const small = { ...options, students: 24, draws: 20 }
    expect(evaluateRecommendations(small)).toEqual(evaluateRecommendations(small))
  })
})
