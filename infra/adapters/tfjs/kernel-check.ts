import { tf } from './tf.ts'
import { stockKernels } from './wasm-kernels.ts'

/** Numbers between -1 and 1 that repeat nowhere near. */
const wave = (n: number, step: number) => Float32Array.from({ length: n }, (_, i) => Math.sin(i * step + 1))

/**
 * Compares the replaced kernels of the current WASM backend with the stock ones, and with plain loops where there is no
 * stock one: they lean on the backend's inside, which another version may change.
 * @throws Error that names the kernel.
 */
export function checkKernels(): void {
  tf.tidy(() => {
    const backend = tf.backend()
    const stock = stockKernels()
    const own = (name: string, kernel: tf.KernelConfig['kernelFunc'], inputs: tf.NamedTensorMap, attrs: object) => {
      const info = kernel({ inputs, attrs: attrs as tf.NamedAttrMap, backend }) as tf.TensorInfo
      const { dataId, shape, dtype } = info
      const values = backend.readSync(dataId) as Float32Array
      const copy = Float32Array.from(values)
      backend.disposeData(dataId)
      if (dtype !== 'float32') throw new Error(`Kernel ${name} gave ${dtype}.`)
      return { shape, values: copy }
    }
    const x = tf.tensor3d(wave(10 * 6 * 20, 0.7), [10, 6, 20])
    const indices = tf.tensor1d([9, 0, 3, 3, 7], 'int32')
    for (const [name, kernel, inputs, attrs] of [
      ['GatherV2', stock.gather, { x, indices }, { axis: 0, batchDims: 0 }],
      ['Slice', stock.slice, { x }, { begin: [2, 1, 3], size: [5, 4, 11] }],
      ['Slice', stock.slice, { x }, { begin: [4, 0, 0], size: [3, 6, 20] }],
    ] as const)
      agree(name, own(name, tf.getKernel(name, 'wasm').kernelFunc, inputs, attrs), own(name, kernel, inputs, attrs), 0)
    for (const [transposeA, transposeB] of [
      [false, false],
      [true, false],
      [false, true],
      [true, true],
    ] as const) {
      const a = tf.tensor3d(wave(3 * 16 * 24, 0.3), transposeA ? [3, 24, 16] : [3, 16, 24])
      const b = tf.tensor3d(wave(3 * 24 * 9, 0.9), transposeB ? [3, 9, 24] : [3, 24, 9])
      const attrs = { transposeA, transposeB }
      const ours = own('BatchMatMul', tf.getKernel('BatchMatMul', 'wasm').kernelFunc, { a, b }, attrs)
      agree('BatchMatMul', ours, own('BatchMatMul', stock.matMul, { a, b }, attrs), 1e-5)
    }
    const rows = tf.tensor2d(wave(5 * 4, 0.4), [5, 4])
    const ids = [2, 0, 2, 5, 0]
    const sums = new Float32Array(6 * 4)
    const values = wave(5 * 4, 0.4)
    for (let i = 0; i < ids.length; i++) for (let k = 0; k < 4; k++) sums[ids[i]! * 4 + k]! += values[i * 4 + k]!
    const segmentIds = tf.tensor1d(ids, 'int32')
    const kernel = tf.getKernel('UnsortedSegmentSum', 'wasm').kernelFunc
    const summed = own('UnsortedSegmentSum', kernel, { x: rows, segmentIds }, { numSegments: 6 })
    agree('UnsortedSegmentSum', summed, { shape: [6, 4], values: sums }, 0)
  })
}

interface Found {
  shape: readonly number[]
  values: Float32Array
}

function agree(kernel: string, ours: Found, wanted: Found, within: number): void {
  const far = (v: number, i: number) => !(Math.abs(v - wanted.values[i]!) <= within)
  if (ours.shape.join() !== wanted.shape.join() || ours.values.some(far))
    throw new Error(
      `Our ${kernel} for the WASM backend disagrees with the stock kernel. Is @tensorflow/tfjs-backend-wasm at 4.22.0?`,
    )
}
