import { beforeAll, describe, expect, it } from 'vitest'
import { logOf } from '../../evaluation/testing/answers.ts'
import { FUTURES, leaks } from '../../evaluation/testing/leakage.ts'
import { shareLoss } from '../../evaluation/week/measure.ts'
import { WEEK_MS, weekTarget } from '../../evaluation/week/target.ts'
import { answersOverWeeks } from '../../evaluation/week/testing/answers.ts'
import { ELO_LEARNER } from '../elo/learner.ts'
import { baseOf } from '../trees/bases.ts'
import { weekBaselines } from './baselines.ts'
import { weekColumns } from './columns.ts'
import { type WeekArtefact, weekLearner } from './learner.ts'

const RUN = { seed: 3 }
const SMALL = { folds: 3, rounds: 40, leaves: 8 }
const bases = [baseOf(ELO_LEARNER)]
const learner = weekLearner('all', bases, SMALL)
const train = logOf(answersOverWeeks(1, 90))
const unseen = answersOverWeeks(2, 40)

function lossOf(p: Float64Array): number {
  const { rows, share, answers } = weekTarget(logOf(unseen), 'all')
  let sum = 0
  let n = 0
  rows.forEach((r, i) => {
    sum += answers[i]! * shareLoss(share[i]!, p[r]!)
    n += answers[i]!
  })
  return sum / n
}

describe('trees against the next week', () => {
  let artefact: WeekArtefact
  beforeAll(async () => {
    artefact = await learner.fit(train, RUN)
  })

  it('forecast unseen students better than the mean, whose abilities differ', async () => {
    const { mean } = weekBaselines('all')
    const flat = await mean.predict(await mean.fit(train, RUN), logOf(unseen), RUN)
    const p = await learner.predict(artefact, logOf(unseen), RUN)
    expect([...p].every((x) => x > 0 && x < 1)).toBe(true)
    expect(lossOf(p)).toBeLessThan(lossOf(Float64Array.from(flat)) - 0.02)
    expect(artefact.mixture.shares.every((share) => share > 0.05)).toBe(true)
  })

  it.each(FUTURES)('see nothing of the future: it is %s and no forecast moves', async (future) => {
    const { shareSoFar } = weekBaselines('all')
    const plain = await shareSoFar.fit(train, RUN)
    for (let seed = 1; seed <= 2; seed++) {
      expect(await leaks(learner, artefact, unseen, future, { seed, tolerance: 0 })).toEqual([])
      expect(await leaks(shareSoFar, plain, unseen, future, { seed, tolerance: 0 })).toEqual([])
    }
  })

  it('come out the same for the same seed, and are read as they were written', async () => {
    const bytes = learner.encode(artefact)
    const again = await weekLearner('all', bases, SMALL).fit(train, RUN)
    expect(Buffer.from(learner.encode(again)).equals(bytes)).toBe(true)
    const read = learner.parse(bytes)
    const log = logOf(unseen)
    expect(await learner.predict(read, log, RUN)).toEqual(await learner.predict(artefact, log, RUN))
    expect(read).toMatchObject({ scope: 'all', horizon: WEEK_MS, targets: weekTarget(train, 'all').rows.length })
    expect(() => weekLearner('topics', bases, SMALL).parse(bytes)).toThrow(/learner "week", not of "week-topics"/)
    const damaged = learner.encode({ ...artefact, mixture: { ...artefact.mixture, scale: Number.NaN } })
    expect(() => learner.parse(damaged)).toThrow(/its mixture does not fit/)
  })

  it('are not fitted where there is no week', async () => {
    const timeless = logOf(answersOverWeeks(1, 5).map((a) => ({ ...a, at: Number.NaN })))
    await expect(learner.fit(timeless, RUN)).rejects.toThrow(/next week.*no time.*with a clock/)
  })
})

describe('what is said of the past week', () => {
  it('is what looking at every earlier answer gives', () => {
    const log = logOf(unseen)
    const [soFar, share, answers] = weekColumns(log)
    for (let r = 0; r < log.size; r++) {
      const before = [...log.student.keys()].filter(
        (q) => log.student[q] === log.student[r] && log.bundle[q]! < log.bundle[r]!,
      )
      const week = before.filter((q) => log.at[q]! >= log.at[r]! - WEEK_MS)
      const rate = (rows: number[]) => Math.fround(rows.reduce((sum, q) => sum + log.correct[q]!, 0) / rows.length)
      expect([soFar![r], share![r], answers![r]]).toEqual([
        rate(before),
        rate(week),
        Math.fround(Math.log1p(week.length)),
      ])
    }
  })
})

describe('the share so far', () => {
  it('is drawn to the mean of the training students by as many answers as err least', async () => {
    const { mean, shareSoFar } = weekBaselines('all')
    const flat = await mean.fit(train, RUN)
    const fitted = await shareSoFar.fit(train, RUN)
    expect(fitted.mean).toBe(flat.mean)
    const log = logOf(unseen)
    const p = await shareSoFar.predict(fitted, log, RUN)
    for (let r = 0; r < log.size; r++) {
      const before = [...log.student.keys()].filter(
        (q) => log.student[q] === log.student[r] && log.bundle[q]! < log.bundle[r]!,
      )
      const right = before.reduce((sum, q) => sum + log.correct[q]!, 0)
      expect(p[r]).toBeCloseTo((right + fitted.imaginary * fitted.mean) / (before.length + fitted.imaginary), 12)
    }
    expect(lossOf(Float64Array.from(p))).toBeLessThan(lossOf(new Float64Array(log.size).fill(flat.mean)))
    expect(shareSoFar.parse(shareSoFar.encode(fitted))).toEqual(fitted)
    expect(() => shareSoFar.parse(mean.encode(flat))).toThrow('not of "share-so-far"')
  })
})
