import { describe, expect, it } from 'vitest'
import { Random } from '../school/random.ts'
import { differenceInterval, interval, StudentBootstrap } from './bootstrap.ts'
import { scores } from './metrics.ts'
import { auc } from './ranking.ts'

function made(seed: number, students: number, answers: number) {
  const random = new Random(seed)
  const student: number[] = []
  const correct: number[] = []
  const p: number[] = []
  for (let s = 0; s < students; s++) {
    const ability = random.normal()
    for (let k = 0; k < answers; k++) {
      const chance = 1 / (1 + Math.exp(-ability))
      student.push(7 * s)
      correct.push(random.chance(chance) ? 1 : 0)
      // Two digits, so that there are ties.
      p.push(Math.round(100 * (0.2 + 0.6 * chance)) / 100)
    }
  }
  return { student: Int32Array.from(student), correct: Uint8Array.from(correct), p: Float64Array.from(p) }
}

/** Draws as the class makes them: lane by lane within blocks of four. */
function drawnStudents(seed: number, students: number, draws: number): number[][] {
  const random = new Random(seed, 0x5b00)
  return Array.from({ length: Math.ceil(draws / 4) * 4 }, () =>
    Array.from({ length: students }, () => Math.floor(random.uniform() * students)),
  ).slice(0, draws)
}

describe('bootstrap over students', () => {
  const { student, correct, p } = made(3, 12, 9)

  it('measures each draw as if the drawn students were written out', () => {
    const draws = 10
    const b = new StudentBootstrap(student, correct, [p], { seed: 5, draws })
    while (b.advance());
    const [found] = b.results()
    for (const [d, who] of drawnStudents(5, 12, draws).entries()) {
      const rows = who.flatMap((s) => [...student.keys()].filter((r) => student[r] === 7 * s))
      const y = Uint8Array.from(rows, (r) => correct[r]!)
      const q = Float64Array.from(rows, (r) => p[r]!)
      const s = scores(y, q)
      expect(found!.auc[d]).toBeCloseTo(auc(y, q), 12)
      for (const m of ['accuracy', 'rmse', 'log_loss', 'brier'] as const) expect(found![m][d]).toBeCloseTo(s[m], 12)
    }
  })

  it('gives the same draws however the calls are cut, and others for another seed', () => {
    const whole = new StudentBootstrap(student, correct, [p], { seed: 1, draws: 50 })
    whole.advance(50)
    const cut = new StudentBootstrap(student, correct, [p], { seed: 1, draws: 50 })
    while (cut.advance(7));
    const other = new StudentBootstrap(student, correct, [p], { seed: 2, draws: 50 })
    other.advance(50)
    expect(cut.results()).toEqual(whole.results())
    expect(other.results()).not.toEqual(whole.results())
  })

  it('measures all sets of predictions on the same draws', () => {
    const b = new StudentBootstrap(student, correct, [p, p], { seed: 1, draws: 20 })
    b.advance(20)
    const [first, second] = b.results()
    expect(second).toEqual(first)
    expect(differenceInterval(first!.auc, second!.auc)).toEqual({ low: 0, high: 0 })
  })

  it('is wider than drawing answers where answers of a student hang together', () => {
    const clustered = made(9, 40, 50)
    const width = (ids: Int32Array) => {
      const b = new StudentBootstrap(ids, clustered.correct, [clustered.p], { seed: 1, draws: 400 })
      b.advance(400)
      const { low, high } = interval(b.results()[0]!.brier)
      return high - low
    }
    expect(width(clustered.student)).toBeGreaterThan(2 * width(Int32Array.from(clustered.student.keys())))
  })

  it('gives no results before all draws were taken', () => {
    const b = new StudentBootstrap(student, correct, [p], { seed: 1, draws: 20 })
    b.advance(4)
    expect(() => b.results()).toThrow('Only 4 of 20 draws')
  })
})

describe('interval', () => {
  it('lies between order statistics', () => {
    const draws = Float64Array.from({ length: 101 }, (_, i) => (i * 37) % 101)
    expect(interval(draws, 0.9)).toEqual({ low: expect.closeTo(5, 9), high: expect.closeTo(95, 9) })
    expect(interval(Float64Array.of(1, 2), 0.5)).toEqual({ low: 1.25, high: 1.75 })
  })

  it('leaves out draws without a value, and is none where most have none', () => {
    expect(interval(Float64Array.of(Number.NaN, 1, 1, 1))).toEqual({ low: 1, high: 1 })
    expect(interval(Float64Array.of(Number.NaN, Number.NaN, Number.NaN, 1))).toEqual({
      low: Number.NaN,
      high: Number.NaN,
    })
  })
})
