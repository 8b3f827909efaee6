import { parentPort, workerData } from 'node:worker_threads'
import { ConsoleTelemetry } from '@mastery/infra/adapters/telemetry/console.ts'
import { attentionOf } from '@mastery/topology/learners/sakt/attention.ts'
import { saktLearner } from '@mastery/topology/learners/sakt/learner.ts'
import { SaktServing } from '@mastery/topology/learners/sakt/serving.ts'
import type { ScoringEngine } from '@mastery/topology/ports/tensor-runtime.ts'
import type { AskAttention, FromAttention } from './attention-thread.ts'

/** The native engine, else WASM, else plain loops. */
async function engine(): Promise<ScoringEngine> {
  const telemetry = new ConsoleTelemetry('tensors', true)
  const { openOnnxEngine } = await import('@mastery/infra/adapters/onnx/engine.ts')
  const native = await openOnnxEngine({ telemetry })
  if (native) return native
  const { openTensorRuntime } = await import('@mastery/infra/adapters/tfjs/runtime.ts')
  return openTensorRuntime({ telemetry, backends: ['wasm', 'cpu'] })
}

async function open() {
  const artefact = saktLearner(() => Promise.reject(new Error('Nothing is trained here.'))).parse(
    workerData as Uint8Array,
  )
  return { artefact, serving: await SaktServing.open(await engine(), artefact) }
}

const opened = open()
const say = (m: FromAttention) => parentPort!.postMessage(m)
const failed = (e: unknown) => say({ type: 'failed', message: (e as Error).message })

opened.then(({ serving }) => say({ type: 'opened', window: serving.window }), failed)
parentPort!.on('message', ({ students, newest, most }: AskAttention) => {
  opened
    .then(({ artefact, serving }) => attentionOf(serving, artefact, students, newest, most))
    .then((found) => say({ type: 'found', found }), failed)
})
