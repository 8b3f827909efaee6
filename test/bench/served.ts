import { openOnnxEngine } from '@mastery/infra/adapters/onnx/engine.ts'
import { openTensorRuntime, type TfBackend } from '@mastery/infra/adapters/tfjs/runtime.ts'
import { SMALL_DKT, SMALL_SAKT, SMALL_WD_IRT } from '@mastery/infra/adapters/tfjs/testing/small.ts'
import type { AnyLearner } from '@mastery/topology/evaluation/learner.ts'
import { type BlendArtefact, blendLearner, blendRows } from '@mastery/topology/learners/blend/learner.ts'
import { IRT_LEARNER } from '@mastery/topology/learners/irt/learner.ts'
import { BASES, treesLearner } from '@mastery/topology/learners/trees/learner.ts'
import type { Telemetry } from '@mastery/topology/ports/telemetry.ts'
import type { ScoringEngine } from '@mastery/topology/ports/tensor-runtime.ts'
import { Servers } from '@mastery/topology/served/servers.ts'
import { type Figure, figure, percentile, Stopwatch } from './measure.ts'
import { type Case, NotRun, type Run } from './scenario.ts'
import { inTurn, Prepared } from './served-school.ts'

/** Students of a wave. */
const BATCHES = [1, 16, 64, 256]
const STUDENTS = 256
const QUICK_STUDENTS = 16
const SEED = { seed: 1 }

/** Trees of a school of the bench's size: fitted in seconds. */
const SMALL = { folds: 2, perFold: 1, rounds: 60, leaves: 16 }
const TREES = treesLearner('trees', 'small', BASES, SMALL)
const BLEND = blendLearner('blend', 'small', BASES, SMALL)

type Open = (telemetry: Telemetry) => Promise<ScoringEngine | null>

/**
 * What a model in force costs the scoring stage, by wave size: the folded models are in it, and alone in "none". Networks
 * are small ones, so that they are fitted in seconds; "tensors" has those of usual size without the stage.
 */
function serving(engine: string, open: Open | null, learners: readonly (AnyLearner | null)[]): Case {
  return async (run) => {
    const { quick, note } = run
    const say = (message: string, fields?: Record<string, unknown>) =>
      note(`${message} ${JSON.stringify(fields ?? {})}`)
    const opened = await open?.({ info: say, warn: say, error: say, count() {} })
    if (opened === null) throw new NotRun(`${engine} does not start here: stderr says why`)
    const students = quick ? QUICK_STUDENTS : STUDENTS
    const school = inTurn(students)
    const figures: Figure[] = []
    for (const learner of learners) {
      const name = learner?.id ?? 'none'
      const began = performance.now()
      const artefact: unknown = await learner?.fit(school.log, SEED)
      const seconds = (performance.now() - began) / 1000
      note(`${name}: fitted on ${school.log.size.toLocaleString('en')} answers in ${seconds.toFixed(1)} s`)
      const servers = new Servers(async () => opened!)
      const fitted = learner && { learner, bytes: learner.encode(artefact) }
      const prepared = await Prepared.of(school, students, fitted, servers)
      for (const batch of BATCHES.filter((b) => b <= students)) {
        figures.push(await waves(`${name}, ${engine}, waves of ${batch}`, prepared, batch, run))
        note(
          `${name}, waves of ${batch}: ${Math.round(figures.at(-1)!.per_second).toLocaleString('en')} events a second`,
        )
      }
      await servers.close()
      if (learner === BLEND) figures.push(await explanations(artefact as BlendArtefact, school.log, run))
    }
    return figures
  }
}

/** Waves until the time is over or the school has no more answers; the first ones warm up. */
async function waves(what: string, prepared: Prepared, batch: number, { quick }: Run): Promise<Figure> {
  const { rest } = prepared
  const limit = quick ? 40 : 1000
  const warm = prepared.run()
  for (let at = 0, n = 0; n < 3 && at + batch <= rest.length; at += batch, n++)
    await warm.score(rest.slice(at, at + batch))
  const run = prepared.run()
  const laps: number[] = []
  const watch = new Stopwatch()
  watch.start()
  const end = performance.now() + limit
  let at = 0
  for (; at + batch <= rest.length && (performance.now() < end || laps.length < 3); at += batch) {
    const before = performance.now()
    await run.score(rest.slice(at, at + batch))
    laps.push(performance.now() - before)
  }
  const made = figure({ scenario: 'served', what, records: at }, await watch.stop(), { waves: laps.length })
  made.p50_ms = percentile(laps, 50)
  made.p99_ms = percentile(laps, 99)
  return made
}

/** TreeSHAP of the blend, without what it takes to predict. */
async function explanations(artefact: BlendArtefact, log: Parameters<typeof blendRows>[2], { quick }: Run) {
  const rows = Int32Array.from({ length: 256 }, (_, i) => Math.floor((i * log.size) / 256))
  const { reasons } = await blendRows(artefact, BASES, log, rows, SEED)
  const all = [...rows.keys()]
  reasons(all)
  const watch = new Stopwatch()
  watch.start()
  const end = performance.now() + (quick ? 50 : 1000)
  let records = 0
  for (; performance.now() < end || records === 0; records += all.length) reasons(all)
  const trees = artefact.forests.reduce((sum, f) => sum + f.trees.length, 0)
  return figure({ scenario: 'served', what: 'blend: reasons of a row (TreeSHAP)', records }, await watch.stop(), {
    trees,
  })
}

const NETWORKS = [SMALL_DKT, SMALL_SAKT, SMALL_WD_IRT]
const tf =
  (backend: TfBackend): Open =>
  (telemetry) =>
    openTensorRuntime({ telemetry, backends: [backend] }).catch(() => null)

export const cases = {
  plain: serving('plain loops', null, [null, IRT_LEARNER, TREES, BLEND]),
  onnx: serving('onnx', (telemetry) => openOnnxEngine({ telemetry }), NETWORKS),
  wasm: serving('wasm', tf('wasm'), NETWORKS),
  cpu: serving('cpu', tf('cpu'), NETWORKS),
}
