import type { AnswerLog } from '../../evaluation/answer-log.ts'
import type { FitRun } from '../../evaluation/learner.ts'
import { hash53 } from '../../events/hash.ts'
import { BKT, type BktTopic } from '../../models/bkt/model.ts'
import { Random } from '../../school/random.ts'
import { type BktConstraints, type EmResult, EmWork, em } from './em.ts'
import { type PrefixTree, prefixTree, sequencesByTopic } from './sequences.ts'

export interface BktOptions {
  forgetting: boolean
  /** Starting points of the search, the first one fixed, the others drawn. */
  restarts: number
  iterations: number
  /** An iteration that raises the penalised log likelihood by less ends the search. */
  tolerance: number
  /** A topic with fewer answers or students takes the pooled parameters. */
  minAttempts: number
  minStudents: number
  /** Bounds and prior of the pooled fit, and the bounds of the topics'. */
  constraints: BktConstraints
  /** A topic's parameters are drawn towards the pooled ones by this many imaginary observations each. */
  shrinkage: Record<keyof BktTopic, number>
  /** Sequences that the pooled fit looks at, at most; evenly taken from all. */
  pooledSequences: number
}

const all = (x: number): Record<keyof BktTopic, number> => ({ prior: x, learn: x, slip: x, guess: x, forget: x })

/**
 * Caps against degenerate fits: a guess above 0.7 or a slip above 0.4 would say that answers hardly show the skill
 * (Corbett and Anderson cap them at 0.3 and 0.1, which real data pass often), and the sum stays below 1. Learning never is 0: nobody
 * would be kept from mastery for good.
 */
export const CONSTRAINTS: BktConstraints = {
  bounds: {
    prior: { low: 1e-3, high: 1 - 1e-3 },
    learn: { low: 1e-3, high: 1 - 1e-3 },
    slip: { low: 1e-3, high: 0.4 },
    guess: { low: 1e-3, high: 0.7 },
    forget: { low: 1e-4, high: 0.5 },
  },
  guessPlusSlip: 0.95,
  mean: { prior: 0.4, learn: 0.15, slip: 0.1, guess: 0.25, forget: 0.05 },
  strength: all(2),
}

export const BKT_OPTIONS: BktOptions = {
  forgetting: false,
  restarts: 5,
  iterations: 200,
  tolerance: 1e-3,
  minAttempts: 10,
  minStudents: 3,
  constraints: CONSTRAINTS,
  // By five-fold cross-validation over students of ASSISTments 2009; between 1 and 20 each it hardly matters.
  shrinkage: { prior: 4, learn: 4, slip: 15, guess: 15, forget: 50 },
  pooledSequences: 20_000,
}

/** How a topic came by its parameters. */
export interface TopicFit {
  attempts: number
  students: number
  /** Own parameters, or the pooled ones. */
  source: 'own' | 'pooled'
  /** Why not its own; null where they are. */
  reason: string | null
  /** Mean log loss of the filter's predictions on the training answers, natural logarithm; null where pooled. */
  logLoss: number | null
  iterations: number
  converged: boolean
  /** Starting points whose optimum was as good as the best within the tolerance of a tenth of a log likelihood unit. */
  agreeing: number
  /** Parameters that lie at a bound: the data would go further. */
  atBound: (keyof BktTopic)[]
}

export interface BktFit {
  default: BktTopic
  pooled: TopicFit
  topics: Record<string, BktTopic>
  fits: Record<string, TopicFit>
}

const AGREEMENT = 0.1

/** Draws a starting point: anything that is not absurd (ranges as in pyBKT's, narrower for forgetting). */
function draw(random: Random, c: BktConstraints, forgetting: boolean): BktTopic {
  const within = (k: keyof BktTopic, high: number) => {
    const { low, high: cap } = c.bounds[k]
    return Math.min(cap, Math.max(low, random.uniform() * high))
  }
  return {
    prior: within('prior', 1),
    learn: within('learn', 0.4),
    slip: within('slip', 0.3),
    guess: within('guess', 0.4),
    forget: forgetting ? within('forget', 0.3) : 0,
  }
}

/** The best of several searches over one tree. */
export function search(
  tree: PrefixTree,
  first: BktTopic,
  c: BktConstraints,
  o: BktOptions,
  random: Random,
  work: EmWork,
): EmResult & { agreeing: number } {
  const found: EmResult[] = []
  for (let i = 0; i < o.restarts; i++) found.push(em(tree, i === 0 ? first : draw(random, c, o.forgetting), c, o, work))
  const best = found.reduce((a, b) => (b.penalised > a.penalised ? b : a))
  return { ...best, agreeing: found.filter((f) => f.penalised >= best.penalised - AGREEMENT).length }
}

function bound(p: BktTopic, c: BktConstraints, forgetting: boolean): (keyof BktTopic)[] {
  return (['prior', 'learn', 'slip', 'guess', 'forget'] as const).filter(
    (k) => (k !== 'forget' || forgetting) && (p[k] <= c.bounds[k].low * 1.01 || p[k] >= c.bounds[k].high * 0.999),
  )
}

/**
 * Bayesian knowledge tracing, per topic: the pooled parameters of all topics first, then each topic's own, drawn
 * towards them. A topic's fit does not depend on which other topics are fitted beside it, given the pooled parameters.
 */
export function fitBkt(log: AnswerLog, o: BktOptions, run: FitRun): BktFit {
  const topics = sequencesByTopic(log)
  const work = new EmWork()
  const sequences = topics.reduce((n, t) => n + t.starts.length, 0)
  const pooledTree = prefixTree(topics, Math.max(1, Math.ceil(sequences / o.pooledSequences)))
  const start = { ...o.constraints.mean, forget: o.forgetting ? o.constraints.mean.forget : 0 }
  const enough = (t: { attempts: number; students: number }) =>
    t.attempts >= o.minAttempts && t.students >= o.minStudents
  const pooled = enough(pooledTree)
    ? search(pooledTree, start, o.constraints, o, new Random(run.seed), work)
    : { params: BKT.defaults.default, ...NO_SEARCH }
  const towards: BktConstraints = { ...o.constraints, mean: pooled.params, strength: o.shrinkage }
  const params: [string, BktTopic][] = []
  const fits: [string, TopicFit][] = []
  let done = 0
  for (const t of topics) {
    run.signal?.throwIfAborted()
    const counted = { attempts: t.answers.length, students: t.starts.length }
    if (counted.attempts > 0) {
      const own = enough(counted)
      const r = own
        ? search(prefixTree([t]), pooled.params, towards, o, new Random(run.seed, hash53(t.name)), work)
        : { params: pooled.params, ...NO_SEARCH }
      params.push([t.name, r.params])
      fits.push([t.name, described(counted, r, own ? null : tooFew(counted, o), towards, o)])
    }
    done++
    run.progress?.({ phase: 'topics', done, total: topics.length })
  }
  const whole = { attempts: pooledTree.attempts, students: pooledTree.students }
  return {
    default: pooled.params,
    pooled: described(whole, pooled, enough(whole) ? null : tooFew(whole, o), o.constraints, o),
    topics: Object.fromEntries(params),
    fits: Object.fromEntries(fits),
  }
}

const NO_SEARCH = { loglik: 0, penalised: 0, iterations: 0, converged: false, agreeing: 0 }

const tooFew = (n: { attempts: number; students: number }, o: BktOptions) =>
  `${n.attempts} answers of ${n.students} students; own parameters need ${o.minAttempts} of ${o.minStudents}`

function described(
  n: { attempts: number; students: number },
  r: EmResult & { agreeing: number },
  reason: string | null,
  c: BktConstraints,
  o: BktOptions,
): TopicFit {
  return {
    ...n,
    source: reason === null ? 'own' : 'pooled',
    reason,
    logLoss: reason === null ? -r.loglik / n.attempts : null,
    iterations: r.iterations,
    converged: r.converged,
    agreeing: r.agreeing,
    atBound: reason === null ? bound(r.params, c, o.forgetting) : [],
  }
}
