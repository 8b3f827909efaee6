import { describe, expect, it } from 'vitest'
import { type AnswerLog, AnswerLogBuilder } from '../../evaluation/answer-log.ts'
import { answersOf, logOf } from '../../evaluation/testing/answers.ts'
import { ELO } from '../../models/elo/model.ts'
import { Random } from '../../school/random.ts'
import { foldLog } from '../fold.ts'
import { ELO_OPTIONS, fitElo } from './fit.ts'
import { ELO_LEARNER } from './learner.ts'

const RUN = { seed: 1 }
const EASINESS = { easy: 1.2, plain: 0, hard: -1 }
const ITEMS = 20

/** Steady students against items of three topics; difficulties are against the topic, N(0, 0.6). */
function simulated(
  seed: number,
  students: number,
  answers: number,
): { log: AnswerLog; difficulty: Map<string, number> } {
  const random = new Random(seed)
  const difficulty = new Map<string, number>()
  for (const topic of Object.keys(EASINESS))
    for (let i = 0; i < ITEMS; i++) difficulty.set(`${topic} ${i}`, 0.6 * random.normal())
  const b = new AnswerLogBuilder()
  for (let s = 0; s < students; s++) {
    const ability = 0.8 * random.normal()
    for (let k = 0; k < answers; k++) {
      const [topic, easiness] = Object.entries(EASINESS)[random.between(0, 2)]!
      const item = `${topic} ${random.between(0, ITEMS - 1)}`
      const p = 1 / (1 + Math.exp(-(ability + easiness - difficulty.get(item)!)))
      b.add({
        student: `s${s}`,
        item,
        topics: [topic],
        correct: random.chance(p),
        at: Number.NaN,
        row: s * answers + k,
      })
    }
  }
  return { log: b.build(), difficulty }
}

const correlation = (x: readonly number[], y: readonly number[]) => {
  const mean = (a: readonly number[]) => a.reduce((s, v) => s + v, 0) / a.length
  const [mx, my] = [mean(x), mean(y)]
  const sum = (f: (i: number) => number) => x.reduce((s, _, i) => s + f(i), 0)
  return (
    sum((i) => (x[i]! - mx) * (y[i]! - my)) / Math.sqrt(sum((i) => (x[i]! - mx) ** 2) * sum((i) => (y[i]! - my) ** 2))
  )
}

describe('fitting Elo difficulties', () => {
  const { log, difficulty } = simulated(2, 600, 40)
  const fit = fitElo(log, ELO_OPTIONS, RUN)

  it('finds the difficulties of items and the easiness of topics', () => {
    const found = fit.items.difficulty
    const truth = fit.items.name.map((n) => difficulty.get(n)!)
    expect(found).toHaveLength(3 * ITEMS)
    expect(correlation(found, truth)).toBeGreaterThan(0.94)
    const start = Object.fromEntries(fit.topics.name.map((n, i) => [n, fit.topics.start[i]!]))
    expect(start['easy']! - start['plain']!).toBeCloseTo(1.2, 0)
    expect(start['plain']! - start['hard']!).toBeCloseTo(1, 0)
  })

  it('gives standard errors that shrink with the answers, and counts them', () => {
    expect(fit.items.answers.reduce((s, n) => s + n, 0)).toBe(log.size)
    const half = fitElo(simulated(2, 150, 40).log, ELO_OPTIONS, RUN)
    const mean = (a: readonly number[]) => a.reduce((s, x) => s + x, 0) / a.length
    // A quarter of the answers: twice the error, less what the prior knows.
    const ratio = mean(half.items.se) / mean(fit.items.se)
    expect(ratio).toBeGreaterThan(1.7)
    expect(ratio).toBeLessThan(2)
    for (const [i, se] of fit.items.se.entries()) {
      expect(se).toBeLessThan(Math.sqrt(ELO_OPTIONS.itemVariance))
      expect(se).toBeGreaterThan(1 / Math.sqrt(fit.items.answers[i]! / 4 + 1 / ELO_OPTIONS.itemVariance) - 1e-3)
    }
  })

  it('walks its students as the streaming model does', () => {
    const artefact = JSON.parse(JSON.stringify({ ...ELO_OPTIONS, ...fit }))
    const p = foldLog(ELO, ELO.parse(artefact), log)
    let loss = 0
    for (let r = 0; r < log.size; r++) loss -= Math.log(log.correct[r] === 1 ? p[r]! : 1 - p[r]!)
    // What is kept has four decimals.
    expect(loss / log.size).toBeCloseTo(fit.logLoss, 5)
  })

  it('draws an item with few answers towards the others of its topic', () => {
    const b = new AnswerLogBuilder()
    for (let s = 0; s < 40; s++) {
      b.add({ student: `s${s}`, item: 'common', topics: ['t'], correct: s % 2 === 0, at: Number.NaN, row: 2 * s })
      if (s < 2)
        b.add({ student: `s${s}`, item: 'rare', topics: ['t'], correct: false, at: Number.NaN, row: 2 * s + 1 })
    }
    const { items } = fitElo(b.build(), ELO_OPTIONS, RUN)
    const rare = items.name.indexOf('rare')
    expect(items.difficulty[rare]).toBeGreaterThan(0.1)
    expect(items.difficulty[rare]).toBeLessThan(1)
    expect(items.se[rare]).toBeGreaterThan(items.se[1 - rare]!)
  })

  it('ends, and lowers the loss on the way, also where every answer is right or one topic has one item', () => {
    for (const make of [
      () => logOf(answersOf(3, { students: 30, answers: 20, allRight: true })),
      () => {
        const b = new AnswerLogBuilder()
        for (let r = 0; r < 60; r++)
          b.add({ student: `s${r % 6}`, item: 'i', topics: ['t'], correct: r % 3 === 0, at: Number.NaN, row: r })
        return b.build()
      },
    ]) {
      const losses: number[] = []
      const made = fitElo(make(), ELO_OPTIONS, { seed: 1, progress: (p) => void losses.push(p.loss!) })
      expect(made.passes).toBeLessThanOrEqual(ELO_OPTIONS.passes)
      expect(losses.at(-1)).toBeLessThan(losses[0]!)
      for (const d of [...made.items.difficulty, ...made.topics.start]) expect(Math.abs(d)).toBeLessThan(10)
    }
  })

  it('predicts new students on new items of a known topic by how easy the topic is', async () => {
    const artefact = await ELO_LEARNER.fit(log, RUN)
    const b = new AnswerLogBuilder()
    for (const topic of Object.keys(EASINESS))
      b.add({ student: topic, item: 'never seen', topics: [topic], correct: true, at: Number.NaN, row: 0 })
    const p = await ELO_LEARNER.predict(artefact, b.build(), RUN)
    expect(p[0]).toBeGreaterThan(p[1]! + 0.1)
    expect(p[1]).toBeGreaterThan(p[2]! + 0.1)
  })
})
