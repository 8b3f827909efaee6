import type { AnswerLog } from '@mastery/topology/evaluation/answer-log.ts'
import type { AnyLearner, FitRun, TrainingPoint } from '@mastery/topology/evaluation/learner.ts'
import { auc } from '@mastery/topology/evaluation/ranking.ts'
import { learnerContract } from '@mastery/topology/evaluation/testing/learner-contract.ts'
import type { SequenceArtefact } from '@mastery/topology/learners/sequence/learner.ts'
import { answeredOtherwise, plantedAnswers } from '@mastery/topology/testing/planted-answers.ts'
import { beforeAll, describe, expect, it } from 'vitest'
import { SMALL_DKT, SMALL_SAKT, SMALL_WD_IRT } from './testing/small.ts'

const LEARNERS: readonly AnyLearner[] = [SMALL_DKT, SMALL_SAKT, SMALL_WD_IRT]

const train = plantedAnswers(1, 120, 20)
const unseen = plantedAnswers(2, 60, 20)

/** What one can say without the student: the item's share of right answers in training. */
function byItem(log: AnswerLog): Float64Array {
  const rate = new Map(
    train.items.map((name, i) => {
      const rows = [...train.correct].filter((_, r) => train.item[r] === i)
      return [name, (rows.filter((c) => c === 1).length + 1) / (rows.length + 2)]
    }),
  )
  return Float64Array.from(log.item, (i) => rate.get(log.items[i]!) ?? 0.5)
}

class Kept implements NonNullable<FitRun['checkpoint']> {
  readonly saved: Uint8Array[] = []
  async load() {
    return this.saved.at(-1) ?? null
  }
  async save(bytes: Uint8Array) {
    this.saved.push(bytes)
  }
}

describe.each(LEARNERS.map((l) => [l.id, l] as const))('%s', (_id, learner) => {
  const kept = new Kept()
  const curve: TrainingPoint[] = []
  let artefact: SequenceArtefact<unknown>
  beforeAll(async () => {
    artefact = await learner.fit(train, { seed: 7, checkpoint: kept, curve: (point) => void curve.push(point) })
  })

  it('learns: the loss falls, on students who are not trained on, too', () => {
    const first = artefact.curve[0]!
    const best = Math.min(...artefact.curve.map((p) => p.validation))
    expect(artefact.curve.at(-1)!.train).toBeLessThan(first.train)
    expect(best).toBeLessThan(Math.log(2))
  })

  it('orders the answers of new students better than the items alone do', async () => {
    const p = await learner.predict(artefact, unseen, { seed: 1 })
    expect(p.every((x) => x > 0 && x < 1)).toBe(true)
    expect(auc(unseen.correct, p)).toBeGreaterThan(auc(unseen.correct, byItem(unseen)) + 0.03)
  })

  it('gives the same bytes for the same seed, and others for another', async () => {
    const again = await learner.fit(train, { seed: 7 })
    const other = await learner.fit(train, { seed: 8 })
    expect(Buffer.compare(learner.encode(again), learner.encode(artefact))).toBe(0)
    expect(Buffer.compare(learner.encode(other), learner.encode(artefact))).not.toBe(0)
  })

  it('goes on from a checkpoint to the same bytes', async () => {
    const cut = new Kept()
    // As a file gives it.
    cut.saved.push(Buffer.from(kept.saved[1]!))
    const told: TrainingPoint[] = []
    const resumed = await learner.fit(train, { seed: 7, checkpoint: cut, curve: (point) => void told.push(point) })
    expect(told).toEqual(curve)
    expect(curve.map((p) => p.loss)).toEqual(artefact.curve.flatMap((p) => [p.train, p.validation]))
    expect(cut.saved.length).toBe(kept.saved.length - 1)
    expect(Buffer.compare(learner.encode(resumed), learner.encode(artefact))).toBe(0)
  })

  it('begins anew where the checkpoint is of other answers', async () => {
    const other = answeredOtherwise(train, (r) => 1 - train.correct[r]!)
    const cut = new Kept()
    cut.saved.push(kept.saved.at(-1)!)
    await learner.fit(other, { seed: 7, checkpoint: cut })
    expect(cut.saved.length).toBeGreaterThan(2)
  })

  it('predicts from earlier bundles alone', async () => {
    const whole = await learner.predict(artefact, unseen, { seed: 1 })
    const cut = unseen.size >> 1
    const bundle = unseen.bundle[cut]!
    const flipped = answeredOtherwise(unseen, (r) =>
      unseen.bundle[r]! >= bundle ? 1 - unseen.correct[r]! : unseen.correct[r]!,
    )
    const other = await learner.predict(artefact, flipped, { seed: 1 })
    let later = 0
    for (let r = 0; r < unseen.size; r++)
      if (unseen.bundle[r]! <= bundle) expect(other[r]).toBe(whole[r])
      else if (unseen.student[r] === unseen.student[cut]) later += Math.abs(other[r]! - whole[r]!)
    expect(later).toBeGreaterThan(0)
  })

  it('comes back from its bytes to the bit, and notices a changed one', async () => {
    const bytes = learner.encode(artefact)
    const back = learner.parse(bytes)
    expect(Buffer.compare(learner.encode(back), bytes)).toBe(0)
    expect(await learner.predict(back, unseen, { seed: 1 })).toEqual(
      await learner.predict(artefact, unseen, { seed: 1 }),
    )
    const changed = Uint8Array.from(bytes)
    changed[bytes.length - 5]! ^= 1
    expect(() => learner.parse(changed)).toThrow(/checksum/)
  })
})

/** Sums over a longer row end in other last bits. */
for (const learner of LEARNERS)
  learnerContract(learner.id, () => learner, { train: { students: 40, answers: 25 }, tolerance: 1e-6 })
