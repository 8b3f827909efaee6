import { describe, expect, it } from 'vitest'
import type { Answer } from '../../evaluation/answer-log.ts'
import { logOf } from '../../evaluation/testing/answers.ts'
import { Random } from '../../school/random.ts'
import { meanLoss } from '../trees/boost.ts'
import { calibrate, fitCalibration } from './calibrate.ts'
import { fitMixture, mixed } from './weights.ts'

const sigmoid = (z: number) => 1 / (1 + Math.exp(-z))
const N = 4000

describe('mixture', () => {
  const random = new Random(4)
  const truth = Float64Array.from({ length: N }, () => 1.5 * random.normal())
  const correct = Uint8Array.from(truth, (z) => (random.chance(sigmoid(z)) ? 1 : 0))
  const noisy = (sd: number) => truth.map((z) => z + sd * random.normal())
  const parts = [noisy(0.7), noisy(0.7), noisy(6)]
  const rows = Int32Array.from(correct.keys())
  const m = fitMixture(parts, correct, rows)

  it('shares by what a part knows that the others do not', () => {
    expect(m.shares.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12)
    expect(m.shares[0]).toBeGreaterThan(0.3)
    expect(m.shares[1]).toBeGreaterThan(0.3)
    expect(m.shares[2]).toBeLessThan(0.1)
  })

  it('is better than each of its parts', () => {
    const loss = meanLoss(mixed(m, parts, N), correct, rows)
    for (const p of parts) expect(loss).toBeLessThan(meanLoss(p, correct, rows) - 0.005)
  })

  it('of shares with weights is that of the answers one by one', () => {
    const n = Float64Array.from(rows, () => random.between(1, 4))
    const right = n.map(
      (k, r) => Array.from({ length: k }, () => random.chance(sigmoid(truth[r]!))).filter(Boolean).length,
    )
    const from = [...rows].flatMap((r) =>
      Array.from({ length: n[r]! }, (_, k) => ({ r, correct: k < right[r]! ? 1 : 0 })),
    )
    const single = Uint8Array.from(from, (a) => a.correct)
    const each = fitMixture(
      parts.map((part) => Float64Array.from(from, ({ r }) => part[r]!)),
      single,
      Int32Array.from(single.keys()),
    )
    const shares = fitMixture(
      parts,
      right.map((k, r) => k / n[r]!),
      rows,
      n,
    )
    shares.shares.forEach((share, j) => {
      expect(share).toBeCloseTo(each.shares[j]!, 4)
    })
    expect([shares.scale - each.scale, shares.bias - each.bias].every((d) => Math.abs(d) < 1e-4)).toBe(true)
  })

  it('of no rows is the plain mean', () => {
    const none = fitMixture(parts, correct, new Int32Array(0))
    expect(none).toEqual({ shares: [1 / 3, 1 / 3, 1 / 3], scale: 1, bias: 0 })
  })
})

describe('calibration', () => {
  const random = new Random(6)
  const truth = Float64Array.from({ length: N }, () => random.normal())
  /** Topic "odd" comes out better than the predictions say, "rare" has too few answers to tell. */
  const answers: Answer[] = [...truth].map((z, r) => {
    const topic = r < 20 ? 'rare' : r % 2 === 0 ? 'plain' : 'odd'
    const shift = topic === 'odd' ? 1 : 0
    return { student: 's', item: null, topics: [topic], correct: random.chance(sigmoid(z + shift)), at: 0, row: r }
  })
  const log = logOf(answers)
  const rows = Int32Array.from(log.correct.keys())
  /** Twice too sure. */
  const said = truth.map((z) => 2 * z)
  const c = fitCalibration(log, said)

  it('takes back what was too sure, and shifts a topic that comes out otherwise', () => {
    expect(c.a).toBeGreaterThan(0.35)
    expect(c.a).toBeLessThan(0.65)
    expect(c.topics.name.toSorted()).toEqual(['odd', 'plain'])
    const shift = (topic: string) => c.topics.shift[c.topics.name.indexOf(topic)]!
    expect(shift('odd') - shift('plain')).toBeGreaterThan(0.8)
    expect(shift('odd') - shift('plain')).toBeLessThan(1.2)
    expect(meanLoss(calibrate(c, log, said), log.correct, rows)).toBeLessThan(meanLoss(said, log.correct, rows) - 0.05)
  })

  it('keeps the order of the rows of a topic', () => {
    const two = logOf(answers.slice(20, 23).map((a) => ({ ...a, topics: ['odd'] })))
    const [low, middle, high] = calibrate(c, two, Float64Array.of(-3, 0.1, 2))
    expect(low).toBeLessThan(middle!)
    expect(middle).toBeLessThan(high!)
  })

  it('of no answers changes nothing', () => {
    const none = fitCalibration(logOf([]), new Float64Array(0))
    expect(none).toEqual({ a: 1, b: 1, c: 0, topics: { name: [], shift: [], answers: [] } })
    expect([...calibrate(none, log, said)].every((z, r) => Math.abs(z - said[r]!) < 1e-12)).toBe(true)
  })
})
