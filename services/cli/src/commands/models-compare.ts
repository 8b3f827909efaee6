import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { versionsInForce } from '@mastery/jobs/src/training/versions.ts'
import { ANSWER_OPTIONS, answerFiles } from '../answer-files.ts'
import { type Host, type Io, UsageError } from '../command.ts'
import { PhaseProgress } from '../evaluate-progress.ts'
import { comparisonTable, evaluationTable } from '../evaluate-tables.ts'
import { versionParts } from '../trained-models.ts'
import { weekComparisons, weekTable } from '../week-tables.ts'
import { positive } from './simulate.ts'

const OPTIONS = {
  ...ANSWER_OPTIONS,
  report: { type: 'string' },
  seed: { type: 'string' },
  draws: { type: 'string' },
  json: { type: 'boolean' },
} as const

/** `models compare`: its arguments after these two words. */
export async function compareModels(host: Host, args: string[], io: Io): Promise<void> {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: OPTIONS })
  const versions = versionsOf(positionals)
  if (values.train)
    throw new UsageError('models compare fits nothing: give --test FILE, or no file for answers in gold.')
  const { test } = values.test || values.format ? answerFiles(values, io) : { test: null }
  await host.stages()
  const parts = versionParts(host)
  const progress = new PhaseProgress(io.err)
  const { compareVersions, verdicts } = await import('@mastery/jobs/src/training/compare.ts')
  const { compareWeekVersions, forecastWeeks } = await import('@mastery/jobs/src/training/week-compare.ts')
  const from = {
    gold: () => host.gold(),
    artefacts: parts.artefacts,
    generation: parts.generation,
    inForce: () => versionsInForce(parts),
  }
  const plan = {
    versions,
    test,
    seed: positive('seed', values.seed, 1),
    draws: positive('draws', values.draws, 1000),
    progress: (fraction: number, message: string) => progress.show('comparing', fraction, message),
  }
  if (forecastWeeks(versions.map((v) => v.model))) {
    if (values.report) throw new UsageError('There is no report of forecasts of the week: leave --report out.')
    const found = await compareWeekVersions(from, plan).finally(() => progress.end())
    if (values.json) io.out(`${JSON.stringify(found)}\n`)
    else io.out(`${weekTable(found)}${weekComparisons(found, Object.keys(found.models)[0])}`)
    return
  }
  const evaluation = await compareVersions(from, plan).finally(() => progress.end())
  if (values.report) {
    const { reportHtml } = await import('@mastery/topology/evaluation/report/report.ts')
    const { writeWhole } = await import('@mastery/jobs/src/evaluate/write.ts')
    writeWhole(resolve(io.cwd, values.report), reportHtml(evaluation))
  }
  const said = verdicts(evaluation)
  if (values.json) io.out(`${JSON.stringify({ ...evaluation, verdicts: said })}\n`)
  else io.out(`${evaluationTable(evaluation)}${comparisonTable(evaluation)}\n${said.join('\n')}\n`)
}

/** `MODEL A B ...`, or `MODEL/A MODEL/B ...`. */
function versionsOf(given: readonly string[]): { model: string; version: string }[] {
  const how = 'Give two versions or more: npx mastery models compare MODEL A B, or MODEL/A OTHER/B.'
  const [first = ''] = given
  const one = first !== '' && !first.includes('/')
  const named = one ? given.slice(1).map((v) => (v.includes('/') ? v : `${first}/${v}`)) : given
  const versions = named.map((text) => {
    const [model, version, ...more] = text.split('/')
    if (!model || !version || more.length > 0) throw new UsageError(`"${text}" is no version. ${how}`)
    return { model, version }
  })
  if (versions.length < 2) throw new UsageError(how)
  return versions
}
