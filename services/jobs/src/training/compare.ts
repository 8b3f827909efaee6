import type { HistorySource } from '@mastery/infra/adapters/clickhouse/history.ts'
import { studentsOf } from '@mastery/topology/evaluation/answer-log.ts'
import type { Comparison, DataFacts, Evaluation } from '@mastery/topology/evaluation/evaluation.ts'
import type { ArtefactStore } from '@mastery/topology/ports/artefact-store.ts'
import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'
import { measureInThread } from '../evaluate/measure-worker.ts'
import { type AnswerFiles, factsOf } from '../evaluate/read-answers.ts'
import { readInThread } from '../evaluate/read-worker.ts'
import { sharedLog } from '../evaluate/shared-log.ts'
import { learnerNamed } from '../learners.ts'
import { goldAnswers } from './gold-answers.ts'
import { keptPredictor, type Predictor, servedPredictor, unseenStudents } from './predictor.ts'
import { TrainingError } from './train.ts'
import type { InForce } from './versions.ts'

export interface CompareParts {
  gold(): Promise<GoldStore & HistorySource>
  artefacts: ArtefactStore
  generation: number
  inForce(): Promise<ReadonlyMap<string, InForce>>
  signal?: AbortSignal
}

export interface ComparePlan {
  /** `in-force` names what the stream scores with, `latest` what was trained last. */
  versions: readonly { model: string; version: string }[]
  /** Answers of students that no version was fitted on; null: of gold, those whom none of them saw. */
  test: AnswerFiles | null
  seed: number
  draws: number
  progress(fraction: number, message: string): void
}

/** Fewer students than this give no interval that could be told from chance. */
const LEAST_STUDENTS = 10
const LEVEL = 0.95
const BINS = 10

/**
 * Sets versions side by side on the same answers of students that none of them was fitted on, and on the same draws of
 * those students.
 * @throws TrainingError where there are no such students, or it can't be told who they are
 */
export async function compareVersions(parts: CompareParts, plan: ComparePlan): Promise<Evaluation> {
  const { predictors, ids, log, facts, columns } = await sideBySide(parts, plan)
  const measured = await measureInThread(
    {
      ...{ log, given: [], columns, seed: plan.seed, draws: plan.draws, level: LEVEL, bins: BINS },
      predictors: predictors.map((p, i) => ({ ...p, id: ids[i]!, about: aboutOf(p) })),
    },
    { ...(parts.signal ? { signal: parts.signal } : {}), onProgress: (f, m) => plan.progress(f, m) },
  )
  return {
    schema: 1,
    task: 'Is the next answer correct, given the earlier answers of the student?',
    protocol: {
      kind: plan.test ? 'train and test files' : 'students kept aside',
      ...{ folds: null, seed: plan.seed, draws: plan.draws, level: LEVEL, bins: BINS },
    },
    data: { train: null, test: facts, students_in_both: 0 },
    ...measured,
  }
}

/** The versions, and answers of students that none of them was fitted on. */
export async function sideBySide(parts: CompareParts, plan: ComparePlan) {
  const predictors = await Promise.all(plan.versions.map((v) => predictorOf(parts, v.model, v.version)))
  const ids = predictors.map(({ model, version }) => `${model} ${version}`)
  const twice = ids.find((id, i) => ids.indexOf(id) !== i)
  if (twice) throw new TrainingError(`${twice} was named twice; name different versions.`)
  const answers = plan.test ? await fromFiles(parts, plan) : await fromGold(parts, plan, predictors, ids)
  return { predictors, ids, ...answers }
}

async function predictorOf(parts: CompareParts, model: string, version: string): Promise<Predictor> {
  if (version === 'in-force') {
    const inForce = await servedPredictor(parts.artefacts, await parts.inForce(), model)
    if (!inForce) throw new TrainingError(`The stream does not serve ${model}: name one of its versions.`)
    return inForce
  }
  if (version !== 'latest') return keptPredictor(parts.artefacts, model, version)
  const [newest] = await parts.artefacts.list(model)
  if (!newest)
    throw new TrainingError(`Nothing has been trained for ${model} yet; "npx mastery train --models ${model}" does.`)
  return keptPredictor(parts.artefacts, model, newest.version)
}

function aboutOf({ model, by }: Predictor): string {
  if (by.kind === 'mean') return `${model} is not in force: the mean of the models that everybody is scored with.`
  return by.kind === 'artefact' ? learnerNamed(by.learner).about : `The streaming model ${model} as it is served.`
}

async function fromFiles(parts: CompareParts, plan: ComparePlan) {
  const signal = parts.signal ?? new AbortController().signal
  const { log, facts, columns } = await readInThread(plan.test!, signal, (f) =>
    plan.progress(0, `reading ${Math.round(100 * f)} %`),
  )
  return { log, facts, columns: [...columns] }
}

async function fromGold(parts: CompareParts, plan: ComparePlan, all: readonly Predictor[], ids: readonly string[]) {
  const stranger = all.findIndex((p) => p.unseen === 'nobody known')
  if (stranger >= 0)
    throw new TrainingError(
      `Which students of gold ${ids[stranger]} was fitted on can't be told: it was trained on files. Give answers that no version has seen: --format FORMAT --test FILE.`,
    )
  plan.progress(0, 'reading answers from gold')
  const { log: whole, columns } = await goldAnswers(await parts.gold(), parts.generation)
  const unseen = all.map((p) => p.unseen)
  const log = studentsOf(whole, unseenStudents(whole, unseen))
  if (log.students.length < LEAST_STUDENTS)
    throw new TrainingError(
      `Of ${whole.students.length} students in gold ${log.students.length} were kept from the fits of all these versions; a comparison needs ${LEAST_STUDENTS}. Train them with the same --seed, so that the same students are kept aside, or wait for more students.`,
    )
  const facts: DataFacts = factsOf('gold', [], { log, untagged: 0, rejected: 0 })
  return { log: sharedLog(log), facts, columns: [...columns] }
}

/** What the comparison comes to, in sentences: the version of least log loss against each other one. */
export function verdicts({ models, comparisons }: Evaluation): string[] {
  const [best, ...others] = Object.entries(models)
    .sort(([, a], [, b]) => a.log_loss - b.log_loss)
    .map(([id]) => id)
  const number = (x: number) => Math.abs(x).toFixed(4)
  return others.map((other) => {
    const c = comparisons.find(
      (x) => (x.first === best && x.second === other) || (x.first === other && x.second === best),
    )!
    const turn = c.first === best ? 1 : -1
    const of = ({ low, high, difference, clear_of_zero }: Comparison['auc']) =>
      turn === 1
        ? { low, high, difference, clear_of_zero }
        : { low: -high, high: -low, difference: -difference, clear_of_zero }
    const loss = of(c.log_loss)
    const auc = of(c.auc)
    const ranks = !auc.clear_of_zero
      ? 'In AUC the two can not be told apart.'
      : `Its AUC is ${auc.difference > 0 ? 'higher' : 'lower'} by ${number(auc.difference)}.`
    return loss.clear_of_zero
      ? `${best} is better than ${other}: its log loss is lower by ${number(loss.difference)}, interval ${number(loss.high)} to ${number(loss.low)}, clear of zero. ${ranks}`
      : `${best} and ${other} can not be told apart: the difference in log loss, ${number(loss.difference)}, has an interval that holds zero (${loss.low.toFixed(4)} to ${loss.high.toFixed(4)}). ${ranks}`
  })
}
