import type { Telemetry } from '@mastery/topology/ports/telemetry.ts'
import {
  EngineLostError,
  type Feeds,
  type InputSpec,
  type Outputs,
  type Program,
  type ScoringEngine,
  type Session,
  type Weights,
} from '@mastery/topology/ports/tensor-runtime.ts'
import { checkFeeds } from '@mastery/topology/tensors/feeds.ts'
import { probe } from '@mastery/topology/tensors/known-answers.ts'
import type { InferenceSession, Tensor } from 'onnxruntime-node'
import { onnxModel } from './graph.ts'

type Ort = typeof import('onnxruntime-node')

/**
 * onnxruntime on the processor, for scoring: three to six times as fast as WASM. Null where the optional package is not
 * installed or does not give the known answers; the reason is logged.
 */
export async function openOnnxEngine(options: {
  telemetry: Telemetry
  threads?: number
}): Promise<ScoringEngine | null> {
  const { telemetry } = options
  try {
    const ort = (await import('onnxruntime-node')) as Ort & { default?: Ort }
    const engine = engineOf(ort.default ?? ort, options.threads ?? 1)
    const apart = await probe(engine)
    telemetry.info('Tensor backend accepted', { backend: engine.backend, apart })
    telemetry.count('tensor_backend_accepted_onnx')
    return engine
  } catch (error) {
    telemetry.info('Tensor backend not used', { backend: 'onnx', reason: (error as Error).message.split('\n')[0] })
    return null
  }
}

function engineOf(ort: Ort, threads: number): ScoringEngine {
  return {
    backend: 'onnx',
    async open(program: Program, weights: Weights): Promise<Session> {
      const { bytes } = onnxModel(program, weights)
      const start = () =>
        ort.InferenceSession.create(bytes, {
          executionProviders: ['cpu'],
          intraOpNumThreads: threads,
          interOpNumThreads: 1,
          executionMode: 'sequential',
          graphOptimizationLevel: 'all',
          logSeverityLevel: 3,
        })
      return new OnnxSession(ort, program, start, await start())
    },
    async close() {},
  }
}

class OnnxSession implements Session {
  readonly #ort: Ort
  readonly #program: Program
  readonly #start: () => Promise<InferenceSession>
  #session: InferenceSession

  constructor(ort: Ort, program: Program, start: () => Promise<InferenceSession>, session: InferenceSession) {
    this.#ort = ort
    this.#program = program
    this.#start = start
    this.#session = session
  }

  async run(feeds: Feeds): Promise<Outputs> {
    checkFeeds(this.#program, feeds)
    const given = Object.fromEntries(
      Object.entries(this.#program.inputs).map(([name, spec]) => [`in/${name}`, this.#tensor(spec, feeds[name]!)]),
    )
    try {
      return outputsOf(await this.#session.run(given))
    } catch {
      this.#session = await this.#start()
    }
    try {
      return outputsOf(await this.#session.run(given))
    } catch (cause) {
      const message = `Program "${this.#program.name}" failed on onnx, was built again, and failed again. Use another backend.`
      throw new EngineLostError(message, { cause })
    }
  }

  #tensor(spec: InputSpec, values: Float32Array | Int32Array): Tensor {
    return new this.#ort.Tensor(spec.type, values as Float32Array, spec.shape)
  }

  close(): void {
    void this.#session.release()
  }
}

const outputsOf = (found: InferenceSession.OnnxValueMapType): Outputs =>
  Object.fromEntries(Object.entries(found).map(([name, t]) => [name.slice('out/'.length), t.data as Float32Array]))
