import { parseArgs } from 'node:util'
import { driftsSince, everDrifted, type Found, largestEffect } from '@mastery/topology/drift/report/found.ts'
import { driftReportHtml } from '@mastery/topology/drift/report/report.ts'
import { type SeriesKind, seriesName } from '@mastery/topology/drift/series.ts'
import { type Command, type Host, type Io, UsageError } from '../command.ts'
import { foundDrift } from '../drift.ts'
import { table } from '../tables.ts'
import { WholeFile } from '../whole-file.ts'
import { positive } from './simulate.ts'

const day = (at: number) => new Date(at).toISOString().slice(0, 10)
const short = (x: number | null) => (x === null ? '-' : x.toPrecision(3))

function words({ series }: Found): string {
  const drifted = series.filter(everDrifted)
  const weeks = new Set(series.flatMap((s) => s.windows.filter((w) => w.window_kind === 'week').map((w) => w.from)))
  const watched = `${series.length} series over ${weeks.size} weeks.\n`
  if (drifted.length === 0) return `Nothing has drifted; watched were ${watched}`
  const rows = drifted.map((s) => {
    const w = s.windows.filter((x) => x.state === 'drift').at(-1)!
    const since = driftsSince(s, w.window_kind)
    const m = largestEffect(w)
    return [
      seriesName({ ...s, kind: s.kind as SeriesKind }),
      since ? `since ${day(since.from)}` : `until ${day(w.to)}`,
      m?.name ?? '-',
      short(m?.value ?? null),
      short(m?.floor ?? null),
      short(m?.critical ?? null),
      short(w.p_adjusted),
      w.reference,
    ]
  })
  return `${table(['series', 'drifts', 'largest effect', 'value', 'floor', 'critical', 'p corrected', 'against'], rows)}\nWatched were ${watched}`
}

async function report(host: Host, args: string[], io: Io): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      tenant: { type: 'string' },
      weeks: { type: 'string' },
      out: { type: 'string' },
      json: { type: 'boolean' },
    },
  })
  const file = values.out === undefined ? null : new WholeFile(values.out)
  try {
    await host.stages()
    const found = await foundDrift(
      await host.gold(),
      host.tenant(values.tenant).id,
      positive('weeks', values.weeks, 60),
    )
    file?.write(driftReportHtml(found))
    file?.finish()
    io.out(values.json ? `${JSON.stringify(found)}\n` : words(found))
    if (values.out !== undefined) io.err.write(`${values.out} has the report.\n`)
    return 0
  } catch (e) {
    file?.discard()
    throw e
  }
}

export const driftCommand: Command = {
  name: 'drift',
  summary: 'what has changed: inputs, scores, quality of models, items',
  help: `npx mastery drift report [--weeks 60] [--out FILE.html] [--json] [--tenant ID] [--profile NAME] [--data DIR]

Says which series drift or did: features, scores of every model version, what is missing, volumes, how well predictions
were. --out writes a page with the plots: the reference against now, the metric over time with its floor and critical
value, model quality by week. --json has every window with all its figures. Gold's v_feature_drift, v_model_quality and
v_item_drift hold the same. docs/drift.md says how it is found.`,
  async run(host, args, io) {
    const [what, ...rest] = args
    if (what !== 'report') throw new UsageError('Say what: npx mastery drift report.')
    return report(host, rest, io)
  },
}
