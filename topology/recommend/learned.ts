import { FEATURES } from './context.ts'
import { LinearModel, type LinearSums } from './linear.ts'
import { EXPLORE, linUcb, type Policy, thompson, weakestFirst } from './policy.ts'
import { type Decays, USUAL_DECAY } from './view.ts'

/** Prior precision of a weight: gains are hundredths, and weights of several tenths are out of question. */
export const LAMBDA = 5

/** Of Thompson's draws: one version of a policy gives one student the same probabilities wherever they are asked for. */
const SEED = 1

/** What a bandit has learned, as gold keeps it. */
export interface Learned {
  sums: LinearSums
  /** With which the contexts were made, and are to be made. */
  decays: Decays
}

export const POLICY_IDS = ['linucb', 'thompson', 'weakest-first'] as const
export type PolicyId = (typeof POLICY_IDS)[number]

/** The policy of that name; without anything learned it is weakest-first with the same exploration. */
export function policyOf(id: PolicyId, learned: Learned | null): Policy {
  if (id === 'weakest-first' || learned === null) return weakestFirst(EXPLORE)
  const model = new LinearModel(learned.sums, LAMBDA)
  return id === 'linucb' ? linUcb(model) : thompson(model, SEED)
}

export function writeLearned({ sums, decays }: Learned): string {
  const { dimension, xx, xr, rr, weight, n } = sums
  return JSON.stringify({
    features: FEATURES,
    dimension,
    xx: [...xx],
    xr: [...xr],
    rr,
    weight,
    n,
    usual: decays.usual,
    topics: Object.fromEntries(decays.topics),
  })
}

/** Null for what was learned on other features than this build's: its weights would mean something else. */
export function readLearned(text: string): Learned | null {
  const j = JSON.parse(text) as Record<string, unknown> & { xx: number[]; xr: number[]; topics: Record<string, number> }
  if (String(j['features']) !== String(FEATURES)) return null
  return {
    sums: {
      dimension: j['dimension'] as number,
      xx: Float64Array.from(j.xx),
      xr: Float64Array.from(j.xr),
      rr: j['rr'] as number,
      weight: j['weight'] as number,
      n: j['n'] as number,
    },
    decays: { usual: j['usual'] as number, topics: new Map(Object.entries(j.topics)) },
  }
}

export const NO_DECAYS: Decays = { usual: USUAL_DECAY, topics: new Map() }
