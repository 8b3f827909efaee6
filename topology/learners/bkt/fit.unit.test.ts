import { describe, expect, it } from 'vitest'
import { type AnswerLog, AnswerLogBuilder, studentsOf } from '../../evaluation/answer-log.ts'
import { RecordSplitter, splitFields } from '../../importers/delimited.ts'
import { describeWithData, sharedData } from '../../importers/testing/shared-data.ts'
import { BKT, type BktTopic } from '../../models/bkt/model.ts'
import { Random } from '../../school/random.ts'
import { describeWithReference, sharedReference } from '../../testing/shared-reference.ts'
import { BKT_FORGET_LEARNER } from '../bkt-forget/learner.ts'
import { EmWork } from './em.ts'
import { BKT_OPTIONS, CONSTRAINTS, fitBkt, search } from './fit.ts'
import { BKT_LEARNER, type BktArtefact } from './learner.ts'
import { prefixTree, sequencesByTopic } from './sequences.ts'
import { UNBOUNDED } from './testing/unbounded.ts'

const RUN = { seed: 1 }
type Skill = [topic: string, truth: BktTopic, students: number, answers: number]

/** Answers of students who follow the model itself. */
function simulated(seed: number, skills: readonly Skill[]): AnswerLog {
  const random = new Random(seed)
  const b = new AnswerLogBuilder()
  let row = 0
  for (const [topic, p, students, answers] of skills)
    for (let s = 0; s < students; s++) {
      let known = random.chance(p.prior)
      for (let k = 0; k < answers; k++) {
        const correct = random.chance(known ? 1 - p.slip : p.guess)
        b.add({ student: `student-${s}`, item: null, topics: [topic], correct, at: Number.NaN, row: row++ })
        known = known ? !random.chance(p.forget) : random.chance(p.learn)
      }
    }
  return b.build()
}

const HARD: BktTopic = { prior: 0.1, learn: 0.3, slip: 0.03, guess: 0.1, forget: 0 }
const SLOW: BktTopic = { prior: 0.4, learn: 0.05, slip: 0.15, guess: 0.25, forget: 0 }
const FADING: BktTopic = { prior: 0.1, learn: 0.3, slip: 0.03, guess: 0.1, forget: 0.01 }

/**
 * Three standard errors or more: a student shows the prior once and learns once (0.013 of 500 draws at 0.1, 0.012 of
 * some 1,500 chances at 0.3), guesses a few times and slips on most of the answers.
 */
const THREE_SE = { prior: 0.04, learn: 0.04, guess: 0.03, slip: 0.01, forget: 0.005 }

describe('fitting BKT', () => {
  it.each([
    ['hard', HARD, 500, 100],
    ['slow', SLOW, 2000, 12],
  ] as const)('finds the parameters that made the answers: %s', (topic, truth, students, answers) => {
    const fit = fitBkt(simulated(5, [[topic, truth, students, answers]]), BKT_OPTIONS, RUN)
    for (const k of ['prior', 'learn', 'slip', 'guess'] as const)
      expect(Math.abs(fit.topics[topic]![k] - truth[k])).toBeLessThan(THREE_SE[k])
    expect(fit.fits[topic]).toMatchObject({
      source: 'own',
      reason: null,
      converged: true,
      attempts: students * answers,
    })
    expect(fit.fits[topic]!.agreeing).toBeGreaterThan(1)
  })

  it('finds the forgetting as well', () => {
    const log = simulated(6, [['fading', FADING, 500, 100]])
    const fit = fitBkt(log, { ...BKT_OPTIONS, forgetting: true }, RUN)
    for (const k of ['prior', 'learn', 'slip', 'guess', 'forget'] as const)
      expect(Math.abs(fit.topics['fading']![k] - FADING[k])).toBeLessThan(THREE_SE[k])
    // Without it the lapses have to be slips.
    expect(fitBkt(log, BKT_OPTIONS, RUN).topics['fading']!.slip).toBeGreaterThan(fit.topics['fading']!.slip + 0.005)
  })

  it('gives topics with too few answers or students the pooled parameters, and says why', () => {
    const log = simulated(7, [
      ['enough', HARD, 60, 10],
      ['two students', HARD, 2, 40],
      ['nine answers', HARD, 9, 1],
      ['just enough', HARD, 5, 2],
    ])
    const fit = fitBkt(log, BKT_OPTIONS, RUN)
    expect(fit.fits['enough']!.source).toBe('own')
    expect(fit.fits['just enough']!.source).toBe('own')
    for (const [topic, why] of [
      ['two students', '80 answers of 2 students'],
      ['nine answers', '9 answers of 9 students'],
    ] as const) {
      expect(fit.topics[topic]).toEqual(fit.default)
      expect(fit.fits[topic]).toMatchObject({
        source: 'pooled',
        reason: `${why}; own parameters need 10 of 3`,
        logLoss: null,
      })
    }
  })

  it('falls back to the defaults of the model where all topics together are too few', () => {
    const fit = fitBkt(simulated(8, [['t', HARD, 2, 3]]), BKT_OPTIONS, RUN)
    expect(fit.default).toEqual(BKT.defaults.default)
    expect(fit.topics['t']).toEqual(BKT.defaults.default)
    expect(fit.pooled.reason).toMatch(/6 answers of 2 students/)
  })

  it('draws a thin topic towards the pooled parameters, and hardly a thick one', () => {
    const log = simulated(9, [
      ['thick', HARD, 400, 30],
      ['thin', SLOW, 4, 4],
    ])
    const fit = fitBkt(log, BKT_OPTIONS, RUN)
    const loose = fitBkt(log, { ...BKT_OPTIONS, shrinkage: UNBOUNDED.strength }, RUN)
    const off = (f: typeof fit, t: string) => Math.abs(f.topics[t]!.guess - f.default.guess)
    expect(off(fit, 'thin')).toBeLessThan(off(loose, 'thin'))
    expect(Math.abs(fit.topics['thick']!.guess - loose.topics['thick']!.guess)).toBeLessThan(0.002)
  })

  it('fits a topic the same whatever the order in which topics and students come', () => {
    const log = simulated(10, [
      ['a', HARD, 40, 10],
      ['b', SLOW, 40, 10],
    ])
    const b = new AnswerLogBuilder()
    for (const topic of ['b', 'a'])
      for (let r = 0; r < log.size; r++)
        if (log.topics[log.topic[r]!] === topic)
          b.add({
            student: log.students[log.student[r]!]!,
            item: null,
            topics: [topic],
            correct: log.correct[r] === 1,
            at: Number.NaN,
            row: r,
          })
    const [one, other] = [fitBkt(log, BKT_OPTIONS, RUN), fitBkt(b.build(), BKT_OPTIONS, RUN)]
    for (const topic of ['a', 'b'])
      for (const k of ['prior', 'learn', 'slip', 'guess'] as const)
        expect(one.topics[topic]![k]).toBeCloseTo(other.topics[topic]![k], 6)
  })

  it('lets an answer with several topics teach each of them once', () => {
    const b = new AnswerLogBuilder()
    for (let s = 0; s < 4; s++)
      for (let k = 0; k < 5; k++)
        b.add({ student: `${s}`, item: null, topics: ['a', 'b'], correct: k > s, at: Number.NaN, row: s * 5 + k })
    const fit = fitBkt(b.build(), BKT_OPTIONS, RUN)
    expect([fit.fits['a']!.attempts, fit.fits['b']!.attempts]).toEqual([20, 20])
    for (const k of ['prior', 'learn', 'slip', 'guess'] as const)
      expect(fit.topics['a']![k]).toBeCloseTo(fit.topics['b']![k], 3)
  })

  it('predicts better than the defaults on students that it has not seen', async () => {
    const log = simulated(11, [
      ['a', HARD, 200, 12],
      ['b', SLOW, 200, 12],
    ])
    const held = studentsOf(log, (s) => s % 2 === 1)
    const artefact = await BKT_LEARNER.fit(
      studentsOf(log, (s) => s % 2 === 0),
      RUN,
    )
    const loss = async (a: BktArtefact) => {
      let sum = 0
      const p = await BKT_LEARNER.predict(a, held, RUN)
      for (let r = 0; r < held.size; r++) sum -= Math.log(held.correct[r] === 1 ? p[r]! : 1 - p[r]!)
      return sum / held.size
    }
    const untrained = { ...artefact, default: BKT.defaults.default, topics: {} }
    expect(await loss(artefact)).toBeLessThan((await loss(untrained)) - 0.02)
  })

  it('says which learner an artefact belongs to, and refuses parameters that make no sense', async () => {
    const log = simulated(12, [['t', HARD, 5, 5]])
    const artefact = await BKT_LEARNER.fit(log, RUN)
    expect(() => BKT_FORGET_LEARNER.parse(BKT_LEARNER.encode(artefact))).toThrow(
      /of learner "bkt", not of "bkt-forget"/,
    )
    const broken = { ...artefact, topics: { t: { ...HARD, guess: 0.9, slip: 0.4 } } }
    expect(() => BKT_LEARNER.parse(BKT_LEARNER.encode(broken))).toThrow(/guess \+ slip must stay below 1/)
  })

  it('stops when it is told to', () => {
    const signal = AbortSignal.abort(new Error('enough'))
    expect(() => fitBkt(simulated(13, [['t', HARD, 5, 5]]), BKT_OPTIONS, { seed: 1, signal })).toThrow('enough')
  })
})

const CT = 'cognitive_tutor_ct/ct.csv'

describeWithReference('BKT per skill', ['bkt-oracle.json'], () => {
  describeWithData('of the cognitive tutor data against the oracle', [CT], () => {
    it('reaches the best likelihood that forty restarts found, on each skill', () => {
      const oracle = JSON.parse(sharedReference('bkt-oracle.json')).ct_csv_per_skill.skills as Record<
        string,
        { n: number; students: number; log_likelihood: number }
      >
      const splitter = new RecordSplitter({ delimiter: ',' })
      const [header, ...rows] = [...splitter.push(sharedData(CT)), ...splitter.end()].map(
        (r) => splitFields(r.raw, ',')!,
      )
      const column = (name: string) => header!.indexOf(name)
      rows.sort((a, b) => Number(a[column('Row')]) - Number(b[column('Row')]))
      const b = new AnswerLogBuilder()
      rows.forEach((f, row) => {
        b.add({
          student: f[column('Anon Student Id')]!,
          item: null,
          topics: [f[column('KC(Default)')]!],
          correct: f[column('Correct First Attempt')] === '1',
          at: Number.NaN,
          row,
        })
      })
      const skills = sequencesByTopic(b.build())
      expect(skills.map((s) => s.name).sort()).toEqual(Object.keys(oracle).sort())
      const o = { ...BKT_OPTIONS, iterations: 3000, tolerance: 1e-6 }
      for (const s of skills) {
        const tree = prefixTree([s])
        const known = oracle[s.name]!
        expect([tree.attempts, tree.students]).toEqual([known.n, known.students])
        const r = search(tree, { ...CONSTRAINTS.mean, forget: 0 }, UNBOUNDED, o, new Random(1), new EmWork())
        expect(r.loglik).toBeGreaterThan(known.log_likelihood - 0.01)
        expect(r.loglik).toBeLessThan(known.log_likelihood + 0.01)
      }
    })
  })
})
