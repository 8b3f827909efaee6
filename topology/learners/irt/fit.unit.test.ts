import { describe, expect, it } from 'vitest'
import { type AnswerLog, AnswerLogBuilder } from '../../evaluation/answer-log.ts'
import { Random } from '../../school/random.ts'
import { fitIrt, IRT_OPTIONS, type IrtFit, type IrtOptions } from './fit.ts'
import { IRT_LEARNER } from './learner.ts'

const RUN = { seed: 1 }
interface Truth {
  a: number
  b: number
  c: number
}
interface World {
  log: AnswerLog
  items: Map<string, Truth>
}

/** Students with one steady ability N(0, 1), each answering every item once. */
function exam(seed: number, students: number, items: readonly Truth[], options?: number): World {
  const random = new Random(seed)
  const b = new AnswerLogBuilder()
  for (let s = 0; s < students; s++) {
    const theta = random.normal()
    for (const [i, { a, b: difficulty, c }] of items.entries()) {
      const p = c + (1 - c) / (1 + Math.exp(-a * (theta - difficulty)))
      const extra = options === undefined ? {} : { options }
      b.add({
        student: `s${s}`,
        item: `i${i}`,
        topics: ['t'],
        correct: random.chance(p),
        at: Number.NaN,
        row: s * items.length + i,
        extra,
      })
    }
  }
  return { log: b.build(), items: new Map(items.map((t, i) => [`i${i}`, t])) }
}

function drawn(seed: number, count: number, guessing = 0): Truth[] {
  const random = new Random(seed)
  return Array.from({ length: count }, () => ({
    a: Math.exp(0.4 * random.normal()),
    b: random.normal(),
    c: guessing,
  }))
}

const TEXTBOOK: IrtOptions = { ...IRT_OPTIONS, topics: false, iterations: 200, tolerance: 1e-5 }
const mean = (a: readonly number[]) => a.reduce((s, v) => s + v, 0) / a.length
const rms = (a: readonly number[]) => Math.sqrt(mean(a.map((x) => x * x)))

/** Estimates and truths on one scale: difficulty is start less value, and ability's deviation is the unit. */
function compared(fit: IrtFit, { items }: World) {
  const sd = Math.sqrt(fit.abilityVariance)
  return fit.items.name.map((name, i) => {
    const truth = items.get(name)!
    return {
      truth,
      b: (fit.items.difficulty[i]! - fit.topics.start[0]!) / sd,
      a: fit.items.discrimination[i]! * sd,
      c: fit.items.guessing[i]!,
      seB: fit.items.difficultySe[i]! / sd,
      seA: fit.items.discriminationSe[i]! * sd,
    }
  })
}

describe('fitting item response theory', () => {
  const world = exam(3, 1000, drawn(4, 40))
  const fit = fitIrt(world.log, TEXTBOOK, RUN)
  const all = compared(fit, world)

  it('finds difficulty and discrimination of the items that made the answers', () => {
    expect(fit.converged).toBe(true)
    expect(Math.sqrt(fit.abilityVariance)).toBeGreaterThan(0.7)
    expect(Math.sqrt(fit.abilityVariance)).toBeLessThan(1.3)
    expect(rms(all.map((x) => x.b - x.truth.b))).toBeLessThan(0.25)
    expect(rms(all.map((x) => Math.log(x.a / x.truth.a)))).toBeLessThan(0.15)
    expect(Math.abs(mean(all.map((x) => Math.log(x.a / x.truth.a))))).toBeLessThan(0.08)
  })

  it('gives standard errors of the size of the errors', () => {
    for (const z of [
      all.map((x) => Math.log(x.a / x.truth.a) / (x.seA / x.a)),
      all.map((x) => (x.b - x.truth.b) / x.seB),
    ]) {
      expect(rms(z)).toBeGreaterThan(0.6)
      expect(rms(z)).toBeLessThan(2)
    }
    for (const x of all) {
      expect(x.seB).toBeGreaterThan(0.02)
      expect(x.seB).toBeLessThan(0.5)
    }
  })

  it('leaves guessing at 0 where the number of options is unknown', () => {
    expect(new Set(fit.items.guessing)).toEqual(new Set([0]))
    expect(new Set(fit.items.guessingSe)).toEqual(new Set([0]))
  })

  it('keeps guessing near one over the options, and moves it where the answers say otherwise', () => {
    const items = drawn(5, 30, 0.25).map((t, i) => ({ ...t, b: t.b + 0.8, c: i < 15 ? 0.25 : 0.05 }))
    const guessed = exam(6, 1000, items, 4)
    const found = compared(fitIrt(guessed.log, TEXTBOOK, RUN), guessed)
    const c = (from: number, to: number) => mean(found.slice(from, to).map((x) => x.c))
    expect(c(0, 15)).toBeGreaterThan(0.2)
    expect(c(0, 15)).toBeLessThan(0.3)
    expect(c(15, 30)).toBeLessThan(0.17)
    const ignored = compared(fitIrt(exam(6, 1000, items).log, TEXTBOOK, RUN), guessed)
    const off = (x: typeof found) => rms(x.slice(0, 15).map((y) => Math.log(y.a / y.truth.a)))
    expect(off(found)).toBeLessThan(off(ignored))
  })

  it('draws discriminations of items with few answers together, and says that it does not know them', () => {
    const spread = (made: ReturnType<typeof compared>) => {
      const logs = made.map((x) => Math.log(x.a))
      return rms(logs.map((x) => x - mean(logs)))
    }
    const few = exam(7, 12, drawn(8, 20))
    const fitted = fitIrt(few.log, TEXTBOOK, RUN)
    for (const se of fitted.items.discriminationSe) expect(se).toBeGreaterThan(0.2)
    const loose = fitIrt(few.log, { ...TEXTBOOK, logDiscriminationVariance: 25 }, RUN)
    expect(spread(compared(fitted, few))).toBeLessThan(0.6 * spread(compared(loose, few)))
    const rasch = fitIrt(few.log, { ...TEXTBOOK, logDiscriminationVariance: 0 }, RUN)
    for (const a of rasch.items.discrimination) expect(a).toBeCloseTo(1, 3)
  })

  it('tells abilities on topics apart where students differ from topic to topic', () => {
    const random = new Random(9)
    const build = (spread: number) => {
      const b = new AnswerLogBuilder()
      for (let s = 0; s < 300; s++) {
        const general = random.normal()
        for (let t = 0; t < 4; t++) {
          const theta = general + spread * random.normal()
          for (let k = 0; k < 12; k++) {
            const correct = random.chance(1 / (1 + Math.exp(-(theta - (k - 6) / 4))))
            b.add({ student: `s${s}`, item: `${t} ${k}`, topics: [`t${t}`], correct, at: Number.NaN, row: 0 })
          }
        }
      }
      return fitIrt(b.build(), { ...IRT_OPTIONS, iterations: 200, tolerance: 1e-5 }, RUN)
    }
    expect(build(1).topicVariance).toBeGreaterThan(0.5)
    expect(build(0).topicVariance).toBeLessThan(0.2)
  })

  it('predicts students that it has not seen better than it does without the discriminations', async () => {
    const items = drawn(4, 40)
    const seen = exam(10, 800, items)
    const unseen = exam(11, 200, items)
    const loss = async (options: Partial<IrtFit> & { items: IrtFit['items'] }) => {
      const artefact = { ...(await IRT_LEARNER.fit(seen.log, RUN)), ...options }
      const p = await IRT_LEARNER.predict(artefact, unseen.log, RUN)
      return mean([...p].map((q, r) => -Math.log(unseen.log.correct[r] === 1 ? q : 1 - q)))
    }
    const { items: table } = await IRT_LEARNER.fit(seen.log, RUN)
    const flat = { ...table, discrimination: table.discrimination.map(() => 1) }
    expect(await loss({ items: table })).toBeLessThan((await loss({ items: flat })) - 0.002)
  })
})
