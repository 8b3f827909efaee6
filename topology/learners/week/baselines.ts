import type { AnswerLog } from '../../evaluation/answer-log.ts'
import type { Learner } from '../../evaluation/learner.ts'
import { noTarget, type Scope, weekTarget } from '../../evaluation/week/target.ts'
import { encodeJson, type Fitted, parseJson } from '../artefact.ts'
import { fitShareSoFar, meanOf, type ShareSoFar, shareSoFarOf } from './share-so-far.ts'

interface MeanArtefact extends Fitted {
  /** Share of right answers over the weeks of the training students. */
  mean: number
}

type ShareArtefact = MeanArtefact & ShareSoFar

/** What forecasts of the next week must beat: nothing known of the student, and nothing known but the share so far. */
export function weekBaselines(scope: Scope): { mean: Learner<MeanArtefact>; shareSoFar: Learner<ShareArtefact> } {
  const headed = (id: string, train: AnswerLog, seed: number) => {
    const target = weekTarget(train, scope)
    const wrong = noTarget(target)
    if (wrong !== null) throw new Error(`Nothing can be fitted to the next week. ${wrong}`)
    const head: MeanArtefact = {
      ...{ model: id, learner: id, seed, answers: train.size, students: train.students.length },
      mean: meanOf(target),
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
      return { ...head, ...fitShareSoFar(train, target) }
    },
    predict: (artefact, log) => shareSoFarOf(artefact, log),
    encode: encodeJson,
    parse: (bytes) =>
      parseJson<ShareArtefact>('share-so-far', bytes, (a) => checkNumbers('share-so-far', [a.mean, a.imaginary])),
  }
  return { mean, shareSoFar }
}

function checkNumbers(id: string, numbers: readonly number[]): void {
  if (!numbers.every(Number.isFinite)) throw new Error(`The artefact of learner "${id}" is damaged. Fit it again.`)
}
