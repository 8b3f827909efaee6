import type { Program, ScoringEngine, Session, Weights } from '../../ports/tensor-runtime.ts'
import { padded, paddedInts } from '../../tensors/feeds.ts'
import { perKind } from '../sequence/tables.ts'
import { kindRows } from '../sequence/vocabulary.ts'
import type { WdIrtArtefact } from './learner.ts'
import type { WdIrtSettings } from './network.ts'
import { ability, heard, logitOf, PRIOR } from './parts.ts'
import { Pools } from './pools.ts'

/** Wide and deep item response theory one answer at a time, many students at once. A student's state is a `Pools`. */
export class WdIrtServing {
  readonly #settings: WdIrtSettings
  /** Per kind: the topic whose pools its answers go to. */
  readonly #topic: Int32Array
  readonly #batch: number
  readonly #ask: Session
  readonly #read: Session

  private constructor(settings: WdIrtSettings, topic: Int32Array, batch: number, ask: Session, read: Session) {
    this.#settings = settings
    this.#topic = topic
    this.#batch = batch
    this.#ask = ask
    this.#read = read
  }

  static async open(engine: ScoringEngine, artefact: WdIrtArtefact, batch = 256): Promise<WdIrtServing> {
    const rows = kindRows(artefact.vocabulary)
    const discrimination = artefact.weights.get('item-discrimination')!.values
    const weights: Weights = new Map([
      ...artefact.weights,
      ['difficulty', perKind(artefact.weights, rows, 'item-difficulty', 'topic-difficulty')],
      [
        'discrimination',
        { shape: [rows.item.length, 1], values: Float32Array.from(rows.item, (i) => discrimination[i]!) },
      ],
    ])
    const topic = Int32Array.from(rows.item, (_, kind) => rows.topic[kind * rows.slots]!)
    const { settings } = artefact
    const [ask, read] = await Promise.all([
      engine.open(askProgram(batch, settings), weights),
      engine.open(readProgram(batch, settings), weights),
    ])
    return new WdIrtServing(settings, topic, batch, ask, read)
  }

  /** State of a student without answers. */
  newcomer(): Pools {
    return new Pools(this.#settings.pools, this.#settings.said)
  }

  /** Logit of a right answer and ability, per student, for the question of `kinds`. */
  async ask(students: readonly Pools[], kinds: Int32Array): Promise<{ logits: Float32Array; abilities: Float32Array }> {
    const { pools, said } = this.#settings
    const each = said + 1
    const width = pools.length * each
    const pooled = new Float32Array(students.length * width)
    students.forEach((student, s) => {
      pools.forEach((_, p) => {
        const { sums, at } = student.of(p, this.#topic[kinds[s]!]!)
        const count = sums[at + said]!
        const to = s * width + p * each
        for (let k = 0; k < said; k++) pooled[to + k] = sums[at + k]! / (count + PRIOR)
        pooled[to + said] = Math.log1p(count)
      })
    })
    const logits = new Float32Array(students.length)
    const abilities = new Float32Array(students.length)
    for (let from = 0; from < students.length; from += this.#batch) {
      const n = Math.min(this.#batch, students.length - from)
      const out = await this.#ask.run({
        pooled: padded(pooled, from * width, n * width, this.#batch * width),
        kind: paddedInts(kinds, from, n, this.#batch),
      })
      logits.set(out['logit']!.subarray(0, n), from)
      abilities.set(out['theta']!.subarray(0, n), from)
    }
    return { logits, abilities }
  }

  /** Each student takes in one answer. `known`: what `readFeatures` gives, [n, 2 * features]. */
  async learn(students: readonly Pools[], kinds: Int32Array, right: Uint8Array, known: Float32Array): Promise<void> {
    const { said, features } = this.#settings
    const width = 2 * features.length
    for (let from = 0; from < students.length; from += this.#batch) {
      const n = Math.min(this.#batch, students.length - from)
      const feeds: Record<string, Float32Array | Int32Array> = {
        kind: paddedInts(kinds, from, n, this.#batch),
        right: Float32Array.from({ length: this.#batch }, (_, i) => (i < n ? right[from + i]! : 0)),
      }
      if (width > 0) feeds['known'] = padded(known, from * width, n * width, this.#batch * width)
      const out = await this.#read.run(feeds)
      for (let i = 0; i < n; i++) students[from + i]!.learn(this.#topic[kinds[from + i]!]!, out['said']!, i * said)
    }
  }

  close(): void {
    this.#ask.close()
    this.#read.close()
  }
}

function askProgram(n: number, settings: WdIrtSettings): Program {
  const width = settings.pools.length * (settings.said + 1)
  return {
    name: `wd-irt ask ${n}`,
    inputs: { pooled: { shape: [n, width], type: 'float32' }, kind: { shape: [n], type: 'int32' } },
    build(ops, weight, input) {
      const theta = ability(ops, weight, input('pooled'), null)
      const difficulty = ops.gather(weight('difficulty'), input('kind'))
      const steep = ops.gather(weight('discrimination'), input('kind'))
      return { logit: logitOf(ops, theta, difficulty, steep, settings.guess), theta }
    },
  }
}

function readProgram(n: number, { features }: WdIrtSettings): Program {
  const known = { shape: [n, 2 * features.length], type: 'float32' } as const
  return {
    name: `wd-irt read ${n}`,
    inputs: {
      kind: { shape: [n], type: 'int32' },
      right: { shape: [n, 1], type: 'float32' },
      ...(features.length > 0 ? { known } : {}),
    },
    build: (ops, weight, input) => ({
      said: heard(
        ops,
        weight,
        input('right'),
        ops.gather(weight('difficulty'), input('kind')),
        features.length > 0 ? input('known') : null,
      ),
    }),
  }
}
