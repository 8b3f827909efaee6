import { resolve } from 'node:path'
import { type Host, type Io, UsageError } from '../command.ts'
import { PhaseProgress } from '../evaluate-progress.ts'
import { comparisonTable, evaluationTable, periodTable } from '../evaluate-tables.ts'
import { timeOf } from '../event-time.ts'
import { positive } from './simulate.ts'

export const PREQUENTIAL_OPTIONS = {
  prequential: { type: 'boolean' },
  generation: { type: 'string' },
  from: { type: 'string' },
  to: { type: 'string' },
} as const

interface Values {
  generation?: string | undefined
  from?: string | undefined
  to?: string | undefined
  predictions?: string | undefined
  report?: string | undefined
  seed?: string | undefined
  draws?: string | undefined
  json?: boolean | undefined
}

const TAKEN = new Set('prequential generation from to predictions report seed draws json'.split(' '))

/** `evaluate --prequential`: measures what was predicted in a generation. */
export async function prequential(host: Host, values: Values, io: Io): Promise<number> {
  const stray = Object.keys(values).find((name) => !TAKEN.has(name))
  if (stray) throw new UsageError(`--prequential measures what is in gold and fits nothing: leave --${stray} out.`)
  const from = timeOf('--from', values.from)
  const to = timeOf('--to', values.to)
  await host.stages()
  const { generations } = host.installation
  const { runPrequential } = await import('@mastery/jobs/src/evaluate/prequential.ts')
  const { predictionsCsv, writeWhole } = await import('@mastery/jobs/src/evaluate/write.ts')
  const progress = new PhaseProgress(io.err)
  const { evaluation, log, predictions, partial } = await runPrequential(await host.gold(), {
    generation: generationOf(values.generation) ?? generations.active.id,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    seed: positive('seed', values.seed, 1),
    draws: positive('draws', values.draws, 1000),
    signal: new AbortController().signal,
    onProgress: (phase, fraction, detail) => progress.show(phase, fraction, detail),
  }).finally(() => progress.end())
  const path = (p: string) => resolve(io.cwd, p)
  if (values.predictions) writeWhole(path(values.predictions), predictionsCsv(log, predictions))
  if (values.report) {
    const { reportHtml } = await import('@mastery/topology/evaluation/report/report.ts')
    writeWhole(path(values.report), reportHtml(evaluation))
  }
  if (partial > 0) io.err.write(`${partial} answers that not every model predicted are left out.\n`)
  if (values.json) io.out(`${JSON.stringify(evaluation)}\n`)
  else io.out(`${evaluationTable(evaluation)}${comparisonTable(evaluation)}${periodTable(evaluation)}`)
  return 0
}

function generationOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^\d{1,5}$/.test(text))
    throw new UsageError(`--generation is "${text}"; "npx mastery generations" lists their numbers.`)
  return Number(text)
}
