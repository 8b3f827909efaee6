import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Program, ScoringEngine, Tensor, TensorOps } from '../ports/tensor-runtime.ts'
import { AGREEMENT, probe } from '../tensors/known-answers.ts'

type Inputs = Record<'a' | 'b' | 'cube' | 'table' | 'rows', Tensor>

const A = [1, -2, 3, 0.5, -0.25, 4]
const B = [2, 5, -1, 4, 8, -2]
const CUBE = Array.from({ length: 12 }, (_, i) => i - 5)
const TABLE = [10, 11, 20, 21, 30, 31, 40, 41]
const ROWS = [3, 0, 0, 2]

const of = (f: (x: number) => number) => A.map(f)
const pairs = (f: (x: number, y: number) => number) => A.map((x, i) => f(x, B[i]!))
const soft = (xs: readonly number[]) => {
  const e = xs.map(Math.exp)
  return e.map((x) => x / e.reduce((p, q) => p + q, 0))
}

/** a, b [2, 3], cube [2, 3, 2], table [4, 2], rows int32 [4]: an operation, and what it gives in row-major order. */
const CASES: Readonly<Record<string, readonly [(ops: TensorOps, x: Inputs) => Tensor, readonly number[]]>> = {
  add: [(o, { a, b }) => o.add(a, b), pairs((x, y) => x + y)],
  sub: [(o, { a, b }) => o.sub(a, b), pairs((x, y) => x - y)],
  mul: [(o, { a, b }) => o.mul(a, b), pairs((x, y) => x * y)],
  div: [(o, { a, b }) => o.div(a, b), pairs((x, y) => x / y)],
  'add a scalar': [(o, { a }) => o.add(a, o.scalar(2)), of((x) => x + 2)],
  'mul a row': [(o, { a, b }) => o.mul(a, o.slice(b, [0, 0], [1, 3])), A.map((x, i) => x * B[i % 3]!)],
  'mul a column': [(o, { a, b }) => o.mul(a, o.slice(b, [0, 1], [2, 1])), A.map((x, i) => x * [5, 8][i < 3 ? 0 : 1]!)],
  sigmoid: [(o, { a }) => o.sigmoid(a), of((x) => 1 / (1 + Math.exp(-x)))],
  tanh: [(o, { a }) => o.tanh(a), of(Math.tanh)],
  relu: [(o, { a }) => o.relu(a), of((x) => Math.max(0, x))],
  exp: [(o, { a }) => o.exp(a), of(Math.exp)],
  log: [(o, { a }) => o.log(o.abs(a)), of((x) => Math.log(Math.abs(x)))],
  abs: [(o, { a }) => o.abs(a), of(Math.abs)],
  neg: [(o, { a }) => o.neg(a), of((x) => -x)],
  softmax: [(o, { a }) => o.softmax(a), [...soft(A.slice(0, 3)), ...soft(A.slice(3))]],
  'softmax with a closed place': [
    (o, { a }) => o.softmax(o.concat([a, o.fill([2, 1], -1e9)], 1)),
    [...soft(A.slice(0, 3)), 0, ...soft(A.slice(3)), 0],
  ],
  'matMul of a transposed': [
    (o, { a, b }) => o.matMul(a, b, true, false),
    [2 + 2, 5 + 4, -1 - 1, -4 - 1, -10 - 2, 2 + 0.5, 6 + 16, 15 + 32, -3 - 8],
  ],
  'matMul by a transposed': [
    (o, { a, b }) => o.matMul(a, b, false, true),
    [2 - 10 - 3, 4 - 16 - 6, 1 - 1.25 - 4, 2 - 2 - 8],
  ],
  'matMul of batches': [
    (o, { cube }) => o.matMul(cube, cube, true, false),
    [0, 1].flatMap((n) => {
      const at = (r: number, c: number) => CUBE[n * 6 + r * 2 + c]!
      return [0, 1].flatMap((i) => [0, 1].map((j) => [0, 1, 2].reduce((s, r) => s + at(r, i) * at(r, j), 0)))
    }),
  ],
  gather: [(o, { table, rows }) => o.gather(table, rows), ROWS.flatMap((r) => TABLE.slice(2 * r, 2 * r + 2))],
  slice: [(o, { cube }) => o.slice(cube, [0, 1, 1], [2, 2, 1]), [-2, 0, 4, 6]],
  'slice of all': [(o, { a }) => o.slice(a, [0, 0], [2, 3]), A],
  'concat of rows': [(o, { a, b }) => o.concat([a, b], 0), [...A, ...B]],
  'concat of columns': [
    (o, { a, b }) => o.concat([a, b], 1),
    [...A.slice(0, 3), ...B.slice(0, 3), ...A.slice(3), ...B.slice(3)],
  ],
  reshape: [(o, { a }) => o.reshape(a, [3, 2]), A],
  transpose: [(o, { a }) => o.transpose(a, [1, 0]), [1, 0.5, -2, -0.25, 3, 4]],
  'transpose of three': [
    (o, { cube }) => o.transpose(cube, [2, 0, 1]),
    [0, 1].flatMap((k) => [0, 1].flatMap((i) => [0, 1, 2].map((j) => CUBE[i * 6 + j * 2 + k]!))),
  ],
  'sum of rows': [(o, { a }) => o.sum(a, 0), [1.5, -2.25, 7]],
  'sum of columns': [(o, { a }) => o.sum(a, 1), [2, 4.25]],
  fill: [(o) => o.fill([2, 2], 1.5), [1.5, 1.5, 1.5, 1.5]],
}

/** What every engine must keep to. `within`: greatest difference from doubles, relative to numbers above 1. */
export function tensorEngineContract(name: string, open: () => Promise<ScoringEngine>, within = 1e-5): void {
  describe(`tensor engine ${name}`, () => {
    let engine: ScoringEngine
    beforeAll(async () => {
      engine = await open()
    })
    afterAll(() => engine.close())

    const program = (build: Program['build']): Program => ({
      name: 'case',
      inputs: {
        a: { shape: [2, 3], type: 'float32' },
        cube: { shape: [2, 3, 2], type: 'float32' },
        rows: { shape: [4], type: 'int32' },
      },
      build,
    })
    const weights = new Map([
      ['b', { shape: [2, 3], values: Float32Array.from(B) }],
      ['table', { shape: [4, 2], values: Float32Array.from(TABLE) }],
    ])
    const feeds = { a: Float32Array.from(A), cube: Float32Array.from(CUBE), rows: Int32Array.from(ROWS) }
    const result = async (build: (ops: TensorOps, x: Inputs) => Tensor) => {
      const session = await engine.open(
        program((ops, weight, input) => ({
          y: build(ops, {
            a: input('a'),
            b: weight('b'),
            cube: input('cube'),
            table: weight('table'),
            rows: input('rows'),
          }),
        })),
        weights,
      )
      const out = await session.run(feeds)
      session.close()
      return out['y']!
    }

    it.each(Object.entries(CASES))('computes %s', async (_name, [build, wanted]) => {
      const found = await result(build)
      expect(found).toHaveLength(wanted.length)
      wanted.forEach((w, i) => {
        expect(Math.abs(found[i]! - w)).toBeLessThan(within * Math.max(1, Math.abs(w)))
      })
    })

    it('knows the answers of the probe', async () => {
      expect(await probe(engine)).toBeLessThan(AGREEMENT)
    })

    it('gives several outputs, each under its name, and the same again', async () => {
      const two = program((ops, _w, input) => ({ sum: ops.sum(input('a'), 1), less: ops.neg(input('a')) }))
      const session = await engine.open(two, weights)
      for (let i = 0; i < 2; i++) {
        const out = await session.run(feeds)
        expect([...out['sum']!]).toEqual([2, 4.25])
        expect([...out['less']!]).toEqual(A.map((x) => -x))
      }
      session.close()
    })

    it('names the input that is missing or does not fit', async () => {
      const session = await engine.open(
        program((ops, _w, input) => ({ y: ops.neg(input('a')) })),
        weights,
      )
      const run = async (given: Record<string, Float32Array | Int32Array>) => session.run(given)
      await expect(run({ ...feeds, a: new Float32Array(5) })).rejects.toThrow(/"a"/)
      await expect(run({ a: feeds.a, cube: feeds.cube })).rejects.toThrow(/"rows"/)
      session.close()
    })
  })
}
