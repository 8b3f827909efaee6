import { describe, expect, it } from 'vitest'
import { AnswerLogBuilder } from '../../evaluation/answer-log.ts'
import { answersOf, logOf } from '../../evaluation/testing/answers.ts'
import { BKT } from '../../models/bkt/model.ts'
import { ELO } from '../../models/elo/model.ts'
import { IRT } from '../../models/irt/model.ts'
import type { AnyModel } from '../../models/model.ts'
import { simulateSchool } from '../../school/school.ts'
import { ELO_LEARNER } from '../elo/learner.ts'
import { foldLog } from '../fold.ts'
import { BKT_EFFORT, ELO_EFFORT } from './learner.ts'
import { effortWeights, fitThresholds } from './thresholds.ts'

const MODELS: readonly AnyModel[] = [BKT, ELO, IRT]
const answers = answersOf(7, { students: 30, answers: 40 })
const log = logOf(answers)
const byRow = (of: { row: Int32Array }, p: Float64Array) => new Map([...of.row].map((row, r) => [row, p[r]!]))

describe.each(MODELS.map((m) => [m.id, m] as const))('weights in the fold of %s', (_, model) => {
  it('of 1 change nothing', () => {
    const ones = new Float64Array(log.size).fill(1)
    expect(foldLog(model, model.defaults, log, undefined, ones)).toEqual(foldLog(model, model.defaults, log))
  })

  it('of 0 leave the answers out: the others are predicted as if these had not been', () => {
    const out = new Set(answers.filter((_, i) => i % 3 === 1).map((a) => a.row))
    const weights = Float64Array.from(log.row, (row) => (out.has(row) ? 0 : 1))
    const rest = logOf(answers.filter((a) => !out.has(a.row)))
    const weighted = byRow(log, foldLog(model, model.defaults, log, undefined, weights))
    for (const [row, p] of byRow(rest, foldLog(model, model.defaults, rest)))
      expect(weighted.get(row)).toBeCloseTo(p, 12)
  })
})

describe('half of the way', () => {
  it('is half the step of the Elo rating', () => {
    const b = new AnswerLogBuilder()
    const { student, topics, at } = { ...answers[0]!, topics: ['t'] }
    b.add({ student, item: null, topics, correct: true, at, row: 0 })
    b.add({ student, item: null, topics, correct: true, at: at + 1, row: 1 })
    const made = b.build()
    const [, p] = foldLog(ELO, ELO.defaults, made, undefined, Float64Array.of(0.5, 1))
    // Both thetas step by 0.4 and 0.6 times 1 - 0.5; half of it.
    expect(p).toBeCloseTo(1 / (1 + Math.exp(-0.5 * (0.4 + 0.6) * 0.5)), 12)
  })
})

describe('thresholds', () => {
  it('are the item’s, else the topic’s, else those of all; without times there are none', () => {
    const thresholds = {
      items: { name: ['item-1'], ms: [3000] },
      topics: { name: ['topic-1'], ms: [2000] },
      other: 1000,
    }
    const b = new AnswerLogBuilder()
    const add = (item: string | null, topic: string, response_ms: number, row: number) =>
      b.add({ student: 's', item, topics: [topic], correct: true, at: 0, row, extra: { response_ms } })
    add('item-1', 'topic-1', 2500, 0)
    add('item-2', 'topic-1', 2500, 1)
    add('item-2', 'topic-1', 1500, 2)
    add(null, 'topic-9', 1500, 3)
    add(null, 'topic-9', 500, 4)
    add('item-1', 'topic-1', Number.NaN, 5)
    expect([...effortWeights(b.build(), thresholds, 0.3)]).toEqual([0.3, 1, 0.3, 1, 0.3, 1])
    expect(fitThresholds(logOf(answers.map(({ extra: _, ...a }) => a)))).toMatchObject({
      items: { name: [] },
      other: null,
    })
  })

  it('must be there in an artefact', () => {
    for (const learner of [ELO_EFFORT, BKT_EFFORT]) {
      const bytes = (json: object) => new TextEncoder().encode(JSON.stringify({ learner: learner.id, ...json }))
      expect(() => learner.parse(bytes({ weight: 2 }))).toThrow(/"weight" must be a number from 0 to 1/)
      expect(() => learner.parse(bytes({ weight: 0.5 }))).toThrow(/"thresholds" must have the tables/)
    }
  })
})

describe('in the simulated school', () => {
  it('guessers are rated nearer to what they can do', async () => {
    const school = simulateSchool({ seed: 4, students: 150, events: 45_000, tenant: 'school', pseudonym: (s) => s })
    const b = new AnswerLogBuilder()
    const seen = new Set<string>()
    for (const r of school.records()) {
      if (r.type !== 'event' || r.event.role !== 'evidence' || seen.has(r.event.event_id)) continue
      seen.add(r.event.event_id)
      const { student, item, topics, score, occurred_at: at, response_time_ms: ms } = r.event
      b.add({ student, item, topics, correct: score! >= 0.5, at, row: seen.size, extra: { response_ms: ms! } })
    }
    const guessers = new Set(school.students.filter((s) => s.profile === 'guesser').map((s) => s.id))
    const truth = [...school.truth()].filter((t) => guessers.has(t.student))
    const probes = new Map(truth.map((t, i) => [-1 - i, t.trueProbability]))
    const train = b.build()
    // One more question on every topic, all at once, after everything else.
    truth.forEach(({ student, topic }, i) => {
      b.add({ student, item: null, topics: [topic], correct: true, at: 9e12, bundle: 'last', row: -1 - i })
    })
    const all = b.build()
    const params = ELO.parse(await ELO_LEARNER.fit(train, { seed: 1 }))
    const error = (weight: number) => {
      const p = byRow(all, foldLog(ELO, params, all, undefined, effortWeights(all, fitThresholds(train), weight)))
      const squares = [...probes].map(([row, t]) => (p.get(row)! - t) * (p.get(row)! - t))
      return Math.sqrt(squares.reduce((x, y) => x + y, 0) / squares.length)
    }
    // With 400 students and 200,000 events: 0.132 and 0.119.
    expect(error(0.5)).toBeLessThan(0.95 * error(1))
  })
})
