import {
  EngineLostError,
  type Feeds,
  type Outputs,
  type Program,
  type Session,
  type TensorOps,
  type Weights,
} from '@mastery/topology/ports/tensor-runtime.ts'
import { checkFeeds, weightOf } from '@mastery/topology/tensors/feeds.ts'
import type { Device } from './device.ts'
import { OPS } from './ops.ts'
import { tf } from './tf.ts'
import { inTurn } from './turn.ts'

/** Counts the restarts of a device, so that whoever holds tensors on it knows when they are lost. */
export interface Life {
  device: Device
  restarts: number
}

/** Weights stay on the device; after a restart they go up again, and the batch is computed once more. */
export class TfSession implements Session {
  #tensors: Map<string, tf.Tensor> | null = null
  #of = -1

  private readonly life: Life
  private readonly program: Program
  private readonly weights: Weights

  constructor(life: Life, program: Program, weights: Weights) {
    this.life = life
    this.program = program
    this.weights = weights
  }

  run(feeds: Feeds): Promise<Outputs> {
    checkFeeds(this.program, feeds)
    return inTurn(this.life.device.name, async () => {
      try {
        return await this.#compute(feeds)
      } catch {
        await restart(this.life)
      }
      try {
        return await this.#compute(feeds)
      } catch (cause) {
        throw new EngineLostError(
          `Program "${this.program.name}" failed on ${this.life.device.backend}, was started again, and failed again. Start with another backend.`,
          { cause },
        )
      }
    })
  }

  async #compute(feeds: Feeds): Promise<Outputs> {
    const tensors = this.#onDevice()
    const out = tf.tidy(() => build(this.program, OPS, (name) => tensors.get(name), feeds))
    return download(this.life.device, out)
  }

  #onDevice(): Map<string, tf.Tensor> {
    if (this.#tensors === null || this.#of !== this.life.restarts) {
      this.#tensors = new Map([...this.weights].map(([name, w]) => [name, tf.tensor(w.values, [...w.shape])]))
      this.#of = this.life.restarts
    }
    return this.#tensors
  }

  close(): void {
    if (this.#of === this.life.restarts) for (const t of this.#tensors?.values() ?? []) t.dispose()
    this.#tensors = null
  }
}

export async function restart(life: Life): Promise<void> {
  life.restarts++
  await life.device.restart()
}

export function build<Ops extends TensorOps>(
  program: Program<Ops>,
  ops: Ops,
  weight: (name: string) => tf.Tensor | undefined,
  feeds: Feeds,
): Record<string, tf.Tensor> {
  const inputs = new Map(
    Object.entries(program.inputs).map(([name, { shape, type }]) => [name, tf.tensor(feeds[name]!, [...shape], type)]),
  )
  const named = (name: string) => weight(name) ?? (weightOf(new Map(), name) as never)
  const input = (name: string) => {
    const found = inputs.get(name)
    if (found === undefined) throw new Error(`Program "${program.name}" reads "${name}", which is none of its inputs.`)
    return found
  }
  return program.build(ops, named, input) as unknown as Record<string, tf.Tensor>
}

/** Brings tensors to the host and frees them. @throws Error when the device failed meanwhile: the numbers are void. */
export async function download(device: Device, tensors: Record<string, tf.Tensor>): Promise<Outputs> {
  const names = Object.keys(tensors)
  const values = await Promise.all(names.map((n) => tensors[n]!.data<'float32'>()))
  for (const n of names) tensors[n]!.dispose()
  const fault = device.fault()
  if (fault !== null) throw fault
  return Object.fromEntries(names.map((n, i) => [n, values[i]!]))
}
