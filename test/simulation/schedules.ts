import { Seeded } from '../generators/seeded.ts'
import { blowsOf } from './blows.ts'
import { differences } from './check.ts'
import { Enumerating, FaultsAt, RandomFaults } from './faults.ts'
import type { Mutant } from './mutants.ts'
import type { Faults, Way } from './scheduler.ts'
import { type Workload, workloadOf } from './workload.ts'
import { type Plan, World } from './world.ts'

export type CrashPoint = readonly [index: number, way: Way]

export interface Outcome {
  /** From the oracle, in words; the first is the one to look at. */
  differences: string[]
  /** Of everything that happened, in order. */
  hash: number
  effects: number
  trace: readonly string[]
}

/** Records of a random schedule, at least; and of the small world whose crash points are tried one by one. */
const RECORDS = 90
const SMALL = 24

async function play(plan: Plan): Promise<Outcome> {
  const world = new World(plan)
  await world.run()
  const { hash, effects } = world.scheduler
  return { differences: differences(world), hash, effects, trace: plan.trace ?? [] }
}

/** A schedule of everything that the seed has in store. */
export function randomSchedule(
  seed: number,
  mutant: Mutant | null = null,
  trace: string[] | null = null,
): Promise<Outcome> {
  const random = new Seeded(seed ^ 0x7077)
  const workload = workloadOf(seed, RECORDS + random.below(50))
  const history = random.chance(0.3)
  const calm = workload.broadcasts.at(-1)!.at - 50
  return play({
    seed,
    workload,
    faults: new RandomFaults(seed, calm),
    blows: blowsOf(seed, calm, history),
    joined: random.chance(0.2),
    members: 1 + random.below(3),
    second: random.chance(0.25) ? random.next() * calm : null,
    branches: random.chance(0.5) ? 2 : 1,
    history,
    mutant,
    trace,
  })
}

const small = new Map<number, Workload>()

/** The small world of a seed with these faults and no others. */
export function smallSchedule(
  seed: number,
  faults: Faults,
  mutant: Mutant | null = null,
  trace: string[] | null = null,
): Promise<Outcome> {
  let workload = small.get(seed)
  if (!workload) {
    workload = workloadOf(seed, SMALL)
    small.set(seed, workload)
  }
  return play({
    seed,
    workload,
    faults,
    blows: [],
    joined: false,
    members: 2,
    second: null,
    branches: 1,
    history: false,
    mutant,
    trace,
  })
}

/** Every crash point of the small world of a seed. */
export async function crashPointsOf(seed: number): Promise<CrashPoint[]> {
  const faults = new Enumerating()
  await smallSchedule(seed, faults)
  return faults.points
}

export function atPoints(points: readonly CrashPoint[]): Faults {
  return new FaultsAt(points)
}
