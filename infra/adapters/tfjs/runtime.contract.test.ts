import type { Telemetry } from '@mastery/topology/ports/telemetry.ts'
import { EngineLostError, type Program } from '@mastery/topology/ports/tensor-runtime.ts'
import { lstmCell } from '@mastery/topology/tensors/cell.ts'
import { AGREEMENT, probe, probeTraining } from '@mastery/topology/tensors/known-answers.ts'
import { describe, expect, it } from 'vitest'
import type { Device } from './device.ts'
import { checkKernels } from './kernel-check.ts'
import { lstm } from './lstm.ts'
import { OPS } from './ops.ts'
import { openTensorRuntime, runtimeOn } from './runtime.ts'
import { tf } from './tf.ts'
import { inTurn } from './turn.ts'
import { wasmDevice } from './wasm.ts'

const lines: { message: string; fields?: Record<string, unknown> | undefined }[] = []
const telemetry: Telemetry = {
  info: (message, fields) => lines.push({ message, fields }),
  warn() {},
  error() {},
  count() {},
}

const DOUBLE: Program = {
  name: 'double',
  inputs: { x: { shape: [3], type: 'float32' } },
  build: (ops, weight, input) => ({ y: ops.mul(input('x'), weight('two')) }),
}
const WEIGHTS = new Map([['two', { shape: [1], values: Float32Array.of(2) }]])
const x = Float32Array.of(1, 2, 3)

/** WASM that reports a fault after each of the first `faults` computations, and counts its restarts. */
async function failing(faults: number): Promise<{ device: Device; restarts: () => number }> {
  const wasm = await inTurn('', wasmDevice)
  let left = faults
  let restarts = 0
  const device: Device = {
    ...wasm,
    fault: () => (left-- > 0 ? new Error('planted') : null),
    async restart() {
      restarts++
      await wasm.restart()
    },
  }
  return { device, restarts: () => restarts }
}

describe('choosing a backend', () => {
  it('takes the first in order that starts and knows the answers, and says why the others were not taken', async () => {
    lines.length = 0
    const runtime = await openTensorRuntime({ telemetry, backends: ['node-gpu', 'wasm', 'cpu'] })
    expect(runtime.backend).toBe('wasm')
    expect(lines.map((l) => [l.message, l.fields?.['backend']])).toEqual([
      ['Tensor backend not used', 'node-gpu'],
      ['Tensor backend accepted', 'wasm'],
    ])
    expect(lines[0]!.fields!['reason']).toMatch(/tfjs-node-gpu/)
    expect(await probeTraining(runtime)).toBeLessThan(AGREEMENT)
  })

  it('refuses when nothing is left, with every reason', async () => {
    const refused = await openTensorRuntime({ telemetry, backends: ['node-gpu'] }).catch((e: AggregateError) => e)
    expect(refused).toBeInstanceOf(AggregateError)
    expect((refused as AggregateError).errors.map((e: Error) => e.message)).toEqual([
      'Tensor backend "node-gpu" was refused',
    ])
  })

  it('refuses an engine whose numbers are off', async () => {
    const runtime = await openTensorRuntime({ telemetry, backends: ['wasm'] })
    const off = {
      ...runtime,
      open: async (program: Program, weights: Parameters<typeof runtime.open>[1]) => {
        const session = await runtime.open(program, weights)
        return {
          run: async (feeds: Parameters<typeof session.run>[0]) => {
            const out = await session.run(feeds)
            out['h']![3]! += 2 * AGREEMENT
            return out
          },
          close: () => session.close(),
        }
      },
    }
    await expect(probe(off)).rejects.toThrow(/away from known answers/)
  })
})

describe('a device that fails', () => {
  it('is started again, and the batch is computed again', async () => {
    const { device, restarts } = await failing(1)
    const session = await runtimeOn(device).open(DOUBLE, WEIGHTS)
    expect([...(await session.run({ x }))['y']!]).toEqual([2, 4, 6])
    expect(restarts()).toBe(1)
    expect([...(await session.run({ x }))['y']!]).toEqual([2, 4, 6])
  })

  it('that fails again is given up', async () => {
    const session = await runtimeOn((await failing(2)).device).open(DOUBLE, WEIGHTS)
    await expect(session.run({ x })).rejects.toThrow(EngineLostError)
  })

  it('takes nothing down for feeds that do not fit', async () => {
    const { device, restarts } = await failing(0)
    const session = await runtimeOn(device).open(DOUBLE, WEIGHTS)
    expect(() => session.run({ x: Float32Array.of(1) })).toThrow(/"x".*\[3\].*Float32Array of 1/)
    expect(restarts()).toBe(0)
  })

  it('tells a trainer to go back', async () => {
    const runtime = runtimeOn((await failing(1)).device)
    const trainer = await runtime.trainer(WEIGHTS, { rate: 1, beta1: 0, beta2: 0, epsilon: 1, clip: 1 })
    await expect(trainer.look(DOUBLE, { x })).rejects.toThrow(EngineLostError)
    await expect(trainer.look(DOUBLE, { x })).rejects.toThrow(/started again meanwhile/)
  })
})

describe('kernels of ours', () => {
  it('agree with the stock ones, and a wrong one is noticed', () =>
    inTurn('wasm', async () => {
      checkKernels()
      const ours = tf.getKernel('GatherV2', 'wasm')
      const wrong: tf.KernelConfig['kernelFunc'] = (given) => {
        const made = ours.kernelFunc(given) as tf.TensorInfo
        const view = tf.backend() as unknown as { typedArrayFromHeap(t: tf.TensorInfo): Float32Array }
        view.typedArrayFromHeap(made)[7]! += 1
        return made
      }
      tf.unregisterKernel('GatherV2', 'wasm')
      tf.registerKernel({ ...ours, kernelFunc: wrong })
      expect(() => checkKernels()).toThrow(/GatherV2/)
      tf.unregisterKernel('GatherV2', 'wasm')
      tf.registerKernel(ours)
      checkKernels()
    }))

  it.each(['wasm', 'cpu'])(
    'the layer with its own gradient is the cell, unrolled, with that of the tape: %s',
    (backend) =>
      inTurn(backend, async () => {
        const [n, size, steps] = [9, 5, 6]
        const wave = (rows: number, columns: number, by: number) =>
          tf.tensor2d(
            Float32Array.from({ length: rows * columns }, (_, i) => Math.sin(i * by)),
            [rows, columns],
          )
        const given = [
          wave(steps * n, 4 * size, 0.7),
          wave(size, 4 * size, 0.3),
          wave(n, size, 0.9),
          wave(n, size, 0.5),
        ]
        const weigh = wave(steps * n, size, 0.21)
        const score = (h: tf.Tensor) => tf.sum(tf.mul(h, weigh)) as tf.Scalar
        const whole = tf.valueAndGrads((...[x, u, h, c]: tf.Tensor[]) =>
          score(tf.slice(lstm(x!, u!, h!, c!, steps), [0, 0], [steps * n, size])),
        )(given)
        const unrolled = tf.valueAndGrads((...[x, u, h, c]: tf.Tensor[]) => {
          let state = { h: h!, c: c! } as ReturnType<typeof lstmCell>
          const all: tf.Tensor[] = []
          for (let s = 0; s < steps; s++) {
            state = lstmCell(OPS, tf.slice(x!, [s * n, 0], [n, 4 * size]), u!, state.h, state.c)
            all.push(state.h as tf.Tensor)
          }
          return score(tf.concat(all, 0))
        })(given)
        const values = await Promise.all(
          [whole, unrolled].map(async (r) => [
            await r.value.data(),
            ...(await Promise.all(r.grads.map((g) => g.data()))),
          ]),
        )
        values[0]!.forEach((of, i) => {
          of.forEach((v, k) => {
            expect(Math.abs(v - values[1]![i]![k]!)).toBeLessThan(1e-4)
          })
        })
      }),
  )
})
