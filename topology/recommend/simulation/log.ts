import type { TopicGraph } from '../../progress/graph.ts'
import type { Curriculum } from '../../school/curriculum.ts'
import { Random } from '../../school/random.ts'
import type { SchoolStudent } from '../../school/student.ts'
import { contextOf } from '../context.ts'
import { NO_DECAYS } from '../learned.ts'
import { candidatesOf, type TopicTargets } from '../next-topics.ts'
import { choose, type Policy } from '../policy.ts'
import { StudentView } from '../view.ts'
import { PracticeLearner, type Practised } from './learner.ts'

const DAY = 86_400_000
const START = Date.UTC(2025, 8, 1, 9)

export interface World {
  curriculum: Curriculum
  graph: TopicGraph
  targets: TopicTargets
  seed: number
}

/** One choice of the log's policy, and the moment before it. */
export interface Decision {
  student: number
  at: number
  /** Indices of topics. */
  candidates: readonly number[]
  contexts: readonly Float64Array[]
  probabilities: Float64Array
  /** Index into the candidates. */
  chosen: number
  answers: readonly Practised[]
  /** The student right before; null where the caller did not want it. */
  before: PracticeLearner | null
}

/**
 * Lets one student practise: a stretch every one to four days, on the topic that the policy chooses. Equal worlds and
 * students give equal beginnings, whatever the policy.
 */
export function* practise(
  world: World,
  student: { index: number; identity: SchoolStudent },
  policy: Policy,
  stretches: number,
  keep: boolean,
): Generator<Decision, PracticeLearner> {
  const { curriculum, graph, targets, seed } = world
  const random = new Random(seed, 1000 + 3 * student.index)
  const days = new Random(seed, 1001 + 3 * student.index)
  const choices = new Random(seed, 1002 + 3 * student.index)
  const learner = new PracticeLearner(curriculum, student.identity, random)
  let at = START
  for (let i = 0; i < stretches; i++) {
    at += days.between(1, 4) * DAY
    const view = new StudentView(graph, learner.states, NO_DECAYS, at)
    const candidates = candidatesOf(view, targets)
    const contexts = candidates.map((t) => contextOf(view, t))
    const probabilities = policy.probabilities(contexts)
    const chosen = choose(probabilities, choices.between(0, 2 ** 31))
    const before = keep ? learner.copy() : null
    const answers = learner.practise(candidates[chosen]!, at, random)
    yield { student: student.index, at, candidates, contexts, probabilities, chosen, answers, before }
  }
  return learner
}
