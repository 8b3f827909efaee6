import {
  type AdamSettings,
  EngineLostError,
  type Feeds,
  type Outputs,
  type Program,
  type Trainer,
  type TrainingOps,
  type Values,
  type Weights,
} from '@mastery/topology/ports/tensor-runtime.ts'
import { checkFeeds } from '@mastery/topology/tensors/feeds.ts'
import { OPS } from './ops.ts'
import { build, download, type Life, restart } from './session.ts'
import { tf } from './tf.ts'
import { inTurn } from './turn.ts'

interface Slot {
  weight: tf.Variable
  m: tf.Tensor
  v: tf.Tensor
}

const STEPS = 'adam/steps'

/** Names of TF.js variables are one space per process. */
let trainers = 0

/** Gradient descent on a TF.js backend. A lost device loses the training since the last `state`. */
export class TfTrainer implements Trainer {
  readonly #slots = new Map<string, Slot>()
  #steps = 0
  readonly #of: number
  private readonly life: Life
  private readonly adam: AdamSettings

  private constructor(life: Life, adam: AdamSettings) {
    this.life = life
    this.adam = adam
    this.#of = life.restarts
  }

  static open(life: Life, from: Weights, adam: AdamSettings): Promise<TfTrainer> {
    return inTurn(life.device.name, async () => {
      const made = new TfTrainer(life, adam)
      const id = trainers++
      made.#steps = from.get(STEPS)?.values[0] ?? 0
      for (const [name, w] of from) {
        if (name.startsWith('adam/')) continue
        const moment = (kind: string) => {
          const kept = from.get(`adam/${kind}/${name}`)
          return kept === undefined ? tf.zeros([...w.shape]) : tf.tensor(kept.values, [...w.shape])
        }
        const weight = tf.variable(tf.tensor(w.values, [...w.shape]), true, `${name}/${id}`)
        made.#slots.set(name, { weight, m: moment('m'), v: moment('v') })
      }
      return made
    })
  }

  step(program: Program<TrainingOps>, feeds: Feeds, rate: number): Promise<Outputs> {
    return this.#guarded(program, feeds, async () => {
      let out: Record<string, tf.Tensor> = {}
      const slots = [...this.#slots.values()]
      const { grads } = tf.variableGrads(
        () => {
          out = build(program, OPS, (n) => this.#slots.get(n)?.weight, feeds)
          for (const t of Object.values(out)) tf.keep(t)
          return out['loss'] as tf.Scalar
        },
        slots.map((s) => s.weight),
      )
      this.#steps++
      tf.tidy(() => this.#move(grads, rate))
      for (const g of Object.values(grads)) g?.dispose()
      return download(this.life.device, out)
    })
  }

  look(program: Program<TrainingOps>, feeds: Feeds): Promise<Outputs> {
    return this.#guarded(program, feeds, () =>
      download(
        this.life.device,
        tf.tidy(() => build(program, OPS, (n) => this.#slots.get(n)?.weight, feeds)),
      ),
    )
  }

  /** Kingma and Ba's second form: corrections for the moments' bias in the step's size. Unused weights stay. */
  #move(grads: tf.NamedTensorMap, rate: number): void {
    const { beta1, beta2, epsilon, clip } = this.adam
    let toOne = 1
    let toTwo = 1
    for (let i = 0; i < this.#steps; i++) {
      toOne *= beta1
      toTwo *= beta2
    }
    const used = Object.values(grads).filter((g) => g !== null)
    const squares = used.map((g) => tf.sum(tf.square(g)))
    const norm = tf.sqrt(tf.addN(squares))
    const scale = tf.minimum(1, tf.div(clip, tf.add(norm, 1e-12)))
    const size = (rate * Math.sqrt(1 - toTwo)) / (1 - toOne)
    for (const slot of this.#slots.values()) {
      const own = grads[slot.weight.name]
      if (own == null) continue
      const g = tf.mul(own, scale)
      const m = tf.add(tf.mul(slot.m, beta1), tf.mul(g, 1 - beta1))
      const v = tf.add(tf.mul(slot.v, beta2), tf.mul(tf.square(g), 1 - beta2))
      slot.weight.assign(tf.sub(slot.weight, tf.mul(tf.div(m, tf.add(tf.sqrt(v), epsilon)), size)))
      slot.m.dispose()
      slot.v.dispose()
      slot.m = tf.keep(m)
      slot.v = tf.keep(v)
    }
  }

  state(): Promise<Weights> {
    return inTurn(this.life.device.name, async () => {
      const state = new Map<string, Values>()
      const keep = async (name: string, t: tf.Tensor) =>
        state.set(name, { shape: [...t.shape], values: Float32Array.from(await t.data<'float32'>()) })
      for (const [name, slot] of this.#slots) {
        await keep(name, slot.weight)
        await keep(`adam/m/${name}`, slot.m)
        await keep(`adam/v/${name}`, slot.v)
      }
      state.set(STEPS, { shape: [1], values: Float32Array.of(this.#steps) })
      return state
    })
  }

  async #guarded(program: Program<TrainingOps>, feeds: Feeds, work: () => Promise<Outputs>): Promise<Outputs> {
    checkFeeds(program, feeds)
    return inTurn(this.life.device.name, async () => {
      if (this.#of !== this.life.restarts) throw new EngineLostError('The device was started again meanwhile.')
      try {
        return await work()
      } catch (cause) {
        await restart(this.life)
        throw new EngineLostError(
          `Training stopped in "${program.name}" on ${this.life.device.backend}, which was started again. Go on from the last state that was kept.`,
          { cause },
        )
      }
    })
  }

  close(): void {
    if (this.#of === this.life.restarts)
      for (const { weight, m, v } of this.#slots.values()) for (const t of [weight, m, v]) t.dispose()
    this.#slots.clear()
  }
}
