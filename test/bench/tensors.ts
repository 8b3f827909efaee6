import { openOnnxEngine } from '@mastery/infra/adapters/onnx/engine.ts'
import { openTensorRuntime, type TfBackend } from '@mastery/infra/adapters/tfjs/runtime.ts'
import { AnswerLogBuilder } from '@mastery/topology/evaluation/answer-log.ts'
import { DKT } from '@mastery/topology/learners/dkt/learner.ts'
import { DktServing } from '@mastery/topology/learners/dkt/serving.ts'
import { SAKT } from '@mastery/topology/learners/sakt/learner.ts'
import { answerRow, SaktServing } from '@mastery/topology/learners/sakt/serving.ts'
import { encodeLog, type SequenceArtefact, type SequenceKind } from '@mastery/topology/learners/sequence/learner.ts'
import { kindCount, type Vocabulary } from '@mastery/topology/learners/sequence/vocabulary.ts'
import type { Telemetry } from '@mastery/topology/ports/telemetry.ts'
import type { ScoringEngine } from '@mastery/topology/ports/tensor-runtime.ts'
import { Random } from '@mastery/topology/school/random.ts'
import { figure, percentile, Stopwatch } from './measure.ts'
import { type Case, NotRun } from './scenario.ts'

const BATCH = 256
/** As many items and topics as ASSISTments 2009. */
const [ITEMS, TOPICS] = [17_339, 149]

const vocabulary: Vocabulary = {
  items: Array.from({ length: ITEMS }, (_, i) => `item ${i}`),
  topics: Array.from({ length: TOPICS }, (_, t) => `${t}`),
  itemTopics: Array.from({ length: ITEMS }, (_, i) => [i % TOPICS]),
}

/** Untrained, which costs as much. */
function untrained<S>(kind: SequenceKind<S>): SequenceArtefact<S> {
  const { settings, training } = kind
  const data = encodeLog(vocabulary, new AnswerLogBuilder().build())
  const weights = kind.network(settings, vocabulary, 200_000).initial(new Random(1), data, [])
  return { settings, training, vocabulary, answers: 200_000, curve: [], weights }
}

type Open = (telemetry: Telemetry) => Promise<ScoringEngine | null>

/** Runs of full batches until two seconds are over; goals are for the native engine. */
function serving(backend: string, open: Open, goal: boolean): Case {
  return async ({ quick, note }) => {
    const say = (message: string, fields?: Record<string, unknown>) =>
      note(`${message} ${JSON.stringify(fields ?? {})}`)
    const engine = await open({ info: say, warn: say, error: say, count() {} })
    if (engine === null) throw new NotRun(`${backend} does not start here: stderr says why`)
    const random = new Random(2)
    const below = (n: number) => Math.floor(random.uniform() * n)
    const kinds = Int32Array.from({ length: BATCH }, () => below(kindCount(vocabulary)))
    const right = Uint8Array.from({ length: BATCH }, () => below(2))
    const dkt = await DktServing.open(engine, untrained(DKT), BATCH)
    const states = new Float32Array(BATCH * dkt.stateSize).map(() => random.uniform())
    const sakt = await SaktServing.open(engine, untrained(SAKT), BATCH)
    const past = Array.from({ length: BATCH }, () =>
      Int32Array.from({ length: sakt.window }, () => answerRow(below(kindCount(vocabulary)), below(2) === 1)),
    )
    const measured = async (what: string, least: number | null, run: () => Promise<unknown>) => {
      for (let i = 0; i < 3; i++) await run()
      const laps: number[] = []
      const watch = new Stopwatch()
      const end = performance.now() + (quick ? 100 : 2000)
      watch.start()
      while (performance.now() < end || laps.length < 3) {
        const before = process.cpuUsage()
        await run()
        const spent = process.cpuUsage(before)
        laps.push((spent.user + spent.system) / 1000)
      }
      const lap = await watch.stop()
      const about = { scenario: 'tensors', what: `${backend}: ${what}`, records: laps.length * BATCH }
      const made = figure(least === null ? about : { ...about, goal: least }, lap)
      made.more['median_students_per_cpu_second'] = Math.round((BATCH / percentile(laps, 50)) * 1000)
      return made
    }
    return [
      await measured(`DKT, one answer and the next question, batches of ${BATCH}`, goal ? 150_000 : null, () =>
        dkt.learn(states, kinds, right, kinds),
      ),
      await measured(`DKT, all ${TOPICS} topics`, null, () => dkt.all(states)),
      await measured(`SAKT, one question on ${sakt.window} answers`, goal ? 25_000 : null, () => sakt.ask(past, kinds)),
    ]
  }
}

const tf =
  (backend: TfBackend): Open =>
  (telemetry) =>
    openTensorRuntime({ telemetry, backends: [backend] }).catch(() => null)

export const cases = {
  onnx: serving('onnx', (telemetry) => openOnnxEngine({ telemetry }), true),
  wasm: serving('wasm', tf('wasm'), false),
  webgpu: serving('webgpu', tf('webgpu'), false),
}
