import { parseArgs } from 'node:util'
import { ItemHealthError, type ItemHealthOptions, runItemHealth } from '@mastery/jobs/src/items/run.ts'
import { versionsInForce } from '@mastery/jobs/src/training/versions.ts'
import { type Command, type Host, type Io, UsageError } from '../command.ts'
import { driftRows, driftTable, healthRows, healthTable, itemInWords, itemParts } from '../items.ts'
import { Progress } from '../progress.ts'
import { versionParts } from '../trained-models.ts'
import { positive } from './simulate.ts'

const STATUSES = ['healthy', 'flagged', 'insufficient']
const PERIODS = ['week', 'month']

/** MODEL@VERSION, where VERSION may be latest. */
async function shownVersion(host: Host, text: string): Promise<{ model: string; version: string }> {
  const [, model, version] = /^([\w-]+)@(.+)$/.exec(text) ?? []
  if (model === undefined || version === undefined)
    throw new UsageError(`--params is "${text}"; give MODEL@VERSION, for example irt@latest.`)
  if (version !== 'latest') return { model, version }
  const [newest] = await host.installation.artefacts.list(model)
  if (!newest)
    throw new UsageError(`Nothing has been trained for ${model} yet; "npx mastery train --models ${model}" does.`)
  return { model, version: newest.version }
}

async function health(host: Host, io: Io, args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { source: { type: 'string' }, params: { type: 'string' }, json: { type: 'boolean' } },
  })
  await host.stages()
  const parts = versionParts(host)
  const progress = new Progress(values.json, io.err)
  const options: ItemHealthOptions = {
    ...(values.source === undefined ? {} : { source: values.source }),
    ...(values.params === undefined ? {} : { shown: await shownVersion(host, values.params) }),
    progress: (fraction, message) => progress.show(message, Math.round(fraction * 100), 100),
  }
  try {
    const { artefacts, generation } = parts
    const inForce = () => versionsInForce(parts)
    const gold = await host.gold()
    const run = await runItemHealth({ gold, artefacts, generation, inForce, now: Date.now }, options)
    progress.end()
    if (values.json) io.out(`${JSON.stringify(run)}\n`)
    else {
      const n = (x: number) => x.toLocaleString('en')
      io.out(
        `${n(run.answers)} answers to ${n(run.items)} items, abilities and expectations by ${run.source}${run.shown === '' ? '' : `, fitted parameters of ${run.shown}`}: ${n(run.flagged)} items flagged, ${n(run.insufficient)} with too few answers; ${n(run.windows)} windows; ${run.seconds.toFixed(1)} s.\n`,
      )
    }
    return 0
  } catch (e) {
    if (e instanceof ItemHealthError) throw new UsageError(e.message)
    throw e
  }
}

async function list(host: Host, io: Io, args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      flag: { type: 'string' },
      status: { type: 'string' },
      tenant: { type: 'string' },
      limit: { type: 'string' },
      json: { type: 'boolean' },
    },
  })
  const { flag, status } = values
  if (status !== undefined && !STATUSES.includes(status))
    throw new UsageError(`--status is one of ${STATUSES.join(', ')}, not "${status}".`)
  const limit = positive('limit', values.limit, 50)
  const rows = await healthRows(await host.gold(), {
    tenant: host.tenant(values.tenant).id,
    limit,
    ...(flag === undefined ? {} : { flag }),
    ...(status === undefined ? {} : { status }),
  })
  if (values.json) io.out(`${JSON.stringify(rows)}\n`)
  else if (rows.length === 0) io.out('No such items. "npx mastery items health" computes them from what gold has.\n')
  else io.out(healthTable(rows))
  return 0
}

async function show(host: Host, io: Io, args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { tenant: { type: 'string' }, json: { type: 'boolean' } },
  })
  const [item, ...more] = positionals
  if (item === undefined || more.length > 0)
    throw new UsageError('Name one item: npx mastery items show ITEM; "npx mastery items list" has them.')
  const found = await itemParts(await host.gold(), host.tenant(values.tenant).id, item)
  if (found === null)
    throw new UsageError(
      `Nothing is known of an item "${item}". "npx mastery items list" has those that are; "npx mastery items health" brings them up to date.`,
    )
  io.out(values.json ? `${JSON.stringify(found)}\n` : itemInWords(found))
  return 0
}

async function drift(host: Host, io: Io, args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      period: { type: 'string' },
      tenant: { type: 'string' },
      limit: { type: 'string' },
      json: { type: 'boolean' },
    },
  })
  if (values.period !== undefined && !PERIODS.includes(values.period))
    throw new UsageError(`--period is week or month, not "${values.period}".`)
  if (positionals.length > 1) throw new UsageError('Name one item, or none: npx mastery items drift [ITEM].')
  const [item] = positionals
  const rows = await driftRows(await host.gold(), {
    tenant: host.tenant(values.tenant).id,
    limit: positive('limit', values.limit, 30),
    ...(values.period === undefined ? {} : { period: values.period }),
    ...(item === undefined ? {} : { item }),
  })
  if (values.json) io.out(`${JSON.stringify(rows)}\n`)
  else if (rows.length === 0)
    io.out(
      `No ${item === undefined ? 'window could be compared: one needs 30 answers, and 30 before it' : 'windows of this item'}. "npx mastery items health" computes them from what gold has.\n`,
    )
  else io.out(driftTable(rows))
  return 0
}

export const itemsCommand: Command = {
  name: 'items',
  summary: 'health of items: difficulty, discrimination, fit, rapid guessing, drift',
  help: `npx mastery items health [--source MODEL] [--params MODEL@VERSION] [--json]
npx mastery items [list] [--status healthy|flagged|insufficient] [--flag FLAG] [--limit 50] [--tenant T] [--json]
npx mastery items show ITEM [--tenant T] [--json]
npx mastery items drift [ITEM] [--period week|month] [--limit 30] [--tenant T] [--json]

health computes everything anew from the answers in gold, as the job item-health does every night, and writes item_health,
item_drift, item_params and item_runs (v_item_health, ...). Abilities are those before each answer, as --source saw them
(irt where it is scored with, else elo); --params shows another version's fitted parameters, for example irt@latest.
list shows items, the flagged and most answered first; show tells all about one, with the reasons of its flags; drift
shows the windows whose difficulty changed most, or all windows of one item. An item with fewer than 30 answers is
insufficient: figures, no conclusions. docs/items.md says how each figure is computed.`,
  async run(host, args, io) {
    const [what = 'list', ...rest] = args
    if (what.startsWith('--')) return list(host, io, args)
    if (what === 'health') return health(host, io, rest)
    if (what === 'list') return list(host, io, rest)
    if (what === 'show') return show(host, io, rest)
    if (what === 'drift') return drift(host, io, rest)
    throw new UsageError(`items knows health, list, show and drift, not "${what}".`)
  },
}
