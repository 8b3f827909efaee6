import type { Program, ScoringEngine, Session, Values, Weights } from '../../ports/tensor-runtime.ts'
import { weightOf } from '../../tensors/feeds.ts'
import { kindBias, kindTable, product } from '../sequence/tables.ts'
import { kindCount, kindOfTopic, kindRows } from '../sequence/vocabulary.ts'
import type { SaktArtefact } from './learner.ts'
import { CLOSED } from './network.ts'

/**
 * What a past answer is to attention: the row of the tables of keys and values. A student's state is the rows of the
 * last `window` answers, the newest last.
 */
export const answerRow = (kind: number, right: boolean): number => 2 * kind + (right ? 1 : 0)

/**
 * Self-attentive knowledge tracing, many students at once, one or more questions each: keys and values of every possible
 * answer are multiplied out beforehand, so that a question costs one look-up per past answer and one attention.
 */
export class SaktServing {
  readonly window: number
  readonly topics: readonly string[]
  readonly #artefact: SaktArtefact
  readonly #engine: ScoringEngine
  readonly #weights: Weights
  readonly #batch: number
  readonly #sessions = new Map<number, Session>()

  private constructor(engine: ScoringEngine, artefact: SaktArtefact, batch: number) {
    this.window = artefact.settings.window
    this.topics = artefact.vocabulary.topics
    this.#artefact = artefact
    this.#engine = engine
    this.#weights = servingWeights(artefact)
    this.#batch = batch
  }

  static async open(engine: ScoringEngine, artefact: SaktArtefact, batch = 256): Promise<SaktServing> {
    const made = new SaktServing(engine, artefact, batch)
    await made.#session(1)
    return made
  }

  /**
   * Logits [n, q] of right answers to `kinds` [n, q]. `past` holds each student's `answerRow`s, oldest first; of longer
   * ones the last `window` count. `shares`, where given, receives per student [heads, window] how much the first
   * question looked at each past answer, the newest last.
   */
  async ask(
    past: readonly ArrayLike<number>[],
    kinds: Int32Array,
    shares?: (student: number, of: Float32Array) => void,
  ): Promise<Float32Array> {
    const n = past.length
    const asked = n === 0 ? 1 : kinds.length / n
    const { window } = this
    const batch = this.#batchFor(asked)
    const session = await this.#session(asked)
    const logits = new Float32Array(kinds.length)
    const looked = this.#artefact.settings.heads * window
    for (let from = 0; from < n; from += batch) {
      const count = Math.min(batch, n - from)
      const answers = new Int32Array(batch * window)
      const closed = new Float32Array(batch * window).fill(CLOSED)
      for (let b = 0; b < count; b++) {
        const own = past[from + b]!
        const known = Math.min(window, own.length)
        for (let k = 0; k < known; k++) {
          answers[(b + 1) * window - known + k] = own[own.length - known + k]!
          closed[(b + 1) * window - known + k] = 0
        }
      }
      const kind = new Int32Array(batch * asked)
      kind.set(kinds.subarray(from * asked, (from + count) * asked))
      const out = await session.run({ answers, closed, kind })
      logits.set(out['logit']!.subarray(0, count * asked), from * asked)
      if (shares !== undefined)
        for (let b = 0; b < count; b++)
          shares(from + b, out['shares']!.slice(b * asked * looked, b * asked * looked + looked))
    }
    return logits
  }

  /** Logits [n, topics] of a right answer to any item of each topic. */
  all(past: readonly ArrayLike<number>[]): Promise<Float32Array> {
    const width = this.topics.length
    return this.ask(
      past,
      Int32Array.from({ length: past.length * width }, (_, i) => kindOfTopic(i % width)),
    )
  }

  #batchFor(asked: number): number {
    return Math.max(1, Math.floor(this.#batch / Math.max(1, Math.ceil(asked / 8))))
  }

  async #session(asked: number): Promise<Session> {
    let session = this.#sessions.get(asked)
    if (session === undefined) {
      const program = askProgram(this.#batchFor(asked), asked, this.#artefact)
      session = await this.#engine.open(program, this.#weights)
      this.#sessions.set(asked, session)
    }
    return session
  }

  close(): void {
    for (const s of this.#sessions.values()) s.close()
    this.#sessions.clear()
  }
}

/** Rows of both kinds of answer, side by side: 2 * kind + right. */
function answerTable(table: Values, matrix: Values): Values {
  const width = table.shape[1]!
  const right = product(table, matrix, 0)
  const wrong = product(table, matrix, width)
  const [kinds, size] = right.shape as [number, number]
  const values = new Float32Array(2 * kinds * size)
  for (let kind = 0; kind < kinds; kind++) {
    values.set(wrong.values.subarray(kind * size, (kind + 1) * size), 2 * kind * size)
    values.set(right.values.subarray(kind * size, (kind + 1) * size), (2 * kind + 1) * size)
  }
  return { shape: [2 * kinds, size], values }
}

function servingWeights({ weights, vocabulary, settings }: SaktArtefact): Weights {
  const rows = kindRows(vocabulary)
  const { embedding: d, heads, window } = settings
  const table = kindTable(weights, rows)
  const query = product(table, weightOf(weights, 'query'))
  const scale = 1 / Math.sqrt(d / heads)
  const position = weightOf(weights, 'position')
  const places = new Float32Array(heads * window)
  for (let h = 0; h < heads; h++)
    for (let k = 0; k < window; k++) places[h * window + (window - 1 - k)] = position.values[h * window + k]!
  const own = new Float32Array(heads * d)
  for (let h = 0; h < heads; h++) own.fill(1, h * d + (h * d) / heads, h * d + ((h + 1) * d) / heads)
  return new Map<string, Values>([
    ['keys', answerTable(table, weightOf(weights, 'key'))],
    ['values', answerTable(table, weightOf(weights, 'value'))],
    ['queries', { shape: query.shape, values: query.values.map((q) => q * scale) }],
    ['questions', product(table, weightOf(weights, 'read-question'))],
    ['kind-bias', kindBias(weights, rows)],
    ['places', { shape: [1, 1, heads, window], values: places }],
    ['own', { shape: [1, heads, d], values: own }],
    ...(['read-past', 'read-bias', 'out', 'out-bias'] as const).map((n) => [n, weightOf(weights, n)] as const),
  ])
}

/**
 * `answers` [n * window] rows of the tables, the newest last; `closed` 0, or CLOSED where there was no answer. The heads
 * of one question share the keys: each sees its own columns of the query, the others at zero, which saves turning the
 * looked-up keys.
 */
function askProgram(n: number, asked: number, { settings, vocabulary }: SaktArtefact): Program {
  const { embedding: d, heads, window } = settings
  const rows = asked * heads
  return {
    name: `sakt ask ${n} x ${asked} of ${kindCount(vocabulary)}`,
    inputs: {
      answers: { shape: [n * window], type: 'int32' },
      closed: { shape: [n, 1, 1, window], type: 'float32' },
      kind: { shape: [n * asked], type: 'int32' },
    },
    build(ops, weight, input) {
      const key = ops.reshape(ops.gather(weight('keys'), input('answers')), [n, window, d])
      const value = ops.reshape(ops.gather(weight('values'), input('answers')), [n, window, d])
      const query = ops.reshape(ops.gather(weight('queries'), input('kind')), [n * asked, 1, d])
      const split = ops.reshape(ops.mul(query, weight('own')), [n, rows, d])
      const scores = ops.reshape(ops.matMul(split, key, false, true), [n, asked, heads, window])
      const open = ops.add(scores, ops.add(weight('places'), input('closed')))
      const nothing = ops.fill([n, rows, 1], 0)
      const shares = ops.softmax(ops.concat([ops.reshape(open, [n, rows, window]), nothing], 2))
      const looks = ops.slice(shares, [0, 0, 0], [n, rows, window])
      const mixed = ops.reshape(ops.matMul(looks, value), [n * asked, heads, d])
      const seen = ops.sum(ops.mul(mixed, weight('own')), 1)
      const joined = ops.add(ops.matMul(seen, weight('read-past')), ops.gather(weight('questions'), input('kind')))
      const units = ops.relu(ops.add(joined, weight('read-bias')))
      const logit = ops.add(ops.matMul(units, weight('out')), weight('out-bias'))
      return { logit: ops.add(logit, ops.gather(weight('kind-bias'), input('kind'))), shares: looks }
    },
  }
}
