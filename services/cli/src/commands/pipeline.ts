import { parseArgs } from 'node:util'
import { type PartStanding, pipelineOf } from '@mastery/topology/ops/pipeline.ts'
import type { Command } from '../command.ts'
import { newestMetrics } from '../ops-records.ts'
import { table } from '../tables.ts'

const HEAD = [
  'part',
  'state',
  'seen',
  'lag',
  'per s',
  'p50 ms',
  'p99 ms',
  'age p99 ms',
  'errors',
  'dead letters',
  'retries',
]

const NOBODY = `Nobody has written to ops.metrics how it fares: no service has run here yet, or the profile's metricsSeconds (or METRICS_SECONDS) is 0.
"npm start" runs all parts in one process, "npx mastery services --profile local" each service as one; the first records come a second after.
`

function ago(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000))
  if (s < 120) return `${s} s ago`
  if (s < 7_200) return `${Math.round(s / 60)} min ago`
  return `${Math.round(s / 3600)} h ago`
}

const whole = (x: number | null) => (x === null ? '-' : x.toLocaleString('en'))

function row(p: PartStanding, now: number): string[] {
  const name = p.service === p.part ? p.part : `${p.service}/${p.part}`
  return [
    p.generation === 0 ? name : `${name} g${p.generation}`,
    p.state,
    ago(now - p.last_seen),
    whole(p.lag),
    p.per_second === null ? '-' : p.per_second.toFixed(1),
    whole(p.p50_ms),
    whole(p.p99_ms),
    whole(p.age_p99_ms),
    p.error_share === null ? '-' : `${(100 * p.error_share).toFixed(1)} %`,
    whole(p.dead_letters),
    whole(p.retries),
  ]
}

function inWords(parts: readonly PartStanding[], now: number): string {
  if (parts.length === 0) return NOBODY
  const problems = parts.flatMap((p) => (p.problem === '' ? [] : [`${p.part}: ${p.problem}\n`]))
  const rows = table(
    HEAD,
    parts.map((p) => row(p, now)),
  )
  const silent = parts.filter((p) => p.state === 'silent').length
  const missed =
    silent === 0
      ? ''
      : `${silent} of ${parts.length} parts gave no sign of life and did not say that they end: look whether their process still runs.\n`
  return `${rows}\n${[...problems, missed].join('')}`
}

export const pipelineCommand: Command = {
  name: 'pipeline',
  summary: 'how every part of every service stands: lag, rates, latency, errors',
  help: `npx mastery pipeline [--json] [--profile NAME] [--data DIR]

Shows what services last wrote to ops.metrics, straight from the log, so that it works where gold does not. Rates,
latency, errors, dead letters and retries are of the 15 minutes up to a part's newest record. p50 and p99 are upper
bounds of what half and 99 in 100 operations took: for a stage from the fetch of a record to its commit. age is from a
record's append to its commit; records that carry another clock, as those of an import, are left out of it.

state: running; stopped (a partition stands still, the reason is below the table); rebuilding; silent (no sign of life,
and it did not say that it ends); ended (it was told to). Parts that nobody heard of for a day are left out. Gold keeps
the records in ops_metrics, and its view v_pipeline shows the same.`,
  async run(host, args, io) {
    const { values } = parseArgs({ args, options: { json: { type: 'boolean' } } })
    const { log, codec } = host.installation
    const now = Date.now()
    const parts = pipelineOf(await newestMetrics(log, codec), now)
    io.out(values.json ? `${JSON.stringify(parts)}\n` : inWords(parts, now))
    return 0
  },
}
