import { describe, expect, it } from 'vitest'
import type { AnswerLog } from '../answer-log.ts'
import type { AnyLearner } from '../learner.ts'
import { answersOf } from './answers.ts'
import { FUTURES, leaks } from './leakage.ts'

const answers = answersOf(6, { students: 15, answers: 20 })

/** Gives for each row the mean answer of the rows that `seen` lets it see. */
function learner(seen: (log: AnswerLog, r: number, other: number) => boolean): AnyLearner {
  return {
    id: 'planted',
    about: 'For tests.',
    fit: () => null,
    predict: (_, log: AnswerLog) =>
      Float64Array.from({ length: log.size }, (_, r) => {
        let sum = 1
        let n = 2
        for (let o = 0; o < log.size; o++)
          if (seen(log, r, o)) {
            sum += log.correct[o]!
            n++
          }
        return sum / n
      }),
    encode: () => new Uint8Array(0),
    parse: () => null,
  }
}

const sameStudent = (log: AnswerLog, a: number, b: number) => log.student[a] === log.student[b]
const found = async (l: AnyLearner) => {
  const out: string[] = []
  for (const future of FUTURES)
    for (let seed = 1; seed <= 3; seed++)
      if ((await leaks(l, null, answers, future, { seed, tolerance: 0 })).length > 0) out.push(future)
  return new Set(out)
}

describe('the leakage checks', () => {
  it('find nothing in a model that keeps to earlier bundles', async () => {
    const honest = learner((log, r, o) => sameStudent(log, r, o) && log.bundle[o]! < log.bundle[r]!)
    expect(await found(honest)).toEqual(new Set())
  })

  it('find a model that looks at the next answer', async () => {
    const looks = learner((log, r, o) => o === r + 1 && sameStudent(log, r, o))
    expect(await found(looks)).toContain('flipped')
  })

  it('find a model that looks at the answer itself, or at what was measured with it', async () => {
    expect(await found(learner((_, r, o) => o === r))).toContain('flipped')
    const honest = learner(() => false)
    const slow: AnyLearner = {
      ...honest,
      predict: (_, log: AnswerLog) => log.extra.get('hints')!.map((h) => (h > 0 ? 0.2 : 0.8)),
    }
    expect(await found(slow)).toContain('flipped')
  })

  it('find a model that looks at answers of the same bundle', async () => {
    const looks = learner((log, r, o) => sameStudent(log, r, o) && o < r)
    expect((await found(looks)).size).toBeGreaterThan(0)
  })

  it('find a model that takes statistics of the answers that it predicts', async () => {
    const looks = learner((log, r, o) => !sameStudent(log, r, o) && log.item[o] === log.item[r])
    expect(await found(looks)).toContain('without the other students')
  })

  it('find a model that is moved by questions to come', async () => {
    const looks = learner(() => false)
    const counts: AnyLearner = {
      ...looks,
      predict: (_, log: AnswerLog) =>
        Float64Array.from({ length: log.size }, (_, r) => (log.item[r + 1] === log.item[r] ? 0.4 : 0.6)),
    }
    expect((await found(counts)).size).toBeGreaterThan(0)
  })
})
