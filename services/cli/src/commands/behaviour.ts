import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { behaviourSlices } from '@mastery/jobs/src/behaviour/slices.ts'
import { behaviourReport } from '@mastery/topology/effort/slices.ts'
import { type Command, type Host, type Io, UsageError } from '../command.ts'
import { gamingInFiles, gamingTable } from '../gaming.ts'
import { noteAccess } from '../subject.ts'
import { table } from '../tables.ts'
import { positive } from './simulate.ts'

async function slices(host: Host, io: Io, args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      out: { type: 'string' },
      source: { type: 'string' },
      tenant: { type: 'string' },
      json: { type: 'boolean' },
    },
  })
  const source = values.source ?? 'elo'
  const found = await behaviourSlices(await host.gold(), host.tenant(values.tenant).id, source)
  if (found === null)
    throw new UsageError(
      `Fewer than three students have 20 answers that ${source} scored: there is nothing to divide. Check --tenant and --source, or send more events.`,
    )
  if (values.json) {
    io.out(`${JSON.stringify(found)}\n`)
    return 0
  }
  const text = behaviourReport(found)
  if (values.out === undefined) io.out(text)
  else {
    const file = resolve(io.cwd, values.out)
    try {
      writeFileSync(file, text)
    } catch (e) {
      throw new Error(`The report can't be written: ${(e as Error).message}. Name another file with --out.`, {
        cause: e,
      })
    }
    io.out(`Written to ${file}.\n`)
  }
  return 0
}

async function effort(host: Host, io: Io, args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { limit: { type: 'string' }, tenant: { type: 'string' }, json: { type: 'boolean' } },
  })
  const tenant = host.tenant(values.tenant).id
  const rows = await (await host.gold()).query<{
    student_id: string
    answers: number
    timed: number
    rapid_guesses: number
    effort: number
  }>(
    `SELECT student_id, answers, timed, rapid_guesses, effort FROM v_student_effort
     WHERE tenant = {tenant:String} AND verdict = 'low effort' ORDER BY effort, student_id LIMIT {limit:UInt32}`,
    { tenant, limit: positive('limit', values.limit, 50) },
  )
  await noteAccess(host, { tenant, student: '' }, 'behaviour effort')
  if (values.json) io.out(`${JSON.stringify(rows)}\n`)
  else if (rows.length === 0)
    io.out(
      'No student with 20 timed answers or more has low effort. "npx mastery items health" makes the thresholds.\n',
    )
  else
    io.out(
      table(
        ['student', 'answers', 'timed', 'rapid', 'effort'],
        rows.map((r) => [
          r.student_id,
          String(r.answers),
          String(r.timed),
          String(r.rapid_guesses),
          `${(100 * r.effort).toFixed(0)} %`,
        ]),
      ),
    )
  return 0
}

async function thresholds(host: Host, io: Io, args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { weight: { type: 'string' }, json: { type: 'boolean' } } })
  const weight = values.weight === undefined ? undefined : Number(values.weight)
  if (weight !== undefined && !(weight >= 0 && weight <= 1))
    throw new UsageError(`--weight "${values.weight}" should be a number from 0 (rapid guesses teach nothing) to 1.`)
  const { artefacts, generations } = host.installation
  const { NoTimes, publishRapidPolicy } = await import('@mastery/jobs/src/training/rapid-policy.ts')
  const gold = await host.gold()
  const parts = { gold, artefacts, generation: generations.active.id, now: Date.now }
  const made = await publishRapidPolicy(parts, weight).catch((e: unknown) => {
    throw e instanceof NoTimes ? new UsageError(e.message) : e
  })
  if (values.json) {
    io.out(`${JSON.stringify(made)}\n`)
    return 0
  }
  const n = (name: string) => made.metrics[name]!.toLocaleString('en')
  io.out(
    `${made.model} ${made.version}: thresholds of ${n('items_with_threshold')} items and ${n('topics_with_threshold')} topics; below them are ${n('rapid_answers')} of ${n('timed_answers')} timed answers, which would teach ${made.settings['weight']} of an answer. "npx mastery models activate ${made.model} ${made.version}" puts it in force, "npx mastery models activate ${made.model} off" takes it out again.\n`,
  )
  return 0
}

async function gaming(io: Io, args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { json: { type: 'boolean' } },
  })
  if (positionals.length === 0)
    throw new UsageError('Name DataShop transaction exports: npx mastery behaviour gaming FILE...')
  const found = await gamingInFiles(positionals.map((f) => resolve(io.cwd, f)))
  io.out(values.json ? `${JSON.stringify(found)}\n` : gamingTable(found))
  return 0
}

export const behaviourCommand: Command = {
  name: 'behaviour',
  summary: 'how students work, by ability: time, help, guessing, effort, gaming',
  help: `npx mastery behaviour [slices] [--out behavior_slices.md] [--source elo] [--tenant T] [--json]
npx mastery behaviour effort [--limit 50] [--tenant T] [--json]
npx mastery behaviour thresholds [--weight 0.5] [--json]
npx mastery behaviour gaming FILE... [--json]

slices divides students into thirds of ability and compares response times, hints, requests, rapid guesses, effort, tries
and revisits, as Markdown, with intervals over students. effort lists students, by pseudonym, of whose timed answers fewer
than 90 % took the threshold of their item. Both need the thresholds that "npx mastery items health" or the night made.
thresholds keeps what tells a rapid guess from an answer in earnest, of all items in gold, as a version of the policy
rapid-guesses; where "npx mastery models activate rapid-guesses VERSION" has put it in force, such answers teach the folded
models that part of an answer. gaming looks for the thirteen patterns of gaming a tutor (Paquette, de Carvalho & Baker 2014) in DataShop transaction
exports: they compare what was entered, which events don't keep. docs/items.md has definitions and sources.`,
  async run(host, args, io) {
    const [what = 'slices', ...rest] = args
    if (what.startsWith('--')) return slices(host, io, args)
    if (what === 'slices') return slices(host, io, rest)
    if (what === 'effort') return effort(host, io, rest)
    if (what === 'thresholds') return thresholds(host, io, rest)
    if (what === 'gaming') return gaming(io, rest)
    throw new UsageError(`behaviour knows slices, effort, thresholds and gaming, not "${what}".`)
  },
}
