import { createHash } from 'node:crypto'
import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { AnswerLog } from '@mastery/topology/evaluation/answer-log.ts'
import type { DataFacts, Evaluation } from '@mastery/topology/evaluation/evaluation.ts'
import type { FitRun } from '@mastery/topology/evaluation/learner.ts'
import { type WeekEvaluation, weekTask } from '@mastery/topology/evaluation/week/evaluation.ts'
import type { ArtefactStore, Manifest, TrainingCut } from '@mastery/topology/ports/artefact-store.ts'
import { sharedLog } from '../evaluate/shared-log.ts'
import { learnerNamed } from '../learners.ts'
import { inThreads } from '../worker-pool.ts'
import type { FitResult, FitTask } from './fit-worker.ts'
import type { Predictor } from './predictor.ts'
import { publishVersion } from './publish.ts'

export interface FitParts {
  artefacts: ArtefactStore
  /** UTC milliseconds. */
  now(): number
  signal?: AbortSignal
  checkpoints?: string
}

export interface FitOptions {
  learners: readonly string[]
  seed: number
  /** One student in so many is kept aside for the metrics. */
  folds: number
  /** Bootstrap draws. */
  draws: number
  /** Fits at a time; default 1. */
  threads?: number
  progress?(fraction: number, message: string): void
}

type About = Pick<DataFacts, 'files' | 'format' | 'untagged' | 'rejected'>

/** What is fitted on, and what is measured on. */
export interface TrainingAnswers {
  log: AnswerLog
  /** Null: students of `log` are kept aside by the fit. */
  test: AnswerLog | null
  kind: 'train and test files' | 'students kept aside'
  cut: TrainingCut
  columns: readonly (readonly [name: string, values: readonly string[]])[]
  /** By model: what a new version would replace. */
  champions: ReadonlyMap<string, Predictor>
  /** By model: the version that it follows where it is not compared with one. */
  parents: ReadonlyMap<string, string>
  about: { train: About; test: About; studentsInBoth: number }
  /** What people judged of topics; null: nothing. */
  labels: NonNullable<FitRun['labels']> | null
  /** What else the manifests say. */
  settings: Readonly<Record<string, string | number>>
}

/** Where fits keep their places, beside the versions; a name that no model can have. */
export const checkpointsIn = (modelsDir: string): string => join(modelsDir, '.checkpoints')

/** Places of runs that nobody went on with for so long are thrown away. */
const FORGOTTEN_MS = 30 * 86_400_000

/**
 * Fits every learner in a thread of its own and publishes it as soon as it is measured. A run that is started again after
 * a kill, on the same answers with the same settings, goes on where its fits had come to, and ends with the same bytes.
 */
export async function fitAndPublish(parts: FitParts, options: FitOptions, data: TrainingAnswers): Promise<Manifest[]> {
  const { folds, draws, seed } = options
  const places = parts.checkpoints === undefined ? null : await placesOf(parts.checkpoints, options, data)
  const shared = { log: sharedLog(data.log), test: data.test && sharedLog(data.test) }
  const learners = options.learners.map(learnerNamed)
  const tasks = learners.map((learner) => {
    const input: FitTask = {
      ...shared,
      ...{ learner: learner.id, seed, folds, draws, columns: data.columns, labels: data.labels },
      champion: data.champions.get(learner.serves ?? learner.id) ?? null,
      checkpoint: places && join(places, `${learner.id}.place`),
    }
    return { name: learner.id, input }
  })
  const out: Manifest[] = []
  const publishing: Promise<void>[] = []
  await inThreads<FitResult>(new URL('./fit-worker.ts', import.meta.url), tasks, {
    threads: options.threads ?? 1,
    ...(parts.signal ? { signal: parts.signal } : {}),
    onProgress: (share, detail) => options.progress?.(share, detail),
    onOutcome(i, result) {
      publishing.push(publish(parts, options, data, tasks[i]!.input, result).then((m) => void (out[i] = m)))
    },
  })
  await Promise.all(publishing)
  if (places) await rm(places, { recursive: true, force: true })
  return out
}

async function publish(
  { artefacts, now }: FitParts,
  { seed, folds, draws }: FitOptions,
  data: TrainingAnswers,
  task: FitTask,
  result: FitResult,
): Promise<Manifest> {
  const learner = learnerNamed(task.learner)
  const evaluation = evaluationOf(learner.id, { seed, draws }, data, result)
  return publishVersion(artefacts, {
    manifest: {
      schema: 1,
      model: learner.serves ?? learner.id,
      created_at: now(),
      parent: task.champion?.version ?? data.parents.get(learner.serves ?? learner.id) ?? null,
      training: data.cut,
      settings: {
        learner: learner.id,
        seed,
        // With a file for the test no student of the training answers is kept aside.
        folds: task.test ? null : folds,
        draws,
        fit_seconds: Math.round(result.fitSeconds * 1000) / 1000,
        held_out_students: result.heldOut.students,
        held_out_answers: result.heldOut.answers,
        ...labelSettings(data.labels),
        ...data.settings,
      },
      metrics: result.metrics,
    },
    about: learner.about,
    bytes: result.bytes,
    evaluation,
    reference: result.reference,
    ...(result.week ? { training: result.week.training } : {}),
  })
}

function labelSettings(labels: TrainingAnswers['labels']): Record<string, string | number> {
  if (labels === null) return {}
  const labels_sha256 = createHash('sha256').update(JSON.stringify(labels.labels)).digest('hex')
  return { labels: labels.labels.length, label_weight: labels.weight, labels_sha256 }
}

function evaluationOf(
  learner: string,
  { seed, draws }: Pick<FitOptions, 'seed' | 'draws'>,
  { about: { train, test, studentsInBoth }, kind }: TrainingAnswers,
  { bytes, fitted, heldOut, measured, week }: FitResult,
): Evaluation | WeekEvaluation {
  const protocol = { kind, folds: null, seed, draws, level: 0.95, bins: 10 }
  const data = {
    train: { ...fitted, ...train },
    test: { ...heldOut, ...test },
    students_in_both: studentsInBoth,
  }
  if (week !== null) {
    const { training: _, scope, clock, days, ...found } = week
    return {
      schema: 1,
      target: 'week',
      task: weekTask(scope),
      protocol: { ...protocol, days, scope, clock },
      data,
      ...found,
    }
  }
  const evaluation: Evaluation = {
    schema: 1,
    task: 'Is the next answer correct, given the earlier answers of the student?',
    protocol,
    data,
    ...measured!,
  }
  const own = evaluation.models[learner]!
  own.artefact_sha256 = createHash('sha256').update(bytes).digest('hex')
  own.artefact_bytes = bytes.length
  return evaluation
}

/** Folder of this run's places: the same for the same answers and settings. */
async function placesOf(
  root: string,
  { seed, folds }: FitOptions,
  { cut, test, labels }: TrainingAnswers,
): Promise<string> {
  const key = createHash('sha256')
    .update(JSON.stringify([cut.data_sha256, seed, test ? null : folds, labelSettings(labels)]))
    .digest('hex')
  await mkdir(root, { recursive: true })
  for (const name of await readdir(root)) {
    const { mtimeMs } = await stat(join(root, name)).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }))
    if (Date.now() - mtimeMs > FORGOTTEN_MS) await rm(join(root, name), { recursive: true, force: true })
  }
  return join(root, key.slice(0, 24))
}
