import { type AnswerLog, studentStarts } from '../../evaluation/answer-log.ts'
import type { Learner } from '../../evaluation/learner.ts'
import { shareLoss } from '../../evaluation/week/measure.ts'
import { noTarget, type Scope, weekTarget } from '../../evaluation/week/target.ts'
import { encodeJson, type Fitted, parseJson } from '../artefact.ts'

interface MeanArtefact extends Fitted {
  /** Share of right answers over the weeks of the training students. */
  mean: number
}

interface ShareArtefact extends MeanArtefact {
  /** Imaginary answers at `mean`, of the number that errs least on the training students. */
  imaginary: number
}

const GRID = [0.5, 1, 2, 5, 10, 20, 50, 100, 200]

/** What forecasts of the next week must beat: nothing known of the student, and nothing known but the share so far. */
export function weekBaselines(scope: Scope): { mean: Learner<MeanArtefact>; shareSoFar: Learner<ShareArtefact> } {
  const headed = (id: string, train: AnswerLog, seed: number) => {
    const target = weekTarget(train, scope)
    const wrong = noTarget(target)
    if (wrong !== null) throw new Error(`Nothing can be fitted to the next week. ${wrong}`)
    const { share, answers } = target
    const mean = share.reduce((sum, y, i) => sum + answers[i]! * y, 0) / answers.reduce((sum, n) => sum + n, 0)
    const head: MeanArtefact = {
      ...{ model: id, learner: id, seed, answers: train.size, students: train.students.length },
      mean,
    }
    return { head, target }
  }
  const mean: Learner<MeanArtefact> = {
    id: 'mean',
    about: 'The share of right answers over the weeks of the training students.',
    fit: (train, { seed }) => headed('mean', train, seed).head,
    predict: (artefact, log) => new Float64Array(log.size).fill(artefact.mean),
    encode: encodeJson,
    parse: (bytes) => parseJson<MeanArtefact>('mean', bytes, (a) => checkNumbers('mean', [a.mean])),
  }
  const shareSoFar: Learner<ShareArtefact> = {
    id: 'share-so-far',
    about: "The share of right among the student's earlier answers, drawn to the mean of the training students.",
    fit(train, { seed }) {
      const { head, target } = headed('share-so-far', train, seed)
      const lossOf = (imaginary: number) => {
        const p = drawn(train, head.mean, imaginary)
        let loss = 0
        target.rows.forEach((r, i) => {
          loss += target.answers[i]! * shareLoss(target.share[i]!, p[r]!)
        })
        return { imaginary, loss }
      }
      const best = GRID.map(lossOf).reduce((a, b) => (b.loss < a.loss ? b : a))
      return { ...head, imaginary: best.imaginary }
    },
    predict: (artefact, log) => drawn(log, artefact.mean, artefact.imaginary),
    encode: encodeJson,
    parse: (bytes) =>
      parseJson<ShareArtefact>('share-so-far', bytes, (a) => checkNumbers('share-so-far', [a.mean, a.imaginary])),
  }
  return { mean, shareSoFar }
}

/** Per row, of the student's earlier bundles: (right + imaginary * mean) / (answers + imaginary). */
function drawn(log: AnswerLog, mean: number, imaginary: number): Float64Array {
  const p = new Float64Array(log.size)
  const starts = studentStarts(log)
  for (let s = 0; s < log.students.length; s++) {
    let right = 0
    let pending = 0
    let before = starts[s]!
    for (let r = starts[s]!; r < starts[s + 1]!; r++) {
      if (log.bundle[r] !== log.bundle[before]) {
        right += pending
        pending = 0
        before = r
      }
      p[r] = (right + imaginary * mean) / (before - starts[s]! + imaginary)
      pending += log.correct[r]!
    }
  }
  return p
}

function checkNumbers(id: string, numbers: readonly number[]): void {
  if (!numbers.every(Number.isFinite)) throw new Error(`The artefact of learner "${id}" is damaged. Fit it again.`)
}
