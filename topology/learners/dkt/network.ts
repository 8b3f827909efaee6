import type { Program, Tensor, TrainingOps, Values, Weights } from '../../ports/tensor-runtime.ts'
import type { Random } from '../../school/random.ts'
import { dropoutMask, groupsOf, type Student, studentsIn } from '../sequence/batches.ts'
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

export interface DktSettings {
  /** Numbers per embedding. */
  embedding: number
  hidden: number
  /** Units of the layer that joins state and question. */
  readout: number
  /** Share of the state that training hides from the readout. */
  dropout: number
  /** Share of training answers whose item is hidden, so that the kinds of topics learn, too. */
  hideItem: number
  /** Answers between which gradients flow; the state is carried on. */
  steps: number
  /** Rows to a batch, students to a batch. */
  rows: number
  width: number
  /** Precisions of the normal priors on what an item adds to its topics' embedding, and to the logit. */
  embeddingPrior: number
  biasPrior: number
}

export const DKT_SETTINGS: DktSettings = {
  embedding: 32,
  hidden: 64,
  readout: 32,
  dropout: 0.4,
  hideItem: 0.15,
  steps: 100,
  rows: 1600,
  width: 128,
  embeddingPrior: 50,
  biasPrior: 2,
}

/**
 * Deep knowledge tracing (Piech et al. 2015) with items (Gervet et al. 2020): an LSTM over (item and topics, correct),
 * its state and the next question joined in one hidden layer. `items`, `topics`: rows of the tables.
 */
export class DktNetwork implements SequenceNetwork {
  readonly settings: DktSettings
  private readonly items: number
  private readonly topics: number
  /** Answers in the training log: the priors weigh against them. */
  private readonly answers: number

  constructor(settings: DktSettings, items: number, topics: number, answers: number) {
    this.settings = settings
    this.items = items
    this.topics = topics
    this.answers = answers
  }

  initial(random: Random, data: Encoded, students: readonly number[]): Weights {
    const offsets = offsetsOf(data, students, this.items, this.topics)
    const { embedding: d, hidden: h, readout: r } = this.settings
    const bias = constantWeights([1, 4 * h])
    bias.values.fill(1, h, 2 * h)
    return new Map<string, Values>([
      ['item', normalWeights(random, [this.items, d], 0.05 * Math.sqrt(this.items))],
      ['topic', normalWeights(random, [this.topics, d], 0.5 * Math.sqrt(this.topics))],
      ['item-bias', { shape: [this.items, 1], values: offsets.item }],
      ['topic-bias', { shape: [this.topics, 1], values: offsets.topic }],
      ['input', normalWeights(random, [2 * (d + 2), 4 * h])],
      ['bias', bias],
      ['recurrent', normalWeights(random, [h, 4 * h])],
      ['read-state', normalWeights(random, [h, r])],
      ['read-question', normalWeights(random, [d + 2, r])],
      ['read-bias', constantWeights([1, r])],
      ['out', normalWeights(random, [r, 1])],
      ['out-bias', constantWeights([1, 1], offsets.base)],
    ])
  }

  async pass(
    data: Encoded,
    students: ArrayLike<number>,
    random: Random | null,
    compute: Compute,
    logits: Float64Array,
  ) {
    const { steps, rows, width } = this.settings
    for (const group of groupsOf(studentsIn(data.log, students, steps), rows, width, random))
      await this.#group(data, group, random, compute, logits)
  }

  /** The stretches of a group, one after the other; who has no rows left is left out. */
  async #group(
    data: Encoded,
    group: readonly Student[],
    random: Random | null,
    compute: Compute,
    logits: Float64Array,
  ) {
    const size = this.settings.hidden
    let carried = new Map(group.map((s) => [s.student, new Float32Array(2 * size)]))
    for (let part = 0; carried.size > 0; part++) {
      const now = group.filter((s) => s.stretches.length > part).map((s) => s.stretches[part]!)
      if (now.length === 0) break
      const n = now.length
      const steps = Math.max(...now.map((s) => s.to - s.from))
      const { slots } = data.rows
      const size2 = steps * n
      const item = new Int32Array(size2)
      const topic = new Int32Array(size2 * slots)
      const share = new Float32Array(size2 * slots)
      const y = new Float32Array(size2)
      const counts = new Float32Array(size2)
      const before = new Int32Array(size2)
      const last = new Int32Array(2 * n)
      const h = new Float32Array(n * size)
      const c = new Float32Array(n * size)
      now.forEach((s, b) => {
        const state = carried.get(s.student)!
        h.set(state.subarray(0, size), b * size)
        c.set(state.subarray(size), b * size)
        let seen = 0
        for (let t = 0; t < s.to - s.from; t++) {
          const r = s.from + t
          if (t > 0 && data.log.bundle[r] !== data.log.bundle[r - 1]) seen = t
          const at = t * n + b
          const kind = data.kinds[r]!
          const hidden = random !== null && random.uniform() < this.settings.hideItem
          item[at] = hidden ? 0 : data.rows.item[kind]!
          for (let k = 0; k < slots; k++) {
            topic[at * slots + k] = data.rows.topic[kind * slots + k]!
            share[at * slots + k] = data.rows.share[kind * slots + k]!
          }
          y[at] = data.log.correct[r]!
          counts[at] = 1
          before[at] = seen * n + b
        }
        last[b] = (s.to - s.from - 1) * n + b
        last[n + b] = (steps + s.to - s.from - 1) * n + b
      })
      const keep = dropoutMask(size2 * size, this.settings.dropout, random)
      const feeds = { item, topic, share, y, counts, before, last, h, c, keep }
      const out = await compute(this.program(n, steps, slots, sum(counts)), feeds)
      now.forEach((s, b) => {
        for (let t = 0; t < s.to - s.from; t++) logits[s.from + t] = out['logit']![t * n + b]!
      })
      carried = new Map(
        now.map((s, b) => {
          const state = new Float32Array(2 * size)
          state.set(out['carry']!.subarray(b * size, (b + 1) * size))
          state.set(out['carry']!.subarray((n + b) * size, (n + b + 1) * size), size)
          return [s.student, state]
        }),
      )
    }
  }

  /** Time-major: position t * n + b is step t of student b. `rows`: positions that count. */
  program(n: number, steps: number, slots: number, rows: number): Program<TrainingOps> {
    const { hidden: size, embeddingPrior, biasPrior } = this.settings
    const all = n * steps
    return {
      name: `dkt ${n} x ${steps} x ${slots}`,
      inputs: {
        item: { shape: [all], type: 'int32' },
        topic: { shape: [all * slots], type: 'int32' },
        share: { shape: [all * slots, 1], type: 'float32' },
        y: { shape: [all, 1], type: 'float32' },
        counts: { shape: [all, 1], type: 'float32' },
        before: { shape: [all], type: 'int32' },
        last: { shape: [2 * n], type: 'int32' },
        h: { shape: [n, size], type: 'float32' },
        c: { shape: [n, size], type: 'float32' },
        keep: { shape: [all, size], type: 'float32' },
      },
      build: (ops, weight, input) => {
        const byTopic = (table: Tensor) => topicMean(ops, table, input('topic'), input('share'), all, slots)
        const bias = ops.add(ops.gather(weight('item-bias'), input('item')), byTopic(weight('topic-bias')))
        const own = ops.add(ops.gather(weight('item'), input('item')), byTopic(weight('topic')))
        const e = ops.concat([own, bias, ops.fill([all, 1], 1)], 1)
        const y = input('y')
        const right = ops.mul(e, y)
        const x = ops.concat([right, ops.sub(e, right)], 1)
        const projected = ops.add(ops.matMul(x, weight('input')), weight('bias'))
        const states = ops.lstm(projected, weight('recurrent'), input('h'), input('c'), steps)
        const through = ops.concat([input('h'), ops.slice(states, [0, 0], [all, size])], 0)
        const state = ops.mul(ops.gather(through, input('before')), input('keep'))
        const joined = ops.add(ops.matMul(state, weight('read-state')), ops.matMul(e, weight('read-question')))
        const read = ops.relu(ops.add(joined, weight('read-bias')))
        const logit = ops.add(ops.add(ops.matMul(read, weight('out')), weight('out-bias')), bias)
        const prior = ops.add(
          ops.mul(ops.scalar(embeddingPrior / this.answers), halfSquares(ops, weight('item'))),
          ops.mul(ops.scalar(biasPrior / this.answers), halfSquares(ops, weight('item-bias'))),
        )
        const nll = ops.div(logLossSum(ops, logit, y, input('counts')), ops.scalar(rows))
        return {
          loss: ops.add(nll, prior),
          logit,
          carry: ops.gather(states, input('last')),
        }
      },
    }
  }
}

const sum = (xs: Float32Array) => xs.reduce((a, b) => a + b, 0)
