import { beforeAll, describe, expect, it } from 'vitest'
import type { AnyLearner } from '../learner.ts'
import { auc } from '../ranking.ts'
import { type AnswerShape, answersOf, logOf } from './answers.ts'
import { FUTURES, leaks } from './leakage.ts'

export interface LearnerContractOptions {
  /** Students and answers of the log that is fitted. Default 60 with about 40 answers each. */
  train?: AnswerShape
  /** Greatest difference of two predictions that are to be the same: 0, but where a device's bits hang on the batch. */
  tolerance?: number
  /** Least AUC on new students of the made-up log, whose items and students differ much. Default 0.6. */
  leastAuc?: number
}

const SEED = 11

/** What every learner must keep to, whatever it learns. */
export function learnerContract(
  name: string,
  make: () => AnyLearner | Promise<AnyLearner>,
  { train: shape = { students: 60, answers: 40 }, tolerance = 0, leastAuc = 0.6 }: LearnerContractOptions = {},
): void {
  describe(`learner ${name}`, () => {
    const run = { seed: SEED }
    const made = answersOf(1, { ...shape, students: shape.students + 20 })
    const isNew = new Set([...new Set(made.map((a) => a.student))].slice(shape.students))
    const train = logOf(made.filter((a) => !isNew.has(a.student)))
    const unseen = made.filter((a) => isNew.has(a.student))
    let learner: AnyLearner
    let artefact: unknown

    beforeAll(async () => {
      learner = await make()
      artefact = await learner.fit(train, run)
    })

    const predict = async (log = logOf(unseen), a = artefact): Promise<Float64Array> => learner.predict(a, log, run)
    const expectProbabilities = (p: Float64Array, n: number) => {
      expect(p).toHaveLength(n)
      expect([...p].filter((x) => !(x > 0 && x < 1))).toEqual([])
    }

    it.each(FUTURES)('predicts the same when the future is %s', async (future) => {
      for (let seed = 1; seed <= 3; seed++)
        expect(await leaks(learner, artefact, unseen, future, { seed, tolerance })).toEqual([])
    })

    it('predicts with chances strictly between 0 and 1, and better than a coin', async () => {
      const log = logOf(unseen)
      const p = await predict(log)
      expectProbabilities(p, log.size)
      expect(auc(log.correct, p)).toBeGreaterThan(leastAuc)
    })

    it('predicts students, items and topics that it has never seen', async () => {
      const log = logOf(answersOf(2, { students: 5, answers: 20, prefix: 'new-' }))
      expectProbabilities(await predict(log), log.size)
    })

    it('predicts nothing for no answers', async () => {
      expect(await predict(logOf([]))).toHaveLength(0)
    })

    it.each([
      { what: 'no clock', more: { timeless: true as const } },
      { what: 'no items', more: { itemless: true as const } },
      { what: 'only right answers', more: { allRight: true as const } },
      { what: 'one answer of one student', more: { students: 1, answers: 1 } },
    ])('fits and predicts answers with $what', async ({ more }) => {
      const log = logOf(answersOf(3, { students: 12, answers: 15, ...more }))
      const a = await learner.fit(log, run)
      expectProbabilities(await predict(log, a), log.size)
      expectProbabilities(await predict(log, learner.parse(learner.encode(a))), log.size)
    })

    it('gives the same bytes for the same seed and answers', async () => {
      const again = await (await make()).fit(train, { seed: SEED })
      expect(Buffer.compare(learner.encode(again), learner.encode(artefact))).toBe(0)
    })

    it('predicts the same to the bit with an artefact that was written and read', async () => {
      const bytes = learner.encode(artefact)
      const read = learner.parse(bytes)
      expect(Buffer.compare(learner.encode(read), bytes)).toBe(0)
      expect(await predict(logOf(unseen), read)).toEqual(await predict())
    })

    it('says that bytes are no artefact of its', () => {
      const text = (s: string) => new TextEncoder().encode(s)
      const bytes = learner.encode(artefact)
      for (const wrong of [
        new Uint8Array(0),
        text('no artefact'),
        text('{}'),
        text('null'),
        bytes.subarray(0, bytes.length >> 1),
      ])
        expect(() => learner.parse(wrong)).toThrow(Error)
    })
  })
}
