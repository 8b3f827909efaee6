import type { CampaignOptions } from './campaign.ts'
import { MUTANTS, type Mutant } from './mutants.ts'
import { WAYS, type Way } from './scheduler.ts'
import type { CrashPoint } from './schedules.ts'

export interface Options extends CampaignOptions {
  json: boolean
  trace: boolean
  help: boolean
}

export const USAGE = `npm run test:simulation -- [options]

The system's own runtime on a simulated log, state store, gold, registry, queue, ticker and consumer groups, with
erasures, rebuilds from history and a second generation, compared with a plain fold of the log. Everything follows from
the seed.

  --schedules N      random schedules, for the seeds S to S+N-1 (default 200)
  --seed S           first seed, and the seed of the world whose crash points are tried (default 1)
  --crash-points P   all (default), none, or some in one run: 12:before,40:lost
  --pairs N          runs with two crash points, sampled (default 100)
  --mutant M         break the system on purpose; the run must fail:
${Object.entries(MUTANTS)
  .map(([name, about]) => `                       ${name}: ${about}`)
  .join('\n')}
  --json             {schedules, crash_points, pairs, failures, seconds} on one line
  --trace            print every effect of every run; for a single run
`

/** Thrown for a flag that is unknown or has a bad value; the message is for the person at the keyboard. */
export class UsageError extends Error {
  override name = 'UsageError'
}

function whole(flag: string, value: string | undefined): number {
  if (value === undefined || !/^\d{1,9}$/.test(value))
    throw new UsageError(`${flag} needs a whole number, it has ${value ?? 'nothing'}.`)
  return Number(value)
}

function mutantOf(value: string | undefined): Mutant {
  if (value === undefined || !Object.hasOwn(MUTANTS, value))
    throw new UsageError(
      `There is no mutant ${value ?? 'without a name'}; there are ${Object.keys(MUTANTS).join(', ')}.`,
    )
  return value as Mutant
}

function pointsOf(value: string | undefined): CampaignOptions['crashPoints'] {
  if (value === 'all' || value === 'none') return value
  const ways = new Set<string>(Object.values(WAYS).flat())
  return (value ?? '').split(',').map((text): CrashPoint => {
    const [index, way] = text.split(':')
    if (!/^\d{1,9}$/.test(index ?? '') || !ways.has(way ?? ''))
      throw new UsageError(
        `--crash-points takes all, none, or effects as 12:before,40:lost; "${text}" is none of it. What may befall an effect: ${[...ways].join(', ')}.`,
      )
    return [Number(index), way as Way]
  })
}

/** @throws UsageError */
export function readOptions(args: readonly string[]): Options {
  const options: Options = {
    schedules: 200,
    seed: 1,
    crashPoints: 'all',
    pairs: 100,
    mutant: null,
    json: false,
    trace: false,
    help: false,
  }
  for (let i = 0; i < args.length; i++) {
    const [flag, attached] = args[i]!.split(/=(.*)/s) as [string, string | undefined]
    const value = () => attached ?? args[++i]
    if (flag === '--schedules') options.schedules = whole(flag, value())
    else if (flag === '--seed') options.seed = whole(flag, value())
    else if (flag === '--pairs') options.pairs = whole(flag, value())
    else if (flag === '--mutant') options.mutant = mutantOf(value())
    else if (flag === '--crash-points') options.crashPoints = pointsOf(value())
    else if (flag === '--json') options.json = true
    else if (flag === '--trace') options.trace = true
    else if (flag === '--help' || flag === '-h') options.help = true
    else throw new UsageError(`There is no option ${args[i]}; --help lists them.`)
  }
  return options
}
