import { parseArgs } from 'node:util'
import { isDeliveryJob, jobNames } from '@mastery/notify/src/jobs.ts'
import { JobStateError } from '@mastery/topology/ports/job-queue.ts'
import { CHANNELS } from '@mastery/topology/ports/notifier.ts'
import { type Command, type Host, type Io, UsageError } from '../command.ts'
import { table } from '../tables.ts'
import { positive } from './simulate.ts'

interface Shown {
  delivery_id: string
  recipient: string
  role: string
  kind: string
  decided: string
  told: number
  more: number
  muted: number
  channels: string[]
  outcomes: string[]
}

async function list(host: Host, io: Io, args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      recipient: { type: 'string' },
      outcome: { type: 'string' },
      tenant: { type: 'string' },
      limit: { type: 'string' },
      json: { type: 'boolean' },
    },
  })
  const where = ['tenant = {tenant:String}']
  if (values.recipient !== undefined) where.push('recipient = {recipient:String}')
  if (values.outcome !== undefined) where.push('has(outcomes, {outcome:String})')
  const rows = await (await host.gold()).query<Shown>(
    `SELECT delivery_id, recipient, toString(role) AS role, toString(kind) AS kind,
       formatDateTime(decided_at, '%Y-%m-%d %H:%i') AS decided, toUInt32(told) AS told, toUInt32(more) AS more,
       toUInt32(muted) AS muted, channels, outcomes
     FROM v_deliveries WHERE ${where.join(' AND ')} ORDER BY decided_at DESC, delivery_id LIMIT {limit:UInt32}`,
    {
      tenant: host.tenant(values.tenant).id,
      limit: positive('limit', values.limit, 50),
      ...(values.recipient !== undefined ? { recipient: values.recipient } : {}),
      ...(values.outcome !== undefined ? { outcome: values.outcome } : {}),
    },
  )
  if (values.json) io.out(`${JSON.stringify(rows)}\n`)
  else if (rows.length === 0) io.out('No deliveries.\n')
  else
    io.out(
      table(
        ['delivery', 'reader', 'role', 'kind', 'decided (UTC)', 'told', 'more', 'how it fared'],
        rows.map((r) => [
          r.delivery_id,
          r.recipient.slice(0, 8),
          r.role,
          r.kind,
          r.decided,
          String(r.told),
          String(r.more + r.muted),
          r.channels.map((c, i) => `${c} ${r.outcomes[i]}`).join(', ') || 'waits',
        ]),
      ),
    )
  return 0
}

const MOST = 10_000

async function deadJobs(host: Host) {
  return (await (await host.jobs()).list({ states: ['dead'], limit: MOST })).filter((j) => isDeliveryJob(j.name))
}

async function dead(host: Host, io: Io, args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { json: { type: 'boolean' } } })
  const jobs = await deadJobs(host)
  if (values.json) io.out(`${JSON.stringify(jobs)}\n`)
  else if (jobs.length === 0) io.out('No dead deliveries.\n')
  else {
    const rows = jobs.map((j) => [j.id, String(j.failures), j.lastError?.message.slice(0, 100) ?? ''])
    io.out(table(['delivery', 'failures', 'why'], rows))
  }
  return 0
}

async function retry(host: Host, io: Io, args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { all: { type: 'boolean' }, channel: { type: 'string' } },
  })
  if (values.channel !== undefined && !CHANNELS.some((c) => c === values.channel))
    throw new UsageError(`There is no channel "${values.channel}"; choose one of ${CHANNELS.join(', ')}.`)
  if (Boolean(values.all) === positionals.length > 0) throw new UsageError('deliveries retry takes ids, or --all.')
  const queue = await host.jobs()
  const named = values.channel === undefined ? null : `deliver-${values.channel}`
  const ids = values.all
    ? (await deadJobs(host)).filter((j) => named === null || j.name === named).map((j) => j.id)
    : positionals.flatMap((id) => (id.includes('/') ? [id] : jobNames().map((name) => `${name}/${id}`)))
  let retried = 0
  for (const id of ids) {
    const job = await queue.get(id)
    // An id without a channel stands for those of its messages that are dead.
    if (job?.state !== 'dead' && (values.all || !positionals.includes(id))) continue
    try {
      await queue.retry(id)
      retried++
      io.out(`${id} is tried again.\n`)
    } catch (e) {
      if (e instanceof JobStateError) throw new UsageError(e.message)
      throw e
    }
  }
  if (retried === 0) io.out('No dead delivery of these.\n')
  return retried === 0 && !values.all ? 1 : 0
}

export const deliveriesCommand: Command = {
  name: 'deliveries',
  summary: 'what people were told, how it fared, and what could not be delivered',
  help: `npx mastery deliveries list [--recipient PSEUDONYM] [--outcome accepted|failed|dead|unwanted] [--limit 50] [--json]
npx mastery deliveries dead [--json]
npx mastery deliveries retry ID... | --all [--channel mail|webhook|inbox]

list shows the messages that were decided, the last first, with how they fared on each channel; "waits" where none of them
was tried yet. dead shows those that their receiver refused for good, or that failed as often as configs/delivery.json
allows; they are kept until somebody retries them. retry takes ids of deliveries, or of their jobs as dead shows them.
docs/delivery.md says how messages come about.`,
  async run(host, args, io) {
    const [what = 'list', ...rest] = args
    if (what.startsWith('--')) return list(host, io, args)
    if (what === 'list') return list(host, io, rest)
    if (what === 'dead') return dead(host, io, rest)
    if (what === 'retry') return retry(host, io, rest)
    throw new UsageError(`deliveries knows list, dead and retry, not "${what}".`)
  },
}
