import { parseArgs } from 'node:util'
import { jobHandlers, UNOPENED } from '@mastery/jobs/src/handlers.ts'
import { definitionsOf } from '@mastery/topology/jobs/spec.ts'
import { type Job, JobRefused, JobStateError, type Json } from '@mastery/topology/ports/job-queue.ts'
import { type Command, type Host, type Io, UsageError } from '../command.ts'
import { Progress } from '../progress.ts'
import { table } from '../tables.ts'
import { positive } from './simulate.ts'

const ENDED = ['completed', 'dead', 'cancelled']
/** Nobody has taken the job for so long: somebody should look. Milliseconds. */
const UNCLAIMED_MS = 15_000

const at = (ms: number | null) => (ms === null ? '-' : new Date(ms).toISOString().slice(0, 19).replace('T', ' '))

/** Mistakes of the caller are no failures of the queue. */
async function asked<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (e) {
    if (e instanceof JobRefused || e instanceof JobStateError) throw new UsageError(e.message)
    throw e
  }
}

function given(id: string | undefined, what: string): string {
  if (!id) throw new UsageError(`jobs ${what} needs the id of a job; "npx mastery jobs list" shows them.`)
  return id
}

async function list(host: Host, io: Io, args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      dead: { type: 'boolean' },
      name: { type: 'string' },
      limit: { type: 'string' },
      json: { type: 'boolean' },
    },
  })
  const jobs = await (await host.jobs()).list({
    ...(values.dead ? { states: ['dead'] as const } : {}),
    ...(values.name ? { name: values.name } : {}),
    limit: positive('limit', values.limit, 100),
  })
  if (values.json) io.out(`${JSON.stringify(jobs)}\n`)
  else if (jobs.length === 0) io.out(values.dead ? 'No dead jobs.\n' : 'No jobs.\n')
  else
    io.out(
      table(
        ['job', 'state', 'done', 'tries', 'added', values.dead ? 'why' : 'now'],
        jobs.map((j) => [
          j.id,
          j.state,
          `${Math.floor(j.progress.fraction * 100)} %`,
          String(j.deliveries),
          at(j.addedAt),
          j.state === 'completed' ? '' : (j.lastError?.message || j.progress.message).slice(0, 90),
        ]),
      ),
    )
  return 0
}

function inWords(j: Job): string {
  const rows: [string, string][] = [
    ['state', j.state],
    ['done', `${Math.floor(j.progress.fraction * 100)} %${j.progress.message ? `, ${j.progress.message}` : ''}`],
    ['payload', JSON.stringify(j.payload)],
    ['result', JSON.stringify(j.result)],
    ['runs', `${j.deliveries}, of which ${j.failures} failed; dead after ${j.attempts}`],
    ['last error', j.lastError ? `${j.lastError.name}: ${j.lastError.message}` : '-'],
    ['schedule', j.schedule ?? '-'],
    ['added', at(j.addedAt)],
    ['due', at(j.dueAt)],
    ['started', at(j.startedAt)],
    ['finished', at(j.finishedAt)],
  ]
  return `${j.id}\n${rows.map(([k, v]) => `  ${k.padEnd(11)}${v}\n`).join('')}`
}

/** Shows a job until it ends. Gives the exit code. */
async function follow(host: Host, io: Io, id: string): Promise<number> {
  const queue = await host.jobs()
  const progress = new Progress(false, io.err)
  const started = performance.now()
  let warned = false
  for (;;) {
    const job = await queue.get(id)
    if (!job) throw new Error(`${id} has gone from the queue.`)
    if (ENDED.includes(job.state)) {
      progress.end()
      if (job.state === 'completed') io.out(`${JSON.stringify(job.result)}\n`)
      else io.err.write(`${id} is ${job.state}${job.lastError ? `: ${job.lastError.message}` : ''}\n`)
      return job.state === 'completed' ? 0 : 1
    }
    progress.show(`${id} ${job.progress.message}`, Math.floor(job.progress.fraction * 100), 100)
    if (!warned && job.state === 'waiting' && performance.now() - started > UNCLAIMED_MS) {
      warned = true
      io.err.write(
        `${id} waits: another run of ${job.name} is not done, or the jobs service is not running ("npx mastery services" starts it). Ctrl-C leaves it in the queue.\n`,
      )
    }
    await new Promise((r) => setTimeout(r, 100))
  }
}

async function run(host: Host, io: Io, args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { json: { type: 'string' }, id: { type: 'string' }, detach: { type: 'boolean' } },
  })
  const [name] = positionals
  if (!name || positionals.length > 1)
    throw new UsageError(`Name one job: ${[...definitionsOf(jobHandlers(UNOPENED)).keys()].join(', ')}.`)
  let payload: Json = null
  try {
    if (values.json !== undefined) payload = JSON.parse(values.json) as Json
  } catch (e) {
    throw new UsageError(`--json is no JSON: ${(e as Error).message}`)
  }
  const queue = await host.jobs()
  const { id, added } = await asked(() => queue.add({ name, payload, ...(values.id ? { id: values.id } : {}) }))
  io.err.write(`${id}${added ? '' : ': there already'}\n`)
  if (values.detach) return 0
  await host.runJobs(name)
  return follow(host, io, id)
}

export const jobsCommand: Command = {
  name: 'jobs',
  summary: 'list, run, retry and cancel jobs; the schedule',
  help: `npx mastery jobs list [--dead] [--name NAME] [--limit 100] [--json]
npx mastery jobs show ID [--json]
npx mastery jobs run NAME [--json PAYLOAD] [--id ID] [--detach]
npx mastery jobs retry ID
npx mastery jobs cancel ID
npx mastery jobs schedule [--json]

run adds a job and follows it to its end; its result is printed as JSON. With --id a job that was added before under the
same id is not run again. Dead jobs have used up their attempts, or can't succeed; they are kept until they are retried.
schedule shows what runs when (configs/schedule.json). The jobs:
${jobHandlers(UNOPENED)
  .map((j) => `  ${j.name.padEnd(18)}${j.about}`)
  .join('\n')}`,
  async run(host, args, io) {
    const [what = 'list', ...rest] = args
    if (what.startsWith('--')) return list(host, io, args)
    if (what === 'list') return list(host, io, rest)
    if (what === 'run') return run(host, io, rest)
    const { values, positionals } = parseArgs({
      args: rest,
      allowPositionals: true,
      options: { json: { type: 'boolean' } },
    })
    const [id] = positionals
    if (what === 'show') {
      const job = await (await host.jobs()).get(given(id, what))
      if (!job) throw new UsageError(`There is no job ${id}.`)
      io.out(values.json ? `${JSON.stringify(job)}\n` : inWords(job))
      return 0
    }
    if (what === 'retry' || what === 'cancel') {
      const queue = await host.jobs()
      await asked(() => queue[what](given(id, what)))
      io.out(what === 'retry' ? `${id} waits to be run again.\n` : `${id} is called off.\n`)
      return 0
    }
    if (what === 'schedule') {
      const standing = await (await host.jobs()).schedules()
      if (values.json) io.out(`${JSON.stringify(standing)}\n`)
      else if (standing.length === 0)
        io.out('No schedule is set; "npm start" or the jobs service sets what configs/schedule.json says.\n')
      else
        io.out(
          table(
            ['schedule', 'job', 'cron', 'time zone', 'next (UTC)'],
            standing.map((s) => [s.id, s.name, s.cron, s.timeZone, at(s.nextAt)]),
          ),
        )
      return 0
    }
    throw new UsageError(`jobs knows list, show, run, retry, cancel and schedule, not "${what}".`)
  },
}
