import { cpus } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { LEARNERS } from '@mastery/jobs/src/learners.ts'
import { ANSWER_HELP, ANSWER_OPTIONS, answerFiles, FORMATS_HELP } from '../answer-files.ts'
import { type Command, type Io, UsageError } from '../command.ts'
import { PhaseProgress } from '../evaluate-progress.ts'
import { comparisonTable, evaluationTable } from '../evaluate-tables.ts'
import { signalled } from '../signals.ts'
import { PREQUENTIAL_OPTIONS, prequential } from './evaluate-prequential.ts'
import { evaluateWeek, WEEK_OPTIONS } from './evaluate-week.ts'
import { positive } from './simulate.ts'

const IDS = LEARNERS.map((l) => l.id)

const help = `npx mastery evaluate --format FORMAT --train FILE --test FILE --models MODEL,MODEL,... [options]
npx mastery evaluate --format FORMAT --train FILE --folds K --models MODEL,...
npx mastery evaluate --target week --format FORMAT --train FILE --test FILE [--models MODEL,...] [options]
npx mastery evaluate --prequential [--generation N] [--from TIME] [--to TIME] [options]

Fits models on answers, predicts answers of other students from their earlier ones, and measures how well, with intervals
over students. docs/evaluation.md says how each figure is computed and how to compute it again.

Models
${LEARNERS.map((l) => `  ${l.id.padEnd(14)}${l.about}`).join('\n')}

Formats
${FORMATS_HELP}

  --train FILE         answers to fit on (.gz too), or a folder; may be given several times
  --test FILE          answers of other students, to be predicted
  --folds K            without --test: K parts of the students, each predicted by models fitted on the others
  --target week        forecast the share of right answers over the student's next seven days, fitted to it, instead of the
                       next answer; beside it the mean, the student's share so far, and what the --models (default:
                       trees) say of the next answer. The answers need a clock. Takes --train with --test or --folds,
                       --predictions (CSV of row,week_answers,week_share,model,p), --seed, --draws, --threads, --json
  --scope SCOPE        with --target week, which answers of the week count: all (default), or topics, those that share a
                       topic with the row
  --prequential        measure what the stream predicted before each answer, of all that is in gold, with the versions that
                       were in force; no files then. docs/evaluation.md says how it differs
  --generation N       of a replay ("npx mastery generations"); default: the active one
  --from, --to TIME    answers of that time only
  --models LIST        which models to fit, separated by commas; all: every one
  --load ARTEFACT      use a fitted model instead: MODEL=FILE, or the folder of a version; may be given several times
  --compare FILE       predictions made elsewhere: the test file with one more column, named after the model, or a CSV of
                       row,model,p; may be given several times
  --predictions FILE   write every prediction: CSV of row,model,p, rows of the test file from 0, its header not counted
  --report FILE        write a report, one HTML file
  --save DIR           write the fitted models, DIR/MODEL.artefact
${ANSWER_HELP}
  --seed N             of fits, folds and draws; default 1
  --draws N            bootstrap draws of students; default 1000
  --threads N          models fitted at a time; default: the cores, at most 4
  --json               one JSON document on standard output`

const OPTIONS = {
  ...ANSWER_OPTIONS,
  ...PREQUENTIAL_OPTIONS,
  ...WEEK_OPTIONS,
  folds: { type: 'string' },
  models: { type: 'string' },
  load: { type: 'string', multiple: true },
  compare: { type: 'string', multiple: true },
  predictions: { type: 'string' },
  report: { type: 'string' },
  save: { type: 'string' },
  seed: { type: 'string' },
  draws: { type: 'string' },
  threads: { type: 'string' },
  json: { type: 'boolean' },
} as const

type Values = ReturnType<typeof parse>

const parse = (args: string[]) => parseArgs({ args, options: OPTIONS }).values

/** Models that were asked for. */
function modelsOf(list: string | undefined): string[] {
  if (list === 'all') return IDS
  const ids = [...new Set((list ?? '').split(',').filter((id) => id !== ''))]
  for (const id of ids)
    if (!IDS.includes(id)) throw new UsageError(`There is no model "${id}". Give one of ${IDS.join(', ')}.`)
  return ids
}

/** What does not fit together, said before any work is done. */
function check(values: Values, models: readonly string[]): void {
  if (models.length === 0 && !values.load && !values.compare)
    throw new UsageError(`--models is missing: give some of ${IDS.join(', ')}, or all; or --load or --compare.`)
  if (!values.train && models.length > 0) throw new UsageError('--train is missing: models are fitted on it.')
  if (!values.test && !values.train) throw new UsageError('--test is missing: its answers are predicted.')
  if (values.test && values.folds)
    throw new UsageError('Give --test or --folds: with --test all students of --train are fitted on.')
  if (!values.test && !values.folds)
    throw new UsageError('Give --test FILE, or --folds K for cross-validation over the students of --train.')
  if (values.folds && positive('folds', values.folds, 0) < 2) throw new UsageError('--folds must be 2 or more.')
}

async function run(io: Io, args: string[]): Promise<number> {
  const values = parse(args)
  if (values.target !== undefined) return evaluateWeek(io, values, modelsOf(values.models ?? 'trees'))
  if (values.scope !== undefined) throw new UsageError('--scope belongs to --target week: give both, or neither.')
  const models = modelsOf(values.models)
  check(values, models)
  const files = answerFiles(values, io)
  const path = (p: string) => resolve(io.cwd, p)
  // Reading, fitting and the report cost a quarter of a second to load; help and mistakes need none of them.
  const { runEvaluation } = await import('@mastery/jobs/src/evaluate/run.ts')
  const { readArtefact } = await import('@mastery/jobs/src/evaluate/artefact-file.ts')
  const { predictionsCsv, writeWhole } = await import('@mastery/jobs/src/evaluate/write.ts')
  const artefacts = (values.load ?? []).map((given) => readArtefact(given, path))
  const stop = new AbortController()
  void signalled().then((signal) => stop.abort(new Error(`Ended by ${signal}; no file was written.`)))
  const progress = new PhaseProgress(io.err)
  const { evaluation, log, predictions, fitted } = await runEvaluation({
    ...files,
    folds: positive('folds', values.folds, 1),
    models,
    artefacts,
    compare: (values.compare ?? []).map(path),
    seed: positive('seed', values.seed, 1),
    draws: positive('draws', values.draws, 1000),
    threads: positive('threads', values.threads, Math.min(4, cpus().length)),
    signal: stop.signal,
    onProgress: (phase, fraction, detail) => progress.show(phase, fraction, detail),
  }).finally(() => progress.end())

  if (values.predictions) writeWhole(path(values.predictions), predictionsCsv(log, predictions))
  if (values.report) {
    const { reportHtml } = await import('@mastery/topology/evaluation/report/report.ts')
    writeWhole(path(values.report), reportHtml(evaluation))
  }
  if (values.save) {
    const { mkdirSync } = await import('node:fs')
    mkdirSync(path(values.save), { recursive: true })
    for (const [id, bytes] of fitted) writeWhole(join(path(values.save), `${id}.artefact`), bytes)
  }
  const { students_in_both: both, test } = evaluation.data
  if (both > 0)
    io.err.write(
      `${both} students are in --train and in --test: what was fitted has seen them, and figures are too good.\n`,
    )
  if (test.rejected > 0) io.err.write(`${test.rejected} rows could not be read and were left out.\n`)
  if (values.json) io.out(`${JSON.stringify(evaluation)}\n`)
  else io.out(`${evaluationTable(evaluation)}${comparisonTable(evaluation)}`)
  return 0
}

export const evaluateCommand: Command = {
  name: 'evaluate',
  summary: 'fit models on answers and measure their predictions on others',
  help,
  standalone: (args) => !args.includes('--prequential'),
  run: (host, args, io) => (host === null ? run(io, args) : prequential(host, parse(args), io)),
}
