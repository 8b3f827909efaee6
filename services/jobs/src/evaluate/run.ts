import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import { setImmediate as breathe } from 'node:timers/promises'
import type { AnswerLog } from '@mastery/topology/evaluation/answer-log.ts'
import { evaluate, type Predictions } from '@mastery/topology/evaluation/evaluate.ts'
import type { Evaluation } from '@mastery/topology/evaluation/evaluation.ts'
import { LoadError } from '@mastery/topology/evaluation/loaders/load-error.ts'
import { readPredictions } from '@mastery/topology/evaluation/loaders/predictions.ts'
import { byColumn } from '@mastery/topology/evaluation/slices.ts'
import { learnerNamed } from '../learners.ts'
import { inThreads } from '../worker-pool.ts'
import type { NamedArtefact } from './artefact-file.ts'
import type { FitOutcome, FitTask } from './fit-worker.ts'
import { type AnswerFiles, type ReadAnswers, readAnswers, readText } from './read-answers.ts'
import { sharedLog } from './shared-log.ts'

export interface EvaluationPlan {
  train: AnswerFiles | null
  /** Null: cross-validation over the students of `train`. */
  test: AnswerFiles | null
  folds: number
  /** Learners to fit. */
  models: readonly string[]
  artefacts: readonly NamedArtefact[]
  /** Files of predictions. */
  compare: readonly string[]
  seed: number
  draws: number
  threads: number
  signal: AbortSignal
  onProgress(phase: 'reading' | 'fitting' | 'measuring', fraction: number, detail: string): void
}

export interface EvaluationResult {
  evaluation: Evaluation
  log: AnswerLog
  predictions: Predictions[]
  /** Bytes by learner, of those that were fitted on all of the training answers. */
  fitted: Map<string, Uint8Array>
}

const LEVEL = 0.95
const BINS = 10

/**
 * Fits, predicts, measures. Models run in threads of their own, `threads` at a time.
 * @throws LoadError for files that can't be used; what a fit throws; the signal's reason
 */
export async function runEvaluation(plan: EvaluationPlan): Promise<EvaluationResult> {
  const { train, test } = await readBoth(plan)
  const facts = test ?? train!
  const log = sharedLog(facts.log)
  const inBoth = train && test ? common(train.log, test.log) : 0
  const compared = plan.compare.map((path) => comparisonOf(path, plan, log))
  const fits = await fitAll(plan, train ? sharedLog(train.log) : null, log)
  const predictions = [...fits.made, ...compared.flat()]
  const named = new Set<string>()
  for (const m of predictions) {
    if (named.has(m.id)) m.id = `${m.id} (${m.source})`
    if (named.has(m.id)) throw new Error(`Two sets of predictions are named ${m.id}. Rename one of them.`)
    named.add(m.id)
  }
  const groups = new Map([...facts.columns].map(([name, values]) => [name, byColumn(log, values)]))
  const measuring = evaluate(log, predictions, { seed: plan.seed, draws: plan.draws, level: LEVEL, bins: BINS, groups })
  let step = measuring.next()
  for (; !step.done; step = measuring.next()) {
    plan.onProgress('measuring', step.value, `${plan.draws} draws of students`)
    await breathe()
    plan.signal.throwIfAborted()
  }
  const evaluation: Evaluation = {
    schema: 1,
    task: 'Is the next answer correct, given the earlier answers of the student?',
    protocol: {
      kind: test ? 'train and test files' : 'cross-validation',
      folds: test ? null : plan.folds,
      seed: plan.seed,
      draws: plan.draws,
      level: LEVEL,
      bins: BINS,
    },
    data: { train: train?.facts ?? null, test: facts.facts, students_in_both: inBoth },
    ...step.value,
  }
  return { evaluation, log, predictions, fitted: fits.fitted }
}

/** Training and test answers of a plan. @throws LoadError for files that can't be used */
export async function readBoth(
  plan: Pick<EvaluationPlan, 'train' | 'test' | 'signal'> & {
    onProgress(phase: 'reading', fraction: number, detail: string): void
  },
): Promise<{ train: ReadAnswers | null; test: ReadAnswers | null }> {
  const both = [plan.train, plan.test]
  const read: (ReadAnswers | null)[] = []
  for (const [i, files] of both.entries()) {
    const name = files?.files.map((f) => basename(f)).join(', ') ?? ''
    const tell = (share: number) => plan.onProgress('reading', (i + share) / 2, name.slice(0, 60))
    read.push(files && (await readAnswers(files, plan.signal, tell)))
  }
  return { train: read[0]!, test: read[1]! }
}

/** Students that stand in both. */
export function common(a: AnswerLog, b: AnswerLog): number {
  const known = new Set(a.students)
  return b.students.filter((s) => known.has(s)).length
}

async function fitAll(
  plan: EvaluationPlan,
  train: AnswerLog | null,
  test: AnswerLog,
): Promise<{ made: Predictions[]; fitted: Map<string, Uint8Array> }> {
  const folds = plan.test ? 1 : plan.folds
  const place = new Int32Array(1 + test.row.reduce((most, row) => Math.max(most, row), 0))
  test.row.forEach((row, r) => {
    place[row] = r
  })
  const wanted = [
    ...plan.models.map((id) => ({ id, learner: id, bytes: null })),
    ...plan.artefacts.map((a) => ({ id: a.name, learner: a.learner, bytes: a.bytes })),
  ]
  const tasks = wanted.flatMap((w, model) => {
    const parts = w.bytes ? 1 : folds
    return Array.from({ length: parts }, (_, fold) => {
      const data: FitTask['data'] =
        parts > 1 ? { kind: 'fold', log: test, folds: parts, fold } : { kind: 'files', train, test }
      const task: FitTask = { learner: w.learner, seed: plan.seed, data, artefact: w.bytes }
      return { model, fold, name: parts > 1 ? `${w.id} fold ${fold + 1}` : w.id, input: task }
    })
  })
  const made: Predictions[] = wanted.map((w) => ({
    id: w.id,
    about: learnerNamed(w.learner).about,
    source: w.bytes ? 'loaded' : 'fitted',
    p: new Float64Array(test.size),
    fold: !w.bytes && folds > 1 ? new Uint16Array(test.size) : null,
    fit_seconds: w.bytes ? null : 0,
    predict_seconds: 0,
    artefact_sha256: null,
    artefact_bytes: null,
  }))
  const fitted = new Map<string, Uint8Array>()
  const outcomes = await inThreads<FitOutcome>(new URL('./fit-worker.ts', import.meta.url), tasks, {
    threads: plan.threads,
    signal: plan.signal,
    onProgress: (share, detail) => plan.onProgress('fitting', share, detail),
  })
  for (const [i, { model, fold }] of tasks.entries()) {
    const m = made[model]!
    const o = outcomes[i]!
    o.rows.forEach((row, k) => {
      m.p[place[row]!] = o.p[k]!
      if (m.fold) m.fold[place[row]!] = fold
    })
    if (m.fit_seconds !== null) m.fit_seconds += o.fitSeconds ?? 0
    m.predict_seconds! += o.predictSeconds
    if (m.fold) continue
    m.artefact_sha256 = createHash('sha256').update(o.artefact).digest('hex')
    m.artefact_bytes = o.artefact.length
    if (o.training.length > 0) m.training = o.training
    if (m.source === 'fitted') fitted.set(m.id, o.artefact)
  }
  return { made, fitted }
}

function comparisonOf(path: string, plan: EvaluationPlan, log: AnswerLog): Predictions[] {
  const files = (plan.test ?? plan.train)!.files
  const answers = files.length === 1 ? { fileName: basename(files[0]!), text: readText(files[0]!) } : null
  const found = readPredictions(basename(path), readText(path), log, answers)
  if (found.size === 0) throw new LoadError(basename(path), {}, 'It holds no prediction.')
  return [...found].map(([id, p]) => ({
    id,
    about: `Predictions of the file ${basename(path)}.`,
    source: 'file',
    p,
    fold: null,
    fit_seconds: null,
    predict_seconds: null,
    artefact_sha256: null,
    artefact_bytes: null,
  }))
}
