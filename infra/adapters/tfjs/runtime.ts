import type { Telemetry } from '@mastery/topology/ports/telemetry.ts'
import type { TensorRuntime } from '@mastery/topology/ports/tensor-runtime.ts'
import { probeTraining } from '@mastery/topology/tensors/known-answers.ts'
import { cpuDevice } from './cpu.ts'
import type { Device } from './device.ts'
import { nodeGpuDevice } from './node-gpu.ts'
import { type Life, TfSession } from './session.ts'
import { TfTrainer } from './trainer.ts'
import { inTurn } from './turn.ts'
import { wasmDevice } from './wasm.ts'
import { type WebGpuOptions, webGpuDevice } from './webgpu.ts'

export type TfBackend = 'node-gpu' | 'webgpu' | 'wasm' | 'cpu'

/** In the order in which they are tried. */
export const BACKENDS: readonly TfBackend[] = ['node-gpu', 'webgpu', 'wasm', 'cpu']

export interface TfOptions {
  /** Which to try, in order; the first that starts and knows the answers is taken. */
  backends?: readonly TfBackend[]
  webgpu?: WebGpuOptions
  telemetry: Telemetry
}

/**
 * The first backend that gives the known answers. Each refusal is logged with its reason.
 * @throws AggregateError when none does.
 */
export async function openTensorRuntime(options: TfOptions): Promise<TensorRuntime> {
  const { telemetry } = options
  const start: Record<TfBackend, () => Promise<Device>> = {
    'node-gpu': nodeGpuDevice,
    webgpu: () => webGpuDevice(options.webgpu),
    wasm: wasmDevice,
    cpu: cpuDevice,
  }
  const refused: Error[] = []
  for (const backend of options.backends ?? BACKENDS) {
    try {
      const device = await inTurn('', start[backend])
      const runtime = runtimeOn(device)
      const apart = await probeTraining(runtime)
      telemetry.info('Tensor backend accepted', { backend, about: device.about, apart })
      telemetry.count(`tensor_backend_accepted_${backend.replace('-', '_')}`)
      return runtime
    } catch (cause) {
      refused.push(new Error(`Tensor backend "${backend}" was refused`, { cause }))
      telemetry.info('Tensor backend not used', { backend, reason: reason(cause) })
    }
  }
  throw new AggregateError(refused, 'No tensor backend gave the known answers: see the errors within.')
}

/** The port on a device that was started. */
export function runtimeOn(device: Device): TensorRuntime {
  const life: Life = { device, restarts: 0 }
  return {
    backend: device.backend,
    open: async (program, weights) => new TfSession(life, program, weights),
    trainer: (from, adam) => TfTrainer.open(life, from, adam),
    close: () => device.close(),
  }
}

function reason(error: unknown): string {
  const { message, cause } = error as Error
  const line = message.split('\n')[0]!
  return cause === undefined ? line : `${line} ${reason(cause)}`
}
