import type { Program, Tensor, TrainingOps, Values, Weights } from '../../ports/tensor-runtime.ts'
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

export interface SaktSettings {
  /** Numbers per embedding, and of all heads together. */
  embedding: number
  heads: number
  /** Answers that a question looks back on. */
  window: number
  readout: number
  dropout: number
  hideItem: number
  /** Questions per student and batch. */
  steps: number
  rows: number
  width: number
  embeddingPrior: number
  biasPrior: number
}

export const SAKT_SETTINGS: SaktSettings = {
  embedding: 32,
  heads: 4,
  window: 100,
  readout: 32,
  dropout: 0.3,
  hideItem: 0.15,
  steps: 100,
  rows: 1600,
  width: 128,
  embeddingPrior: 50,
  biasPrior: 2,
}

/** Closes a place to attention. Finite, since a softmax over infinities is not a number. */
export const CLOSED = -1e9

/**
 * Self-attentive knowledge tracing (Pandey and Karypis 2019): the question attends to the last `window` answers of
 * earlier bundles. Where an answer stands counts by its distance alone, through a learned number per head and distance,
 * so that the window may roll. One more place, of score 0 and value 0, is always open: attention to nothing.
 */
export class SaktNetwork implements SequenceNetwork {
  readonly settings: SaktSettings
  private readonly items: number
  private readonly topics: number
  private readonly answers: number

  constructor(settings: SaktSettings, items: number, topics: number, answers: number) {
    this.settings = settings
    this.items = items
    this.topics = topics
    this.answers = answers
  }

  initial(random: Random, data: Encoded, students: readonly number[]): Weights {
    const offsets = offsetsOf(data, students, this.items, this.topics)
    const { embedding: d, readout: r, heads, window } = this.settings
    const position = constantWeights([window * heads, 1])
    for (let h = 0; h < heads; h++)
      for (let k = 0; k < window; k++) position.values[h * window + k] = -(0.25 * (h + 1)) * Math.log(1 + k)
    return new Map<string, Values>([
      ['item', normalWeights(random, [this.items, d], 0.05 * Math.sqrt(this.items))],
      ['topic', normalWeights(random, [this.topics, d], 0.5 * Math.sqrt(this.topics))],
      ['item-bias', { shape: [this.items, 1], values: offsets.item }],
      ['topic-bias', { shape: [this.topics, 1], values: offsets.topic }],
      ['query', normalWeights(random, [d + 2, d])],
      ['key', normalWeights(random, [2 * (d + 2), d])],
      ['value', normalWeights(random, [2 * (d + 2), d])],
      ['position', position],
      ['read-past', normalWeights(random, [d, r])],
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
      for (let part = 0; ; part++) {
        const now = group.filter((s) => s.stretches.length > part)
        if (now.length === 0) break
        const firsts = now.map((s) => s.stretches[0]!.from)
        const stretches = now.map((s) => s.stretches[part]!)
        await this.#batch(data, stretches, firsts, random, compute, logits)
      }
  }

  /** `firsts`: first row of each stretch's student. */
  async #batch(
    data: Encoded,
    stretches: readonly Stretch[],
    firsts: readonly number[],
    random: Random | null,
    compute: Compute,
    logits: Float64Array,
  ) {
    const { window, embedding, dropout, hideItem } = this.settings
    const n = stretches.length
    const asked = Math.max(...stretches.map((s) => s.to - s.from))
    const context = Math.max(...stretches.map((s, b) => Math.min(window, s.from - firsts[b]!)))
    const past = context + asked
    const { slots } = data.rows
    const side = (length: number) => ({
      item: new Int32Array(n * length),
      topic: new Int32Array(n * length * slots),
      share: new Float32Array(n * length * slots),
    })
    const put = (to: ReturnType<typeof side>, at: number, r: number) => {
      const kind = data.kinds[r]!
      const hidden = random !== null && random.uniform() < hideItem
      to.item[at] = hidden ? 0 : data.rows.item[kind]!
      for (let k = 0; k < slots; k++) {
        to.topic[at * slots + k] = data.rows.topic[kind * slots + k]!
        to.share[at * slots + k] = data.rows.share[kind * slots + k]!
      }
    }
    const question = side(asked)
    const answer = side(past)
    const y = new Float32Array(n * asked)
    const counts = new Float32Array(n * asked)
    const right = new Float32Array(n * past)
    const distance = new Int32Array(n * asked * (past + 1))
    let rows = 0
    stretches.forEach((s, b) => {
      for (let k = 0; k < past; k++) {
        const r = s.from - context + k
        if (r < firsts[b]! || r >= s.to) continue
        put(answer, b * past + k, r)
        right[b * past + k] = data.log.correct[r]!
      }
      let bundle = s.from
      for (let q = 0; q < asked; q++) {
        const r = s.from + q
        const base = (b * asked + q) * (past + 1)
        distance[base + past] = window + 1
        if (r >= s.to) continue
        if (q > 0 && data.log.bundle[r] !== data.log.bundle[r - 1]) bundle = r
        put(question, b * asked + q, r)
        y[b * asked + q] = data.log.correct[r]!
        counts[b * asked + q] = 1
        rows++
        for (let d = 1; d <= window && bundle - d >= firsts[b]!; d++) distance[base + bundle - d - s.from + context] = d
      }
    })
    const keep = dropoutMask(n * asked * embedding, dropout, random)
    const feeds = {
      item: question.item,
      topic: question.topic,
      share: question.share,
      'past-item': answer.item,
      'past-topic': answer.topic,
      'past-share': answer.share,
      y,
      counts,
      right,
      distance,
      keep,
    }
    const out = await compute(this.program(n, asked, past, slots, rows), feeds)
    stretches.forEach((s, b) => {
      for (let q = 0; q < s.to - s.from; q++) logits[s.from + q] = out['logit']![b * asked + q]!
    })
  }

  /** Position b * asked + q is question q of student b; `distance` 0 is closed, window + 1 is attention to nothing. */
  program(n: number, asked: number, past: number, slots: number, rows: number): Program<TrainingOps> {
    const { embedding: d, heads, window, embeddingPrior, biasPrior } = this.settings
    const one = d / heads
    const all = n * asked
    return {
      name: `sakt ${n} x ${asked} of ${past} x ${slots}`,
      inputs: {
        item: { shape: [all], type: 'int32' },
        topic: { shape: [all * slots], type: 'int32' },
        share: { shape: [all * slots, 1], type: 'float32' },
        'past-item': { shape: [n * past], type: 'int32' },
        'past-topic': { shape: [n * past * slots], type: 'int32' },
        'past-share': { shape: [n * past * slots, 1], type: 'float32' },
        y: { shape: [all, 1], type: 'float32' },
        counts: { shape: [all, 1], type: 'float32' },
        right: { shape: [n * past, 1], type: 'float32' },
        distance: { shape: [all * (past + 1)], type: 'int32' },
        keep: { shape: [all, d], type: 'float32' },
      },
      build: (ops, weight, input) => {
        const both = (side: string, count: number, item: string, topic: string) =>
          ops.add(
            ops.gather(weight(item), input(`${side}item`)),
            topicMean(ops, weight(topic), input(`${side}topic`), input(`${side}share`), count, slots),
          )
        const embed = (side: string, count: number) => {
          const bias = both(side, count, 'item-bias', 'topic-bias')
          return ops.concat([both(side, count, 'item', 'topic'), bias, ops.fill([count, 1], 1)], 1)
        }
        const e = embed('', all)
        const before = embed('past-', n * past)
        const right = ops.mul(before, input('right'))
        const x = ops.concat([right, ops.sub(before, right)], 1)
        const query = ops.matMul(ops.mul(e, ops.scalar(1 / Math.sqrt(one))), weight('query'))
        const key = ops.matMul(x, weight('key'))
        const value = ops.matMul(x, weight('value'))
        const attended: Tensor[] = []
        for (let h = 0; h < heads; h++) {
          const part = (t: Tensor, length: number) =>
            ops.reshape(ops.slice(t, [0, h * one], [n * length, one]), [n, length, one])
          const own = ops.slice(weight('position'), [h * window, 0], [window, 1])
          const table = ops.concat([ops.fill([1, 1], CLOSED), own, ops.fill([1, 1], 0)], 0)
          const bias = ops.gather(table, input('distance'))
          const scores = ops.matMul(part(query, asked), part(key, past), false, true)
          const open = ops.concat([scores, ops.fill([n, asked, 1], 0)], 2)
          const shares = ops.softmax(ops.add(open, ops.reshape(bias, [n, asked, past + 1])))
          const looks = ops.slice(shares, [0, 0, 0], [n, asked, past])
          attended.push(ops.reshape(ops.matMul(looks, part(value, past)), [all, one]))
        }
        const seen = ops.mul(ops.concat(attended, 1), input('keep'))
        const joined = ops.add(ops.matMul(seen, weight('read-past')), ops.matMul(e, weight('read-question')))
        const read = ops.relu(ops.add(joined, weight('read-bias')))
        const bias = ops.slice(e, [0, d], [all, 1])
        const logit = ops.add(ops.add(ops.matMul(read, weight('out')), weight('out-bias')), bias)
        const prior = ops.add(
          ops.mul(ops.scalar(embeddingPrior / this.answers), halfSquares(ops, weight('item'))),
          ops.mul(ops.scalar(biasPrior / this.answers), halfSquares(ops, weight('item-bias'))),
        )
        const nll = ops.div(logLossSum(ops, logit, input('y'), input('counts')), ops.scalar(rows))
        return { loss: ops.add(nll, prior), logit }
      },
    }
  }
}
