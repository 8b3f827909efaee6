import { Seeded } from '../generators/seeded.ts'
import type { Mutant } from './mutants.ts'
import { atPoints, type CrashPoint, crashPointsOf, type Outcome, randomSchedule, smallSchedule } from './schedules.ts'

export interface CampaignOptions {
  /** Random schedules, one for each seed from `seed` on. */
  schedules: number
  seed: number
  /** Those of the seed's small world: all of them, or one run with exactly these. */
  crashPoints: 'all' | 'none' | readonly CrashPoint[]
  /** Of all of them every so-many-th only; default: each. */
  every?: number
  /** Runs with two crash points of the small world, sampled. */
  pairs: number
  mutant: Mutant | null
}

export interface Failure {
  /** What replays it. */
  command: string
  /** The first difference from the oracle, in words. */
  difference: string
}

export interface CampaignResult {
  schedules: number
  crash_points: number
  pairs: number
  failures: number
  seconds: number
}

export interface Watcher {
  progress(done: number, of: number, failures: number): void
  failed(failure: Failure): void
  /** Gets the lines of what happened in a run; null where nobody wants them. */
  trace: ((lines: readonly string[]) => void) | null
}

export const QUIET: Watcher = { progress() {}, failed() {}, trace: null }

const spell = (points: readonly CrashPoint[]) => points.map(([index, way]) => `${index}:${way}`).join(',')

/** Runs what the options ask for, and says of each failure how to see it again. */
export async function runCampaign(options: CampaignOptions, watcher: Watcher = QUIET): Promise<CampaignResult> {
  const { seed, mutant } = options
  const started = performance.now()
  const { every = 1 } = options
  const singles =
    options.crashPoints === 'all' ? (await crashPointsOf(seed)).filter((_, i) => i % every === seed % every) : []
  const points: (readonly CrashPoint[])[] = singles.map((p) => [p])
  if (options.crashPoints !== 'all' && options.crashPoints !== 'none') points.push(options.crashPoints)
  const random = new Seeded(seed)
  const pairs = singles.length < 2 ? 0 : options.pairs
  for (let i = 0; i < pairs; i++) points.push([random.pick(singles), random.pick(singles)])

  const total = points.length + options.schedules
  const result = { schedules: options.schedules, crash_points: points.length - pairs, pairs, failures: 0, seconds: 0 }
  let done = 0
  const take = async (flags: string, run: (trace: string[] | null) => Promise<Outcome>) => {
    const outcome = await run(watcher.trace ? [] : null)
    watcher.trace?.(outcome.trace)
    watcher.progress(++done, total, result.failures)
    const [difference] = outcome.differences
    if (difference === undefined) return
    result.failures++
    const broken = mutant ? ` --mutant ${mutant}` : ''
    watcher.failed({ command: `npm run test:simulation -- ${flags}${broken}`, difference })
  }
  for (const p of points)
    await take(`--seed ${seed} --schedules 0 --crash-points ${spell(p)}`, (trace) =>
      smallSchedule(seed, atPoints(p), mutant, trace),
    )
  for (let s = seed; s < seed + options.schedules; s++)
    await take(`--seed ${s} --schedules 1 --crash-points none`, (trace) => randomSchedule(s, mutant, trace))
  return { ...result, seconds: Math.round(performance.now() - started) / 1000 }
}
