import type { Program, ScoringEngine, Session, Weights } from '../../ports/tensor-runtime.ts'
import { lstmCell } from '../../tensors/cell.ts'
import { padded, paddedInts } from '../../tensors/feeds.ts'
import { kindBias, kindTable } from '../sequence/tables.ts'
import { kindOfTopic, kindRows } from '../sequence/vocabulary.ts'
import type { DktArtefact } from './learner.ts'

/**
 * Deep knowledge tracing one answer at a time, many students at once. A student's state is 2H float32: hidden state,
 * then cells; zeros before the first answer. Batches have the fixed size `batch` and are filled up with zeros: what is
 * computed for a student does not depend on who else is in the batch.
 */
export class DktServing {
  /** Numbers of a student's state. */
  readonly stateSize: number
  /** Topics of `all`, in its order. */
  readonly topics: readonly string[]
  readonly #batch: number
  /** Students to a batch of `all`. */
  readonly #wide: number
  readonly #step: Session
  readonly #ask: Session
  readonly #all: Session

  private constructor(artefact: DktArtefact, batch: number, sessions: readonly [Session, Session, Session]) {
    this.stateSize = 2 * artefact.settings.hidden
    this.topics = artefact.vocabulary.topics
    this.#batch = batch
    this.#wide = wideBatch(artefact, batch)
    ;[this.#step, this.#ask, this.#all] = sessions
  }

  static async open(engine: ScoringEngine, artefact: DktArtefact, batch = 256): Promise<DktServing> {
    const weights = servingWeights(artefact)
    const { hidden, readout } = artefact.settings
    const sessions = await Promise.all([
      engine.open(stepProgram(batch, hidden), weights),
      engine.open(askProgram(batch, hidden), weights),
      engine.open(allProgram(wideBatch(artefact, batch), hidden, artefact.vocabulary.topics.length, readout), weights),
    ])
    return new DktServing(artefact, batch, sessions as [Session, Session, Session])
  }

  /**
   * `states` [n, stateSize] take in one answer each: `kinds` [n], `right` [n] 1 or 0. Gives the new states; and the logit
   * of a right answer to `next` [n] after it, where that is given.
   */
  async learn(
    states: Float32Array,
    kinds: Int32Array,
    right: Uint8Array,
    next?: Int32Array,
  ): Promise<{ states: Float32Array; logits: Float32Array | null }> {
    const size = this.stateSize
    const after = new Float32Array(states.length)
    const logits = next === undefined ? null : new Float32Array(kinds.length)
    for (let from = 0; from < kinds.length; from += this.#batch) {
      const n = Math.min(this.#batch, kinds.length - from)
      const feeds = {
        state: padded(states, from * size, n * size, this.#batch * size),
        kind: paddedInts(kinds, from, n, this.#batch),
        right: Float32Array.from({ length: this.#batch }, (_, i) => (i < n ? right[from + i]! : 0)),
        next: next === undefined ? new Int32Array(this.#batch) : paddedInts(next, from, n, this.#batch),
      }
      const out = await this.#step.run(feeds)
      after.set(out['state']!.subarray(0, n * size), from * size)
      logits?.set(out['logit']!.subarray(0, n), from)
    }
    return { states: after, logits }
  }

  /** Logit of a right answer to `kinds` [n] from `states` [n, stateSize]. */
  async ask(states: Float32Array, kinds: Int32Array): Promise<Float32Array> {
    const size = this.stateSize
    const logits = new Float32Array(kinds.length)
    for (let from = 0; from < kinds.length; from += this.#batch) {
      const n = Math.min(this.#batch, kinds.length - from)
      const state = padded(states, from * size, n * size, this.#batch * size)
      const out = await this.#ask.run({ state, next: paddedInts(kinds, from, n, this.#batch) })
      logits.set(out['logit']!.subarray(0, n), from)
    }
    return logits
  }

  /** Logits [n, topics] of a right answer to any item of each topic: the mastery vector. */
  async all(states: Float32Array): Promise<Float32Array> {
    const size = this.stateSize
    const students = states.length / size
    const width = this.topics.length
    const logits = new Float32Array(students * width)
    for (let from = 0; from < students; from += this.#wide) {
      const n = Math.min(this.#wide, students - from)
      const out = await this.#all.run({ state: padded(states, from * size, n * size, this.#wide * size) })
      logits.set(out['logits']!.subarray(0, n * width), from * width)
    }
    return logits
  }

  close(): void {
    for (const s of [this.#step, this.#ask, this.#all]) s.close()
  }
}

/** Numbers of a tensor at most: a quarter of what the smallest of WebGPU's devices binds (128 MiB of float32). */
const MOST = 2 ** 23

function wideBatch({ vocabulary, settings }: DktArtefact, batch: number): number {
  return Math.max(1, Math.min(batch, Math.floor(MOST / Math.max(1, vocabulary.topics.length * settings.readout))))
}

/** The network's weights, with one row per kind instead of tables of items and topics. */
function servingWeights({ weights, vocabulary }: DktArtefact): Weights {
  const rows = kindRows(vocabulary)
  const topics = vocabulary.topics.map((_, t) => kindOfTopic(t))
  const table = kindTable(weights, rows)
  const bias = kindBias(weights, rows)
  const of = (whole: { shape: readonly number[]; values: Float32Array }) => {
    const width = whole.shape[1]!
    const values = new Float32Array(topics.length * width)
    topics.forEach((kind, i) => {
      values.set(whole.values.subarray(kind * width, (kind + 1) * width), i * width)
    })
    return { shape: [topics.length, width], values }
  }
  return new Map([
    ...weights,
    ['kind', table],
    ['kind-bias', bias],
    ['topic-kind', of(table)],
    ['topic-kind-bias', of(bias)],
  ])
}

type Build = Program['build']

function read(
  ops: Parameters<Build>[0],
  weight: Parameters<Build>[1],
  h: ReturnType<Parameters<Build>[1]>,
  next: typeof h,
) {
  const question = ops.matMul(ops.gather(weight('kind'), next), weight('read-question'))
  const joined = ops.add(ops.matMul(h, weight('read-state')), question)
  const units = ops.relu(ops.add(joined, weight('read-bias')))
  const logit = ops.add(ops.matMul(units, weight('out')), weight('out-bias'))
  return ops.add(logit, ops.gather(weight('kind-bias'), next))
}

function stepProgram(n: number, size: number): Program {
  return {
    name: `dkt step ${n}`,
    inputs: {
      state: { shape: [n, 2 * size], type: 'float32' },
      kind: { shape: [n], type: 'int32' },
      right: { shape: [n, 1], type: 'float32' },
      next: { shape: [n], type: 'int32' },
    },
    build(ops, weight, input) {
      const e = ops.gather(weight('kind'), input('kind'))
      const right = ops.mul(e, input('right'))
      const x = ops.concat([right, ops.sub(e, right)], 1)
      const projected = ops.add(ops.matMul(x, weight('input')), weight('bias'))
      const part = (at: number) => ops.slice(input('state'), [0, at], [n, size])
      const { h, c } = lstmCell(ops, projected, weight('recurrent'), part(0), part(size))
      return { state: ops.concat([h, c], 1), logit: read(ops, weight, h, input('next')) }
    },
  }
}

function askProgram(n: number, size: number): Program {
  return {
    name: `dkt ask ${n}`,
    inputs: { state: { shape: [n, 2 * size], type: 'float32' }, next: { shape: [n], type: 'int32' } },
    build: (ops, weight, input) => ({
      logit: read(ops, weight, ops.slice(input('state'), [0, 0], [n, size]), input('next')),
    }),
  }
}

function allProgram(n: number, size: number, topics: number, units: number): Program {
  return {
    name: `dkt all ${n}`,
    inputs: { state: { shape: [n, 2 * size], type: 'float32' } },
    build(ops, weight, input) {
      const h = ops.slice(input('state'), [0, 0], [n, size])
      const past = ops.reshape(ops.matMul(h, weight('read-state')), [n, 1, units])
      const question = ops.add(ops.matMul(weight('topic-kind'), weight('read-question')), weight('read-bias'))
      const joined = ops.relu(ops.add(past, ops.reshape(question, [1, topics, units])))
      const flat = ops.matMul(ops.reshape(joined, [n * topics, units]), weight('out'))
      const bias = ops.reshape(ops.add(weight('topic-kind-bias'), weight('out-bias')), [1, topics])
      return { logits: ops.add(ops.reshape(flat, [n, topics]), bias) }
    },
  }
}
