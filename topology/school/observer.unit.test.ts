import { describe, expect, it } from 'vitest'
import { makeCurriculum } from './curriculum.ts'
import { Observer } from './observer.ts'
import { Random } from './random.ts'
import { ABILITY_SD, CEILING, probability, START, START_SD } from './skill.ts'

const curriculum = makeCurriculum(new Random(1))

interface Answer {
  item: number
  right: boolean
}
const SHARE = 0.03

/** Exact posterior mean by brute force: a grid over (ability, skill at the start); given both, the skill's path is known. */
function exact(answers: Answer[]): number {
  let mass = 0
  let sum = 0
  for (let a = -3.5; a <= 3.5; a += 0.1)
    for (let z = -4; z <= 4; z += 0.1) {
      const ability = a * ABILITY_SD
      let skill = ability + START + START_SD * z
      let w = Math.exp(-(a * a + z * z) / 2)
      for (const { item, right } of answers) {
        const p = probability(curriculum.items[0]![item]!, skill)
        w *= right ? p : 1 - p
        skill += SHARE * (ability + CEILING - skill)
      }
      mass += w
      sum += w * probability(curriculum.average[0]!, skill)
    }
  return sum / mass
}

function observed(answers: Answer[]): number {
  const observer = new Observer(curriculum, 0)
  observer.meet(0)
  for (const { item, right } of answers) {
    observer.answer([0], curriculum.items[0]![item]!, 0, right ? 1 : 0, 1)
    observer.drift(0, SHARE, CEILING, 0)
  }
  return observer.expected(0)!
}

describe('the ideal observer', () => {
  it.each([
    ['all right', 20, () => true],
    ['all wrong', 20, () => false],
    ['alternating', 30, (i: number) => i % 2 === 0],
  ])('agrees with the exact posterior to 0.02: %s', (_, count, rule) => {
    const answers = Array.from({ length: count }, (_, i) => ({ item: (7 * i) % 30, right: rule(i) }))
    expect(Math.abs(observed(answers) - exact(answers))).toBeLessThan(0.02)
  })

  it('is as near the truth as the exact posterior is, to 2 % of the mean squared error, on learners of the model', () => {
    const random = new Random(3)
    let mine = 0
    let best = 0
    let apart = 0
    const learners = 60
    for (let n = 0; n < learners; n++) {
      const ability = ABILITY_SD * random.normal()
      let skill = ability + START + START_SD * random.normal()
      const answers = Array.from({ length: 30 }, (_, i): Answer => {
        const item = (7 * i + n) % 30
        const right = random.chance(probability(curriculum.items[0]![item]!, skill))
        skill += SHARE * (ability + CEILING - skill)
        return { item, right }
      })
      const truth = probability(curriculum.average[0]!, skill)
      const [a, b] = [observed(answers), exact(answers)]
      mine += (a - truth) * (a - truth)
      best += (b - truth) * (b - truth)
      apart += Math.abs(a - b)
    }
    expect(mine).toBeLessThan(1.02 * best)
    expect(apart / learners).toBeLessThan(0.01)
  })

  it('learns about a topic not yet answered from another one, and less than from its own', () => {
    const expectation = (topic: number | null): number => {
      const observer = new Observer(curriculum, 0)
      observer.meet(0)
      observer.meet(4)
      if (topic !== null) for (let i = 0; i < 10; i++) observer.answer([topic], curriculum.items[topic]![i]!, 0, 1, 1)
      return observer.expected(4)!
    }
    expect(expectation(0)).toBeGreaterThan(expectation(null))
    expect(expectation(4)).toBeGreaterThan(expectation(0))
  })

  it('folds an answer in parts as that many answers at once', () => {
    const whole = new Observer(curriculum, 0)
    const item = curriculum.items[0]![3]!
    whole.meet(0)
    whole.answer([0], item, 0, 3, 4)
    const parts = new Observer(curriculum, 0)
    parts.meet(0)
    for (let i = 0; i < 4; i++) parts.answer([0], item, 0, i === 3 ? 0 : 1, 1)
    expect(Math.abs(whole.expected(0)! - parts.expected(0)!)).toBeLessThan(0.01)
  })
})

describe('Random', () => {
  it('is uniform and normal by its first two moments', () => {
    const random = new Random(5)
    const n = 200_000
    let u = 0
    let z = 0
    let zz = 0
    for (let i = 0; i < n; i++) {
      u += random.uniform()
      const x = random.normal()
      z += x
      zz += x * x
    }
    expect(u / n).toBeCloseTo(0.5, 2)
    expect(z / n).toBeCloseTo(0, 1)
    expect(zz / n).toBeCloseTo(1, 1)
  })

  it('tells seeds and streams apart, those beyond 32 bits too', () => {
    const first = [new Random(1), new Random(2), new Random(1, 1), new Random(1 + 4294967296), new Random(-1)]
    expect(new Set(first.map((r) => r.uniform())).size).toBe(5)
    expect(new Random(9).uniform()).toBe(new Random(9).uniform())
  })
})
