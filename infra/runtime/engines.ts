import type { Telemetry } from '@mastery/topology/ports/telemetry.ts'
import type { ScoringEngine } from '@mastery/topology/ports/tensor-runtime.ts'
import { Servers } from '@mastery/topology/served/servers.ts'

/**
 * The engine that trained models are scored on: a GPU where an operator has one (libtensorflow, then WebGPU), else the
 * native one on the processor, else WASM, else plain loops. Each is accepted only after it gave the known answers.
 * @throws AggregateError where none does
 */
export async function openScoringEngine(telemetry: Telemetry): Promise<ScoringEngine> {
  const { openTensorRuntime } = await import('../adapters/tfjs/runtime.ts')
  try {
    return await openTensorRuntime({ telemetry, backends: ['node-gpu', 'webgpu'] })
  } catch {
    // Each refusal was logged with its reason.
  }
  const { openOnnxEngine } = await import('../adapters/onnx/engine.ts')
  return (await openOnnxEngine({ telemetry })) ?? (await openTensorRuntime({ telemetry, backends: ['wasm', 'cpu'] }))
}

/** Trained models in this thread. The engine is opened when the first of them needs one. */
export function openServers(telemetry: Telemetry): Servers {
  let engine: Promise<ScoringEngine> | null = null
  return new Servers(() => {
    engine ??= openScoringEngine(telemetry)
    return engine
  })
}
