import { cpus } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { LEARNERS, TRAINED } from '@mastery/jobs/src/learners.ts'
import type { FitOptions } from '@mastery/jobs/src/training/fit-all.ts'
import { MOST_ANSWERS } from '@mastery/jobs/src/training/most-answers.ts'
import { STREAMING } from '@mastery/jobs/src/training/payload.ts'
import { WEEK_LEARNERS } from '@mastery/topology/learners/catalog.ts'
import type { Manifest } from '@mastery/topology/ports/artefact-store.ts'
import { ANSWER_HELP, ANSWER_OPTIONS, answerFiles, FORMATS_HELP } from '../answer-files.ts'
import { type Command, type Host, type Io, UsageError } from '../command.ts'
import { PhaseProgress } from '../evaluate-progress.ts'
import { timeOf } from '../event-time.ts'
import { signalled } from '../signals.ts'
import { manifestTable, versionParts } from '../trained-models.ts'
import { positive } from './simulate.ts'

const IDS = TRAINED.map((l) => l.id)
const FOLDS = 5

const help = `npx mastery train --models ${IDS.join(',')} [--from TIME] [--to TIME] [options]
npx mastery train --models MODEL,... --format FORMAT --train FILE [--test FILE] [--out DIR] [options]

Fits models on answers, measures them on students that the fit did not see, and keeps each as a version of its model: its
parameters with the manifest of what it was fitted on, its evaluation, a report and a model card ("npx mastery models list",
"models card"). Nothing is scored differently until a version is activated. The same seed and answers give the same version.

The answers are those in gold, or those of files. One student in ${FOLDS} is kept aside for the measures: AUC with its interval
over students, log loss, calibration error, and the paired gain over the version in force, where one is; with --test the
answers of that file are measured on instead, and all of --train are fitted on. A command that was killed and is started
again goes on where its fits had come to, and ends with the same versions.

  --models LIST        which models to fit, separated by commas; all: every one of the next answer
  --from, --to TIME    answers in gold of that time only: 2026-03-01 or 2026-03-01T12:00:00Z, event time
  --format FORMAT      of the files
  --train FILE         answers to fit on (.gz too), or a folder; may be given several times
  --test FILE          answers of other students to measure on
  --out DIR            where the versions go; default: those of the installation
  --max-answers N      fit on N answers at most, those of whole students drawn by hash; default ${MOST_ANSWERS.toLocaleString('en')}. Reading takes
                       memory for so many, however many rows there are; the manifest says what share was drawn
  --label-weight W     trees and blend, from gold: what teachers judged of topics counts as so many answers each; default:
                       label_weight of configs/training.json, which ships as 0: no judgement is learned from
${ANSWER_HELP}
  --seed N             of fits, the students kept aside, and draws; default 1
  --draws N            bootstrap draws of students; default 1000
  --threads N          models fitted at a time; default: the cores, at most 4
  --json               print the manifests

Formats
${FORMATS_HELP}`

const OPTIONS = {
  ...ANSWER_OPTIONS,
  models: { type: 'string' },
  from: { type: 'string' },
  to: { type: 'string' },
  out: { type: 'string' },
  'max-answers': { type: 'string' },
  'label-weight': { type: 'string' },
  seed: { type: 'string' },
  draws: { type: 'string' },
  threads: { type: 'string' },
  json: { type: 'boolean' },
} as const

const parse = (args: readonly string[]) => parseArgs({ args: [...args], options: OPTIONS }).values
type Values = ReturnType<typeof parse>

async function run(host: Host | null, args: string[], io: Io): Promise<number> {
  const values = parse(args)
  const stop = new AbortController()
  const progress = new PhaseProgress(io.err)
  const options: FitOptions & { maxAnswers: number } = {
    learners: learnersOf(values.models),
    seed: seedOf(values.seed),
    folds: FOLDS,
    draws: positive('draws', values.draws, 1000),
    threads: positive('threads', values.threads, Math.min(4, cpus().length)),
    maxAnswers: positive('max-answers', values['max-answers'], MOST_ANSWERS),
    progress: (fraction, message) => progress.show('training', fraction, message),
  }
  check(values)
  const began = performance.now()
  const train = values.train ? () => onFiles(host, values, options, io, stop) : () => onGold(host!, values, options)
  const manifests = await train().finally(() => progress.end())
  const seconds = (performance.now() - began) / 1000
  if (values.json) io.out(`${JSON.stringify(manifests)}\n`)
  else io.out(`${said(manifests, values, seconds)}\n`)
  return 0
}

async function onGold(host: Host, values: Values, options: FitOptions & { maxAnswers: number }): Promise<Manifest[]> {
  const from = timeOf('--from', values.from)
  const to = timeOf('--to', values.to)
  await host.stages()
  const parts = versionParts(host)
  const { trainFromGold } = await import('@mastery/jobs/src/training/train.ts')
  const { checkpointsIn } = await import('@mastery/jobs/src/training/fit-all.ts')
  const { loadTraining } = await import('@mastery/infra/config/training.ts')
  const labelWeight = weightOf(values['label-weight']) ?? loadTraining().labelWeight
  const { versionsInForce } = await import('@mastery/jobs/src/training/versions.ts')
  return trainFromGold(
    {
      gold: await host.gold(),
      artefacts: parts.artefacts,
      generation: parts.generation,
      inForce: () => versionsInForce(parts),
      labelWeight,
      now: Date.now,
      checkpoints: checkpointsIn(host.profile.modelsDir),
    },
    { ...options, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) },
  )
}

async function onFiles(
  host: Host | null,
  values: Values,
  options: FitOptions & { maxAnswers: number },
  io: Io,
  stop: AbortController,
): Promise<Manifest[]> {
  const { train, test } = answerFiles(values, io)
  const { trainFromFiles } = await import('@mastery/jobs/src/training/train-files.ts')
  const { checkpointsIn } = await import('@mastery/jobs/src/training/fit-all.ts')
  const { FileArtefactStore } = await import('@mastery/infra/adapters/files/artefact-store.ts')
  // Where this process is not the command's own, a signal means the process.
  if (host === null)
    void signalled().then((signal) =>
      stop.abort(new Error(`Ended by ${signal}. The same command goes on from where the fits had come to.`)),
    )
  const dir = values.out === undefined ? host!.profile.modelsDir : resolve(io.cwd, values.out)
  return trainFromFiles(
    { artefacts: new FileArtefactStore(dir), now: Date.now, signal: stop.signal, checkpoints: checkpointsIn(dir) },
    { ...options, train: train!, test },
  )
}

function said(manifests: readonly Manifest[], values: Values, seconds: number): string {
  const { training, settings } = manifests[0]!
  const n = (x: unknown) => Number(x).toLocaleString('en')
  const aside = `${n(settings['held_out_students'])} students ${values.test ? 'of the test file' : 'kept aside'} to measure on`
  const sampled =
    settings['sampled_share'] === undefined
      ? ''
      : ` More than --max-answers were given: ${(100 * Number(settings['sampled_share'])).toFixed(2)} % of the students are kept.`
  const next = manifests.find((m) => !WEEK_LEARNERS.some((l) => l.id === m.model))
  const where =
    values.out === undefined
      ? `${offered(manifests)} "npx mastery models card MODEL VERSION" tells all about one.`
      : `In ${values.out} each has a folder with its model card, CARD.md${next ? `, and a report; "npx mastery evaluate --load ${join(values.out, next.model, next.version)}" predicts with it` : ''}.`
  const weeks = manifests.some((m) => WEEK_LEARNERS.some((l) => l.id === m.model))
    ? '\nOf forecasts of the week the log loss is that of the shares of right answers, and the gain one over the share so far where none is in force.'
    : ''
  return `${n(training.answers)} answers of ${n(training.students)} students, ${n(training.items)} items, ${n(training.topics)} topics; ${aside}; ${seconds.toFixed(1)} s.${sampled}\n\n${manifestTable(manifests)}\nMeasured on students that the fit did not see. ${where}${weeks}`
}

/** Which versions stand for activation: those whose gain over what the stream scores with is clear of zero. */
function offered(manifests: readonly Manifest[]): string {
  const better = manifests.filter(
    ({ model, metrics }) => STREAMING.some((m) => m.id === model) && (metrics['gain_log_loss_low'] ?? 0) > 0,
  )
  return better.length === 0
    ? 'None is clearly better than what is in force, so that none is offered for activation.'
    : `Clearly better than what is in force: ${better.map((m) => `"npx mastery models activate ${m.model} ${m.version}"`).join(', ')}.`
}

function learnersOf(list: string | undefined): string[] {
  // Answers without a clock have no week.
  if (list === 'all') return LEARNERS.map((l) => l.id)
  const learners = [...new Set((list ?? '').split(',').flatMap((m) => m.trim() || []))]
  if (learners.length === 0) throw new UsageError(`Say which: --models ${IDS.join(',')}, some of them, or all.`)
  const unknown = learners.filter((id) => !IDS.includes(id))
  if (unknown.length > 0)
    throw new UsageError(
      `There is no model "${unknown.join('", "')}"; those that can be trained are ${IDS.join(', ')}.`,
    )
  return learners
}

/** What does not fit together, said before any work is done. */
function check(values: Values): void {
  const ofFiles = ['format', 'test', 'out', 'by', 'option', 'skip-rejects'] as const
  const stray = ofFiles.find((name) => values[name] !== undefined)
  if (!values.train && stray)
    throw new UsageError(`--${stray} is for answers from files: give them with --train FILE. Without it gold is read.`)
  if (values.train && values['label-weight'] !== undefined)
    throw new UsageError('--label-weight is for judgements in gold; files have none.')
  weightOf(values['label-weight'])
  if (values.train && (values.from ?? values.to))
    throw new UsageError('--from and --to are for answers in gold; of files all answers are read.')
}

function weightOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const weight = Number(text)
  if (text.trim() === '' || !(weight >= 0 && weight <= 100))
    throw new UsageError('--label-weight must be a number from 0 to 100.')
  return weight
}

function seedOf(text: string | undefined): number {
  const seed = Number(text ?? 1)
  if (!Number.isInteger(seed) || seed < 0) throw new UsageError('--seed must be a whole number of 0 or more.')
  return seed
}

export const trainCommand: Command = {
  name: 'train',
  summary: 'fit models on answers in gold or in files, measure them, and keep them as versions',
  help,
  // With a folder of its own for the versions, files need no installation.
  standalone: (args) => args.some((a) => /^--out(?:=|$)/.test(a)),
  run: (host, args, io) => run(host, args, io),
}
