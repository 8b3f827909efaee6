import { studentStarts } from '@mastery/topology/evaluation/answer-log.ts'
import type { DktArtefact } from '@mastery/topology/learners/dkt/learner.ts'
import { DKT } from '@mastery/topology/learners/dkt/learner.ts'
import { DktServing } from '@mastery/topology/learners/dkt/serving.ts'
import { SAKT, type SaktArtefact } from '@mastery/topology/learners/sakt/learner.ts'
import { answerRow, SaktServing } from '@mastery/topology/learners/sakt/serving.ts'
import { logitsOf } from '@mastery/topology/learners/sequence/learner.ts'
import { kindFinder, kindOfTopic, kindsOf } from '@mastery/topology/learners/sequence/vocabulary.ts'
import { readFeatures } from '@mastery/topology/learners/wd-irt/features.ts'
import { WD_IRT, type WdIrtArtefact } from '@mastery/topology/learners/wd-irt/learner.ts'
import { WdIrtServing } from '@mastery/topology/learners/wd-irt/serving.ts'
import { SILENT } from '@mastery/topology/ports/telemetry.ts'
import type { ScoringEngine } from '@mastery/topology/ports/tensor-runtime.ts'
import { plantedAnswers } from '@mastery/topology/testing/planted-answers.ts'
import { beforeAll, describe, expect, it } from 'vitest'
import { openOnnxEngine } from '../onnx/engine.ts'
import { openTensorRuntime } from './runtime.ts'
import { SMALL_DKT, SMALL_SAKT, SMALL_WD_IRT, wasm } from './testing/small.ts'

const STREAM_IS_BATCH = 1e-5
const BACKENDS_AGREE = 1e-4

/** Which of Dawn's backends to compare, too: `opengles` (Mesa's software GL), `vulkan`. Left out: none. */
const DAWN = process.env['MASTERY_TEST_WEBGPU'] as 'opengles' | 'vulkan' | undefined

const unseen = plantedAnswers(3, 30, 20)
const starts = studentStarts(unseen)
const students = unseen.students.map((_, s) => s)
const longest = Math.max(...students.map((s) => starts[s + 1]! - starts[s]!))

let dkt: DktArtefact
let sakt: SaktArtefact
let wdIrt: WdIrtArtefact
let engines: ScoringEngine[]

beforeAll(async () => {
  const train = plantedAnswers(1, 60, 20)
  dkt = await SMALL_DKT.fit(train, { seed: 3 })
  sakt = await SMALL_SAKT.fit(train, { seed: 3 })
  wdIrt = await SMALL_WD_IRT.fit(train, { seed: 3 })
  const others = await Promise.all([
    openTensorRuntime({ telemetry: SILENT, backends: ['cpu'] }),
    openOnnxEngine({ telemetry: SILENT }),
    DAWN === undefined
      ? null
      : openTensorRuntime({ telemetry: SILENT, backends: ['webgpu'], webgpu: { dawn: DAWN, software: true } }),
  ])
  engines = [await wasm(), ...others.filter((e) => e !== null)]
})

/** Rows of all students at place t of their history. */
const at = (t: number) =>
  students.filter((s) => starts[s]! + t < starts[s + 1]!).map((s) => [s, starts[s]! + t] as const)
const firstOfBundle = (r: number) => r === starts[unseen.student[r]!] || unseen.bundle[r] !== unseen.bundle[r - 1]

/** Logits per row as the scoring stage makes them: one answer after the other, all students at once. */
async function streamDkt(engine: ScoringEngine, batch: number): Promise<Float64Array> {
  const serving = await DktServing.open(engine, dkt, batch)
  const kinds = kindsOf(dkt.vocabulary, unseen)
  const size = serving.stateSize
  const states = students.map(() => new Float32Array(size))
  const before = students.map(() => new Float32Array(size))
  const logits = new Float64Array(unseen.size)
  const packed = (from: readonly Float32Array[], of: readonly (readonly [number, number])[]) => {
    const all = new Float32Array(of.length * size)
    of.forEach(([s], i) => {
      all.set(from[s]!, i * size)
    })
    return all
  }
  for (let t = 0; t < longest; t++) {
    const now = at(t)
    for (const [s, r] of now) if (firstOfBundle(r)) before[s] = states[s]!
    const asked = Int32Array.from(now, ([, r]) => kinds[r]!)
    const found = await serving.ask(packed(before, now), asked)
    const right = Uint8Array.from(now, ([, r]) => unseen.correct[r]!)
    const { states: after } = await serving.learn(packed(states, now), asked, right)
    now.forEach(([s, r], i) => {
      logits[r] = found[i]!
      states[s] = after.slice(i * size, (i + 1) * size)
    })
  }
  serving.close()
  return logits
}

async function streamSakt(engine: ScoringEngine, batch: number): Promise<Float64Array> {
  const serving = await SaktServing.open(engine, sakt, batch)
  const kinds = kindsOf(sakt.vocabulary, unseen)
  const logits = new Float64Array(unseen.size)
  const past = students.map((): number[] => [])
  const waiting = students.map((): number[] => [])
  for (let t = 0; t < longest; t++) {
    const now = at(t)
    for (const [s, r] of now) if (firstOfBundle(r)) past[s]!.push(...waiting[s]!.splice(0))
    const histories = now.map(([s]) => past[s]!)
    const found = await serving.ask(
      histories,
      Int32Array.from(now, ([, r]) => kinds[r]!),
    )
    now.forEach(([s, r], i) => {
      logits[r] = found[i]!
      waiting[s]!.push(answerRow(kinds[r]!, unseen.correct[r] === 1))
    })
  }
  serving.close()
  return logits
}

async function streamWdIrt(engine: ScoringEngine, batch: number): Promise<Float64Array> {
  const serving = await WdIrtServing.open(engine, wdIrt, batch)
  const { features } = wdIrt.settings
  const kinds = kindsOf(wdIrt.vocabulary, unseen)
  const logits = new Float64Array(unseen.size)
  const states = students.map(() => serving.newcomer())
  const learn = async (rows: readonly number[]) => {
    const known = new Float32Array(rows.length * 2 * features.length)
    rows.forEach((r, i) => {
      readFeatures(features, unseen, r, known, i * 2 * features.length)
    })
    const right = Uint8Array.from(rows, (r) => unseen.correct[r]!)
    const of = rows.map((r) => states[unseen.student[r]!]!)
    await serving.learn(
      of,
      Int32Array.from(rows, (r) => kinds[r]!),
      right,
      known,
    )
  }
  const waiting = students.map((): number[] => [])
  for (let t = 0; t < longest; t++) {
    const now = at(t)
    const closed = now.filter(([, r]) => firstOfBundle(r)).map(([s]) => waiting[s]!.splice(0))
    for (let i = 0; closed.some((rows) => rows.length > i); i++)
      await learn(closed.flatMap((rows) => rows.slice(i, i + 1)))
    const asked = Int32Array.from(now, ([, r]) => kinds[r]!)
    const found = await serving.ask(
      now.map(([s]) => states[s]!),
      asked,
    )
    now.forEach(([s, r], i) => {
      logits[r] = found.logits[i]!
      waiting[s]!.push(r)
    })
  }
  serving.close()
  return logits
}

const apart = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a, (x, i) => Math.abs(x - b[i]!)).reduce((x, y) => Math.max(x, y), 0)

describe('scoring one answer at a time', () => {
  it('gives the logits of the whole sequence at once: DKT with a carried state', async () => {
    const network = DKT.network(dkt.settings, dkt.vocabulary, dkt.answers)
    const batch = await logitsOf(network, dkt, await wasm(), unseen, {})
    const stream = await streamDkt(await wasm(), 16)
    expect(apart(stream, batch)).toBeLessThan(STREAM_IS_BATCH)
  })

  it('gives them for SAKT, from tables, with histories longer than its window', async () => {
    expect(longest).toBeGreaterThan(2 * sakt.settings.window)
    const network = SAKT.network(sakt.settings, sakt.vocabulary, sakt.answers)
    const batch = await logitsOf(network, sakt, await wasm(), unseen, {})
    const stream = await streamSakt(await wasm(), 16)
    expect(apart(stream, batch)).toBeLessThan(STREAM_IS_BATCH)
  })

  it('gives them for WD-IRT, from running sums', async () => {
    expect(wdIrt.settings.features.map((f) => f.column)).toEqual(['response_ms'])
    const network = WD_IRT.network(wdIrt.settings, wdIrt.vocabulary, wdIrt.answers)
    const batch = await logitsOf(network, wdIrt, await wasm(), unseen, {})
    const stream = await streamWdIrt(await wasm(), 16)
    expect(apart(stream, batch)).toBeLessThan(STREAM_IS_BATCH)
  })

  it('does not depend on how the students are cut into batches', async () => {
    for (const stream of [streamDkt, streamSakt, streamWdIrt]) {
      const [few, many] = [await stream(await wasm(), 8), await stream(await wasm(), 64)]
      expect(apart(few, many)).toBeLessThan(1e-6)
    }
  })

  it('gives the same on every engine here', async (context) => {
    const backends = engines.map((e) => e.backend)
    if (!backends.includes('onnx')) context.annotate('not run on onnx: onnxruntime-node is not installed')
    if (!backends.includes('webgpu')) context.annotate('not run on webgpu: MASTERY_TEST_WEBGPU names no backend')
    for (const stream of [streamDkt, streamSakt, streamWdIrt]) {
      const [first, ...others] = await Promise.all(engines.map((e) => stream(e, 16)))
      for (const other of others) expect(apart(other, first!)).toBeLessThan(BACKENDS_AGREE)
    }
  })

  it('gives for all topics what it gives for each alone', async () => {
    const find = kindFinder(dkt.vocabulary)
    const one = await DktServing.open(await wasm(), dkt, 8)
    const state = new Float32Array(3 * one.stateSize).map((_, i) => Math.sin(i))
    const all = await one.all(state)
    const width = dkt.vocabulary.topics.length
    const history = [[], [answerRow(find('item-3', ['ratios']), true)], [answerRow(2, false), answerRow(1, true)]]
    const two = await SaktServing.open(await wasm(), sakt, 8)
    const every = await two.all(history)
    for (let t = 0; t < width; t++) {
      expect(find(null, [dkt.vocabulary.topics[t]!])).toBe(kindOfTopic(t))
      const kinds = new Int32Array(3).fill(kindOfTopic(t))
      const [asked, looked] = [await one.ask(state, kinds), await two.ask(history, kinds)]
      for (let s = 0; s < 3; s++) {
        expect(Math.abs(all[s * width + t]! - asked[s]!)).toBeLessThan(STREAM_IS_BATCH)
        expect(Math.abs(every[s * width + t]! - looked[s]!)).toBeLessThan(STREAM_IS_BATCH)
      }
    }
  })

  it('says which past answers a question looked at: at most all of it, none where there was none', async () => {
    const serving = await SaktServing.open(await wasm(), sakt, 8)
    const shares: Float32Array[] = []
    await serving.ask([[], [answerRow(3, true)]], Int32Array.of(1, 1), (_, of) => shares.push(of))
    const sum = (xs: Float32Array) => xs.reduce((a, b) => a + b, 0)
    expect(sum(shares[0]!)).toBe(0)
    expect(sum(shares[1]!)).toBeGreaterThan(0)
    expect(sum(shares[1]!)).toBeLessThan(sakt.settings.heads)
    const { window, heads } = sakt.settings
    for (let h = 0; h < heads; h++) expect(sum(shares[1]!.subarray(h * window, (h + 1) * window - 1))).toBe(0)
  })
})
