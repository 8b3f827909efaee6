import type { Program, Tensor, TrainingOps, Weights } from '../../ports/tensor-runtime.ts'
import type { Random } from '../../school/random.ts'
import { dropoutMask, groupsOf, type Stretch, studentsIn } from '../sequence/batches.ts'
import {
  type Compute,
  constantWeights,
  type Encoded,
  halfSquares,
  logLossSum,
  normalWeights,
  type SequenceNetwork,
  topicMean,
} from '../sequence/network.ts'
import { offsetsOf } from '../sequence/offsets.ts'
import { type Feature, readFeatures } from './features.ts'
import { ability, heard, logitOf, PRIOR } from './parts.ts'
import { type Pool, Pools } from './pools.ts'

export interface WdIrtSettings {
  /** Units of the layer that reads one past answer, numbers that it says to each pool. */
  hidden: number
  said: number
  /** Units of the layer that makes ability of the pools. */
  ability: number
  pools: readonly Pool[]
  dropout: number
  hideItem: number
  steps: number
  rows: number
  width: number
  /** Precision of the normal priors: of difficulty, and of the logarithm of discrimination. */
  difficultyPrior: number
  discriminationPrior: number
  /** Chance of a right guess where every item has options to choose from; 0: none. */
  guess: number
  features: readonly Feature[]
}

export const WD_IRT_SETTINGS: WdIrtSettings = {
  hidden: 32,
  said: 8,
  ability: 32,
  pools: [
    { scope: 'all', keep: 0.99 },
    { scope: 'all', keep: 0.85 },
    { scope: 'topic', keep: 0.97 },
    { scope: 'topic', keep: 0.7 },
  ],
  dropout: 0.1,
  hideItem: 0.05,
  steps: 100,
  rows: 3200,
  width: 128,
  difficultyPrior: 1,
  discriminationPrior: 10,
  guess: 0,
  features: [],
}

/**
 * Wide and deep item response theory (Pu, Yan and Zhang 2024). Wide: difficulty b, discrimination a, guessing c of the
 * item. Deep: a small network reads each past answer, decayed means of what it says are a student's state, and ability is
 * a function of these: p = c + (1 - c) sigmoid(a (ability - b)).
 */
export class WdIrtNetwork implements SequenceNetwork {
  readonly settings: WdIrtSettings
  private readonly items: number
  private readonly topics: number
  private readonly answers: number

  constructor(settings: WdIrtSettings, items: number, topics: number, answers: number) {
    this.settings = settings
    this.items = items
    this.topics = topics
    this.answers = answers
  }

  /** Numbers that are known of a past answer: right, wrong, difficulty of its item times either, features. */
  get #known() {
    return 4 + 2 * this.settings.features.length
  }

  /** Numbers in all pools' means, with a count each. */
  get #pooled() {
    return this.settings.pools.length * (this.settings.said + 1)
  }

  initial(random: Random, data: Encoded, students: readonly number[]): Weights {
    const offsets = offsetsOf(data, students, this.items, this.topics)
    const harder = (easier: Float32Array) => ({ shape: [easier.length, 1], values: easier.map((x) => -x) })
    const { hidden, said, ability: units } = this.settings
    return new Map([
      ['item-difficulty', harder(offsets.item)],
      ['topic-difficulty', harder(offsets.topic)],
      ['item-discrimination', constantWeights([this.items, 1])],
      ['read', normalWeights(random, [this.#known, hidden])],
      ['read-bias', constantWeights([1, hidden])],
      ['say', normalWeights(random, [hidden, said])],
      ['pool', normalWeights(random, [this.#pooled, units])],
      ['pool-bias', constantWeights([1, units])],
      ['ability', normalWeights(random, [units, 1])],
      ['ability-bias', constantWeights([1, 1], offsets.base)],
    ])
  }

  async pass(
    data: Encoded,
    students: ArrayLike<number>,
    random: Random | null,
    compute: Compute,
    logits: Float64Array,
  ) {
    const { steps, rows, width, pools, said } = this.settings
    for (const group of groupsOf(studentsIn(data.log, students, steps), rows, width, random)) {
      const states = new Map(group.map((s) => [s.student, new Pools(pools, said)]))
      for (let part = 0; ; part++) {
        const now = group.filter((s) => s.stretches.length > part).map((s) => s.stretches[part]!)
        if (now.length === 0) break
        await this.#batch(data, now, states, random, compute, logits)
      }
    }
  }

  async #batch(
    data: Encoded,
    stretches: readonly Stretch[],
    states: ReadonlyMap<number, Pools>,
    random: Random | null,
    compute: Compute,
    logits: Float64Array,
  ) {
    const { pools, said, features, hideItem, dropout, ability: units } = this.settings
    const n = stretches.length
    const steps = Math.max(...stretches.map((s) => s.to - s.from))
    const all = n * steps
    const { slots } = data.rows
    const item = new Int32Array(all)
    const topic = new Int32Array(all * slots)
    const share = new Float32Array(all * slots)
    const y = new Float32Array(all)
    const counts = new Float32Array(all)
    const known = new Float32Array(all * 2 * features.length)
    const each = said + 1
    const carried = new Float32Array(all * this.#pooled)
    const weights = pools.map(() => new Float32Array(all * steps))
    let rows = 0
    stretches.forEach((s, b) => {
      const state = states.get(s.student)!
      let bundle = 0
      for (let t = 0; t < s.to - s.from; t++) {
        const r = s.from + t
        const at = b * steps + t
        if (t > 0 && data.log.bundle[r] !== data.log.bundle[r - 1]) bundle = t
        const kind = data.kinds[r]!
        const own = this.#topic(data, kind)
        item[at] = random !== null && random.uniform() < hideItem ? 0 : data.rows.item[kind]!
        for (let k = 0; k < slots; k++) {
          topic[at * slots + k] = data.rows.topic[kind * slots + k]!
          share[at * slots + k] = data.rows.share[kind * slots + k]!
        }
        readFeatures(features, data.log, r, known, at * 2 * features.length)
        y[at] = data.log.correct[r]!
        counts[at] = 1
        rows++
        pools.forEach((pool, p) => {
          let left = 1
          let count = 0
          const row = at * steps
          for (let j = bundle - 1; j >= 0; j--) {
            if (pool.scope === 'topic' && this.#topic(data, data.kinds[s.from + j]!) !== own) continue
            weights[p]![row + j] = left
            count += left
            left *= pool.keep
          }
          const earlier = state.of(p, own)
          count += left * earlier.sums[earlier.at + said]!
          const scale = 1 / (count + PRIOR)
          for (let j = 0; j < bundle; j++) weights[p]![row + j]! *= scale
          const out = at * this.#pooled + p * each
          for (let k = 0; k < said; k++) carried[out + k] = left * earlier.sums[earlier.at + k]! * scale
          carried[out + said] = Math.log1p(count)
        })
      }
    })
    const feeds: Record<string, Float32Array | Int32Array> = { item, topic, share, y, counts, carried }
    if (features.length > 0) feeds['known'] = known
    feeds['keep'] = dropoutMask(all * units, dropout, random)
    weights.forEach((w, p) => {
      feeds[`weights-${p}`] = w
    })
    const out = await compute(this.program(n, steps, slots, rows), feeds)
    stretches.forEach((s, b) => {
      for (let t = 0; t < s.to - s.from; t++) {
        const at = b * steps + t
        logits[s.from + t] = out['logit']![at]!
        states.get(s.student)!.learn(this.#topic(data, data.kinds[s.from + t]!), out['said']!, at * said)
      }
    })
  }

  /** The topic whose pools a kind's answers go to: its first. */
  #topic(data: Encoded, kind: number): number {
    return data.rows.topic[kind * data.rows.slots]!
  }

  /** Position b * steps + t is answer t of student b. `weights-p` [n, steps, steps]: shares of earlier answers in pool p. */
  program(n: number, steps: number, slots: number, rows: number): Program<TrainingOps> {
    const { said, pools, features, ability: units, difficultyPrior, discriminationPrior, guess } = this.settings
    const all = n * steps
    const each = said + 1
    const inputs: Record<string, { shape: readonly number[]; type: 'float32' | 'int32' }> = {
      item: { shape: [all], type: 'int32' },
      topic: { shape: [all * slots], type: 'int32' },
      share: { shape: [all * slots, 1], type: 'float32' },
      y: { shape: [all, 1], type: 'float32' },
      counts: { shape: [all, 1], type: 'float32' },
      carried: { shape: [all, pools.length * each], type: 'float32' },
      keep: { shape: [all, units], type: 'float32' },
    }
    if (features.length > 0) inputs['known'] = { shape: [all, 2 * features.length], type: 'float32' }
    pools.forEach((_, p) => {
      inputs[`weights-${p}`] = { shape: [n, steps, steps], type: 'float32' }
    })
    return {
      name: `wd-irt ${n} x ${steps} x ${slots}`,
      inputs,
      build: (ops, weight, input) => {
        const byTopic = (table: Tensor) => topicMean(ops, table, input('topic'), input('share'), all, slots)
        const difficulty = ops.add(
          ops.gather(weight('item-difficulty'), input('item')),
          byTopic(weight('topic-difficulty')),
        )
        const y = input('y')
        const says = heard(ops, weight, y, difficulty, features.length > 0 ? input('known') : null)
        const spoken = ops.reshape(says, [n, steps, said])
        const none = ops.fill([all, 1], 0)
        const means = pools.flatMap((_, p) => [
          ops.reshape(ops.matMul(input(`weights-${p}`), spoken), [all, said]),
          none,
        ])
        const pooled = ops.add(ops.concat(means, 1), input('carried'))
        const theta = ability(ops, weight, pooled, input('keep'))
        const steep = ops.gather(weight('item-discrimination'), input('item'))
        const logit = logitOf(ops, theta, difficulty, steep, guess)
        const prior = ops.add(
          ops.mul(ops.scalar(difficultyPrior), halfSquares(ops, weight('item-difficulty'))),
          ops.mul(ops.scalar(discriminationPrior), halfSquares(ops, weight('item-discrimination'))),
        )
        const nll = ops.div(logLossSum(ops, logit, y, input('counts')), ops.scalar(rows))
        return { loss: ops.add(nll, ops.mul(ops.scalar(1 / this.answers), prior)), logit, said: says, theta }
      },
    }
  }
}
