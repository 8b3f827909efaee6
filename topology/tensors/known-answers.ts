import type { Feeds, Program, ScoringEngine, TensorRuntime, TrainingOps, Values } from '../ports/tensor-runtime.ts'
import { lstmCell } from './cell.ts'
import { sizeOf } from './feeds.ts'

/** How far an engine may be from the known answers. */
export const AGREEMENT = 1e-4

const [N, D, H, KEYS] = [16, 6, 8, 5]

const wave = (shape: readonly number[], step: number): Values => ({
  shape,
  values: Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(i * step + step)),
})

const WEIGHTS = new Map([
  ['table', wave([10, D], 0.37)],
  ['input', wave([D, 4 * H], 0.71)],
  ['recurrent', wave([H, 4 * H], 0.53)],
  ['keys', wave([N, KEYS, H], 0.29)],
])

const FEEDS: Feeds = {
  row: Int32Array.from({ length: N }, (_, i) => (i * 7) % 10),
  h: wave([N, H], 0.11).values,
  c: wave([N, H], 0.17).values,
}

/** A step of an LSTM on looked-up rows, then attention over keys: every operation that scoring needs. */
const STEP: Program = {
  name: 'known answers',
  inputs: {
    row: { shape: [N], type: 'int32' },
    h: { shape: [N, H], type: 'float32' },
    c: { shape: [N, H], type: 'float32' },
  },
  build(ops, weight, input) {
    const projected = ops.matMul(ops.gather(weight('table'), input('row')), weight('input'))
    const { h, c } = lstmCell(ops, projected, weight('recurrent'), input('h'), input('c'))
    const query = ops.reshape(ops.relu(h), [N, 1, H])
    const attention = ops.softmax(ops.matMul(query, weight('keys'), false, true))
    return { h, c, attended: ops.reshape(ops.matMul(attention, weight('keys')), [N, H]) }
  },
}

/** The same in loops of doubles. */
function answers(): Record<'h' | 'c' | 'attended', Float64Array> {
  const of = (name: string) => WEIGHTS.get(name)!.values
  const logistic = (x: number) => 1 / (1 + Math.exp(-x))
  const out = {
    h: new Float64Array(N * H),
    c: new Float64Array(N * H),
    attended: new Float64Array(N * H),
  }
  for (let n = 0; n < N; n++) {
    const gate = (column: number) => {
      let sum = 0
      for (let d = 0; d < D; d++) sum += of('table')[FEEDS['row']![n]! * D + d]! * of('input')[d * 4 * H + column]!
      for (let k = 0; k < H; k++) sum += FEEDS['h']![n * H + k]! * of('recurrent')[k * 4 * H + column]!
      return sum
    }
    for (let k = 0; k < H; k++) {
      const c = logistic(gate(H + k)) * FEEDS['c']![n * H + k]! + logistic(gate(k)) * Math.tanh(gate(3 * H + k))
      out.c[n * H + k] = c
      out.h[n * H + k] = logistic(gate(2 * H + k)) * Math.tanh(c)
    }
    const key = (j: number, k: number) => of('keys')[(n * KEYS + j) * H + k]!
    const scores = Array.from({ length: KEYS }, (_, j) => {
      let sum = 0
      for (let k = 0; k < H; k++) sum += Math.max(0, out.h[n * H + k]!) * key(j, k)
      return Math.exp(sum)
    })
    const total = scores.reduce((a, b) => a + b, 0)
    for (let j = 0; j < KEYS; j++)
      for (let k = 0; k < H; k++) out.attended[n * H + k]! += (scores[j]! / total) * key(j, k)
  }
  return out
}

/** The gradient of a look-up is a sum over equal rows: the loss is linear, so one step of descent has a known length. */
const LINEAR: Program<TrainingOps> = {
  name: 'known gradient',
  inputs: { row: { shape: [N], type: 'int32' }, h: { shape: [N, D], type: 'float32' } },
  build: (ops, weight, input) => ({
    loss: ops.sum(ops.reshape(ops.mul(ops.gather(weight('table'), input('row')), input('h')), [N * D]), 0),
  }),
}

/**
 * @returns Largest distance from the known answers.
 * @throws Error when the engine is further away than AGREEMENT, or computes nothing at all.
 */
export async function probe(engine: ScoringEngine): Promise<number> {
  const session = await engine.open(STEP, WEIGHTS)
  const found = await session.run(FEEDS)
  session.close()
  let apart = 0
  for (const [name, wanted] of Object.entries(answers())) {
    const got = found[name]
    if (got === undefined || got.length !== wanted.length)
      throw new Error(
        `Engine "${engine.backend}" gave ${got?.length ?? 'no'} numbers for "${name}"; ${wanted.length} were due.`,
      )
    wanted.forEach((w, i) => {
      apart = Math.max(apart, Number.isFinite(got[i]!) ? Math.abs(got[i]! - w) : Number.POSITIVE_INFINITY)
    })
  }
  return accepted(engine, apart)
}

/** `probe`, and that a gradient is right. */
export async function probeTraining(engine: TensorRuntime): Promise<number> {
  const rate = 0.5
  const beta2 = 0.5
  const trainer = await engine.trainer(WEIGHTS, { rate, beta1: 0, beta2, epsilon: 1e-7, clip: 1e9 })
  const coefficients = wave([N, D], 0.19).values
  await trainer.step(LINEAR, { row: FEEDS['row']!, h: coefficients }, rate)
  const state = await trainer.state()
  trainer.close()
  const gradient = new Float64Array(10 * D)
  for (let n = 0; n < N; n++)
    for (let d = 0; d < D; d++) gradient[FEEDS['row']![n]! * D + d]! += coefficients[n * D + d]!
  const spread = state.get('adam/v/table')!.values
  let apart = 0
  gradient.forEach((g, i) => {
    apart = Math.max(apart, Math.abs(spread[i]! - (1 - beta2) * g * g))
  })
  return Math.max(accepted(engine, apart), await probe(engine))
}

function accepted(engine: ScoringEngine, apart: number): number {
  if (!(apart <= AGREEMENT))
    throw new Error(`Engine "${engine.backend}" is ${apart} away from known answers; ${AGREEMENT} is allowed.`)
  return apart
}
