import { topicGraph } from '../../progress/graph.ts'
import { makeCurriculum } from '../../school/curriculum.ts'
import { Random } from '../../school/random.ts'
import { PROFILES, type Profile } from '../../school/skill.ts'
import type { SchoolStudent } from '../../school/student.ts'
import { DIMENSION } from '../context.ts'
import { LAMBDA, policyOf, readLearned } from '../learned.ts'
import { addReward, LinearModel, noSums } from '../linear.ts'
import { shrunkShare } from '../next-items.ts'
import { difference, type Estimate, type LoggedChoice, type OffPolicyEstimates, offPolicy } from '../off-policy.ts'
import { linUcb, type Policy, RANDOM, thompson, weakestFirst } from '../policy.ts'
import { rewardOf } from '../reward.ts'
import type { Practised } from './learner.ts'
import { type Decision, practise, type World } from './log.ts'
import { type Truth, TruthSums } from './truth.ts'

export interface EvaluationOptions {
  students: number
  seed: number
  /** Stretches of practice per student. */
  stretches: number
  /** Bootstrap draws. */
  draws: number
  mastered: number
  ready: number
  /** What a bandit has learned elsewhere, as gold keeps it: judged as well. */
  learned?: string
}

export interface PolicyEvaluation {
  policy: string
  estimates: OffPolicyEstimates
  truth: Truth
  /** What it is worth more than another policy, truly and by the doubly robust estimate on the same draws. */
  over: { policy: string; truth: number; dr: Estimate }[]
  /**
   * Planted chance of success, mean over all topics, at the beginning and the end of a term under this policy, and by how
   * much that end is above the one under random choices, of the same students, with its standard error.
   */
  term: { start: number; end: number; overRandom: number; overRandomSe: number }
}

export interface RecommendationEvaluation {
  options: EvaluationOptions
  /** Choices that the policies were trained on, and that they are evaluated on, of other students. */
  trained: number
  evaluated: number
  /** Mean reward of the log, and the standard deviation of a single one. */
  reward: { mean: number; sd: number }
  /** Correlation, over what every candidate would have brought, of the expected reward and the planted gain. */
  rewardAndGain: number
  policies: PolicyEvaluation[]
}

/** The log's own policy: half of the choices even, half by weakness, so that every candidate has a chance. */
const LOG_POLICY: Policy = {
  id: 'log',
  probabilities(contexts) {
    const raw = contexts.map((x) => Math.exp((1 - x[1]!) / 0.15))
    const total = raw.reduce((a, b) => a + b, 0)
    return Float64Array.from(raw, (v) => 0.5 / raw.length + (0.5 * v) / total)
  },
}

function enrol(random: Random, count: number): SchoolStudent[] {
  const names = Object.keys(PROFILES) as Profile[]
  return Array.from({ length: count }, (_, i) => ({
    id: `student-${i + 1}`,
    classId: '',
    grade: 6 + (i % 4),
    profile: names[random.weighted(names.map((n) => PROFILES[n].share))]!,
  }))
}

/** How often students answer each item right, from the log of those that policies are trained on. */
class Shares {
  private readonly items = new Map<string, [correct: number, answers: number]>()
  private readonly topics = new Map<number, [correct: number, answers: number]>()

  add(answers: readonly Practised[]): void {
    for (const { item, correct } of answers)
      for (const [map, key] of [
        [this.items, item.id],
        [this.topics, item.topics[0]!],
      ] as [Map<unknown, [number, number]>, unknown][]) {
        const c = map.get(key) ?? [0, 0]
        map.set(key, [c[0] + Number(correct), c[1] + 1])
      }
  }

  of({ item }: Practised): number {
    const topic = this.topics.get(item.topics[0]!)
    const own = this.items.get(item.id) ?? [0, 0]
    return shrunkShare(own[0], own[1], topic === undefined ? 0.5 : topic[0] / topic[1])
  }
}

const DOMAIN = 0x6e
const YARDSTICKS = 2

/**
 * Trains policies on one half of a simulated school's students, estimates from the other half's log what each policy
 * would be worth, and computes what it is worth: in the school the planted skills are known, so that what every
 * candidate would have brought, in every context of the log, can be played out.
 * @param progress told the share of the work that is done
 */
export function evaluateRecommendations(
  options: EvaluationOptions,
  progress: (done: number, phase: string) => void = () => {},
): RecommendationEvaluation {
  const { seed, stretches, draws } = options
  const curriculum = makeCurriculum(new Random(seed, 1))
  const world: World = { curriculum, graph: topicGraph(curriculum.topics), targets: options, seed }
  const identities = enrol(new Random(seed, DOMAIN), options.students)
  const half = Math.floor(options.students / 2)
  const played = (index: number, keep: boolean): Decision[] => [
    ...practise(world, { index, identity: identities[index]! }, LOG_POLICY, stretches, keep),
  ]

  const training: Decision[] = []
  const shares = new Shares()
  for (let i = 0; i < half; i++) {
    for (const d of played(i, false)) {
      training.push(d)
      shares.add(d.answers)
    }
    progress((0.2 * i) / half, 'the log')
  }
  const reward = (answers: readonly Practised[]) =>
    rewardOf(answers.map((a) => ({ correct: a.correct, share: shares.of(a) })))!
  const sums = noSums(DIMENSION)
  for (const d of training) addReward(sums, d.contexts[d.chosen]!, reward(d.answers).gain)
  const model = new LinearModel(sums, LAMBDA)
  // The yardsticks first.
  const policies = [RANDOM, weakestFirst(), linUcb(model), thompson(model, seed), ...fromElsewhere(options.learned)]

  const choices = policies.map((): LoggedChoice[] => [])
  const truths = policies.map(() => new TruthSums(seed))
  const pairs = new TruthSums(seed)
  const seen = { n: 0, sum: 0, squares: 0 }
  for (let i = half; i < options.students; i++) {
    for (const d of played(i, true)) {
      const { gain } = reward(d.answers)
      seen.n++
      seen.sum += gain
      seen.squares += gain * gain
      const expected = d.contexts.map((x) => model.expect(x))
      const brought = pairs.playOut(d, (a) => shares.of(a))
      policies.forEach((policy, p) => {
        const target = policy.probabilities(d.contexts)
        choices[p]!.push({
          student: d.student,
          reward: gain,
          propensity: d.probabilities[d.chosen]!,
          target: target[d.chosen]!,
          expected: expected[d.chosen]!,
          expectedUnderTarget: expected.reduce((s, e, c) => s + target[c]! * e, 0),
        })
        truths[p]!.add(d.student, brought, target)
      })
    }
    progress(0.2 + (0.6 * (i - half)) / (options.students - half), 'what every choice would bring')
  }
  const mean = seen.sum / seen.n
  const results = choices.map((c) => offPolicy(c, { seed, draws }))
  const known = truths.map((t) => t.truth())
  let randomEnds: Float64Array | null = null
  return {
    options,
    trained: training.length,
    evaluated: seen.n,
    reward: { mean, sd: Math.sqrt(seen.squares / seen.n - mean * mean) },
    rewardAndGain: pairs.correlation(),
    policies: policies.map((policy, p) => {
      progress(0.8 + (0.2 * p) / policies.length, `a term of ${policy.id}`)
      const { start, ends } = term(world, identities, half, policy, stretches)
      randomEnds ??= ends
      return {
        policy: policy.id,
        estimates: results[p]!.estimates,
        truth: known[p]!,
        over: policies.slice(0, YARDSTICKS).flatMap((other, o) => {
          if (p === o) return []
          const truth = known[p]!.reward - known[o]!.reward
          return [{ policy: other.id, truth, dr: difference(results[p]!, results[o]!, 'dr') }]
        }),
        term: { start, ...compared(ends, randomEnds) },
      }
    }),
  }
}

function fromElsewhere(text: string | undefined): Policy[] {
  const learned = text === undefined ? null : readLearned(text)
  if (learned === null) return []
  return (['linucb', 'thompson'] as const).map((id) => ({ ...policyOf(id, learned), id: `${id}-history` }))
}

/** Where students of the second half get to when the policy chooses all the way. */
function term(world: World, identities: readonly SchoolStudent[], from: number, policy: Policy, stretches: number) {
  const n = identities.length - from
  const ends = new Float64Array(n)
  const topics = world.graph.topics.length
  let start = 0
  for (let i = 0; i < n; i++) {
    const run = practise(world, { index: from + i, identity: identities[from + i]! }, policy, stretches, true)
    let now = 0
    let step = run.next()
    for (let first = true; !step.done; step = run.next(), first = false) {
      now = step.value.at
      if (first) start += meanTruth(step.value.before!, topics, now) / n
    }
    ends[i] = meanTruth(step.value, topics, now)
  }
  return { start, ends }
}

function compared(ends: Float64Array, random: Float64Array) {
  const n = ends.length
  const mean = (v: Float64Array) => v.reduce((s, x) => s + x, 0) / n
  const apart = ends.map((e, i) => e - random[i]!)
  const overRandom = mean(apart)
  const squares = apart.reduce((s, x) => s + (x - overRandom) * (x - overRandom), 0)
  return { end: mean(ends), overRandom, overRandomSe: Math.sqrt(squares / (n - 1) / n) }
}

function meanTruth(learner: { truth(topic: number, now: number): number }, topics: number, now: number): number {
  let sum = 0
  for (let t = 0; t < topics; t++) sum += learner.truth(t, now) / topics
  return sum
}
