import { trainingCut } from '@mastery/topology/evaluation/fingerprint.ts'
import { splitFew } from '@mastery/topology/evaluation/split.ts'
import type { Manifest } from '@mastery/topology/ports/artefact-store.ts'
import type { AnswerFiles, ReadAnswers } from '../evaluate/read-answers.ts'
import { readInThread } from '../evaluate/read-worker.ts'
import { learnerNamed } from '../learners.ts'
import { type FitOptions, type FitParts, fitAndPublish } from './fit-all.ts'
import { TrainingError } from './train.ts'

export interface FilesPlan extends FitOptions {
  train: AnswerFiles
  /** Measured on these; null: on students of `train` who are kept aside. */
  test: AnswerFiles | null
  /** Answers that are fitted on at most: those of a sample of students. */
  maxAnswers: number
}

const LEAST_STUDENTS = 2
const FEW_STUDENTS = 30
/** Of all work, the reading. */
const READING = 0.05

/**
 * Fits learners on files, as `trainFromGold` on gold. Memory while reading is bounded by `maxAnswers`, however many rows
 * there are.
 * @throws LoadError, TrainingError
 */
export async function trainFromFiles(parts: FitParts, plan: FilesPlan): Promise<Manifest[]> {
  const signal = parts.signal ?? new AbortController().signal
  const { maxAnswers, seed, progress } = plan
  const bound = { most: maxAnswers, seed }
  const reading = (which: string) => (share: number) => progress?.(READING * share, `reading ${which}`)
  const train = await readInThread({ ...plan.train, bound }, signal, reading('answers'))
  const test = plan.test && (await readInThread({ ...plan.test, bound }, signal, reading('answers to test on')))
  if (train.log.students.length < LEAST_STUDENTS)
    throw new TrainingError(
      `There are answers of ${train.log.students.length} student; training needs ${LEAST_STUDENTS} or more, one of whom is kept aside. Give more files.`,
    )
  // Of a handful of students the hash may keep nobody aside.
  const few = test === null && train.log.students.length < FEW_STUDENTS ? splitFew(train.log, plan.folds, seed) : null
  const log = few?.train ?? train.log
  const known = new Set(log.students)
  // Nobody knows which students of other files an earlier version has seen: it is named, and not compared with.
  const parents = new Map<string, string>()
  for (const { id, serves } of plan.learners.map(learnerNamed)) {
    const model = serves ?? id
    const [newest] = await parts.artefacts.list(model)
    if (newest) parents.set(model, newest.version)
  }
  const sampled = train.sampled ?? test?.sampled
  return fitAndPublish(
    parts,
    { ...plan, progress: (share, message) => progress?.(READING + (1 - READING) * share, message) },
    {
      log,
      test: test?.log ?? few?.test ?? null,
      kind: test ? 'train and test files' : 'students kept aside',
      labels: null,
      cut: trainingCut(log, namesOf(train)),
      columns: [...(test ?? train).columns],
      champions: new Map(),
      parents,
      about: {
        train: aboutOf(train),
        test: aboutOf(test ?? train),
        studentsInBoth: test === null ? 0 : test.log.students.filter((s) => known.has(s)).length,
      },
      settings: {
        format: plan.train.format.id,
        rows_read: train.rows,
        ...(sampled ? { max_answers: maxAnswers, sampled_share: train.sampled?.share ?? 1 } : {}),
        ...(test ? { tested_on: namesOf(test) } : {}),
      },
    },
  )
}

/** EdNet has a file for each of its 784 thousand students. */
const FILES_NAMED = 20

function namesOf({ facts: { files } }: ReadAnswers): string {
  const named = files.slice(0, FILES_NAMED).map((f) => f.name)
  return `${named.join(', ')}${files.length > named.length ? ` and ${files.length - named.length} more files` : ''}`
}

function aboutOf({ facts, untagged, rejected }: ReadAnswers) {
  return { files: facts.files.slice(0, FILES_NAMED), format: facts.format, untagged, rejected }
}
