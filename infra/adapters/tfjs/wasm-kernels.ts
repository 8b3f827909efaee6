import { tf } from './tf.ts'

/** What the overrides use of the backend's inside; pinned by the package's exact version and by `checkKernels`. */
interface Inside extends tf.KernelBackend {
  wasm: {
    HEAPF32: Float32Array
    cwrap(name: string, result: null, types: string[]): (...args: unknown[]) => void
    tfjs: { registerTensor(id: number, size: number, offset: number): void; disposeData(id: number): void }
  }
  dataIdMap: { get(id: object): { id: number; memoryOffset: number; dtype: string } }
  dataIdNextNumber: number
  makeOutput(shape: readonly number[], dtype: string): tf.TensorInfo
  readSync(id: object): Int32Array | Float32Array
  disposeData(id: object): boolean
}

type Kernel = tf.KernelConfig['kernelFunc']
interface Call {
  inputs: Record<string, tf.TensorInfo>
  backend: Inside
  attrs: Record<string, unknown>
}

const count = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1)

/** First float of the tensor on the heap. The view is renewed whenever the heap grew, so ask for it late. */
const floats = (b: Inside, x: tf.TensorInfo) => b.dataIdMap.get(x.dataId).memoryOffset >>> 2

/** Rows are copied as they stand; the stock kernel computes the index of every element. Falls back off axis 0. */
function gather(stock: Kernel): Kernel {
  return (given) => {
    const { inputs, backend, attrs } = given as unknown as Call
    const { x, indices } = inputs as { x: tf.TensorInfo; indices: tf.TensorInfo }
    if (attrs['axis'] !== 0 || attrs['batchDims'] !== 0 || x.dtype !== 'float32') return stock(given)
    const row = count(x.shape.slice(1))
    const out = backend.makeOutput([...indices.shape, ...x.shape.slice(1)], 'float32')
    const rows = backend.readSync(indices.dataId)
    const heap = backend.wasm.HEAPF32
    const from = floats(backend, x)
    const to = floats(backend, out)
    for (let i = 0; i < rows.length; i++) {
      const r = rows[i]!
      if (!(r >= 0 && r < x.shape[0]!))
        throw new Error(`Row ${r} is asked of a table that has the rows 0 to ${x.shape[0]! - 1}.`)
      const source = from + r * row
      const target = to + i * row
      if (row > 16) heap.copyWithin(target, source, source + row)
      else for (let k = 0; k < row; k++) heap[target + k] = heap[source + k]!
    }
    return out
  }
}

/** Copies runs on the heap; the stock kernel copies the whole input out of the heap first, however small the part. */
function slice(stock: Kernel): Kernel {
  return (given) => {
    const { inputs, backend, attrs } = given as unknown as Call
    const x = inputs['x']!
    const begin = attrs['begin'] as readonly number[]
    const size = attrs['size'] as readonly number[]
    const rank = x.shape.length
    if (x.dtype !== 'float32' || begin.length !== rank || size.length !== rank || size.some((s) => s < 0))
      return stock(given)
    let whole = rank
    while (whole > 0 && begin[whole - 1] === 0 && size[whole - 1] === x.shape[whole - 1]) whole--
    const run = count(size.slice(Math.max(0, whole - 1)))
    const outer = size.slice(0, Math.max(0, whole - 1))
    const strides = x.shape.map((_, i) => count(x.shape.slice(i + 1)))
    const out = backend.makeOutput(size, 'float32')
    const heap = backend.wasm.HEAPF32
    let from = floats(backend, x)
    for (let i = 0; i < rank; i++) from += begin[i]! * strides[i]!
    const to = floats(backend, out)
    const runs = count(outer)
    const at = outer.map(() => 0)
    for (let r = 0; r < runs; r++) {
      heap.copyWithin(to + r * run, from, from + run)
      for (let axis = outer.length - 1; axis >= 0; axis--) {
        from += strides[axis]!
        if (++at[axis]! < outer[axis]!) break
        from -= outer[axis]! * strides[axis]!
        at[axis] = 0
      }
    }
    return out
  }
}

/** Sums rows by segment in the order in which they stand; the stock backend lacks it, and so the gradient of gather. */
const segmentSum: Kernel = (given) => {
  const { inputs, backend, attrs } = given as unknown as Call
  const { x, segmentIds } = inputs as { x: tf.TensorInfo; segmentIds: tf.TensorInfo }
  const row = count(x.shape.slice(segmentIds.shape.length))
  const segments = attrs['numSegments'] as number
  const out = backend.makeOutput([segments, ...x.shape.slice(segmentIds.shape.length)], 'float32')
  const ids = backend.readSync(segmentIds.dataId)
  const heap = backend.wasm.HEAPF32
  const from = floats(backend, x)
  const to = floats(backend, out)
  heap.fill(0, to, to + segments * row)
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i]!
    if (id < 0) continue
    const target = to + id * row
    const source = from + i * row
    for (let k = 0; k < row; k++) heap[target + k]! += heap[source + k]!
  }
  return out
}

/** Below this many rows the stock loop is faster than packing for XNNPACK. */
const FEW_ROWS = 8

/**
 * One XNNPACK product per matrix of the batch over views of the heap. The stock kernel reaches XNNPACK only for a batch
 * of one with nothing transposed; a transposed operand is turned first, which costs less than its slow loop.
 */
function batchMatMul(stock: Kernel): Kernel {
  const ofBackend = new WeakMap<object, (...args: unknown[]) => void>()
  return (given) => {
    const { inputs, backend, attrs } = given as unknown as Call
    const { a, b } = inputs as { a: tf.TensorInfo; b: tf.TensorInfo }
    const rank = a.shape.length
    const turnA = attrs['transposeA'] === true
    const turnB = attrs['transposeB'] === true
    const m = a.shape[rank - (turnA ? 1 : 2)]!
    const batch = count(a.shape.slice(0, -2))
    if (m < FEW_ROWS || b.shape.length !== rank || count(b.shape.slice(0, -2)) !== batch) return stock(given)
    if (batch === 1 && !turnA && !turnB) return stock(given)
    const flipped = (x: tf.TensorInfo): tf.TensorInfo => {
      const order = x.shape.map((_, i) => i)
      order.splice(rank - 2, 2, rank - 1, rank - 2)
      return call('Transpose', { x }, { perm: order }, backend)
    }
    const left = turnA ? flipped(a) : a
    const right = turnB ? flipped(b) : b
    const k = left.shape[rank - 1]!
    const n = right.shape[rank - 1]!
    const out = backend.makeOutput([...a.shape.slice(0, -2), m, n], 'float32')
    let multiply = ofBackend.get(backend)
    if (multiply === undefined) {
      const types = ['number', 'array', 'number', 'number', 'array', 'number', 'number', 'number', 'number']
      multiply = backend.wasm.cwrap('BatchMatMul', null, types)
      ofBackend.set(backend, multiply)
    }
    const shapeOfLeft = new Uint8Array(new Int32Array([1, m, k]).buffer)
    const shapeOfRight = new Uint8Array(new Int32Array([1, k, n]).buffer)
    const { tfjs } = backend.wasm
    const view = (x: tf.TensorInfo, at: number, size: number) => {
      const id = backend.dataIdNextNumber++
      tfjs.registerTensor(id, size, backend.dataIdMap.get(x.dataId).memoryOffset + 4 * at * size)
      return id
    }
    for (let i = 0; i < batch; i++) {
      const l = view(left, i, m * k)
      const r = view(right, i, k * n)
      const o = view(out, i, m * n)
      multiply(l, shapeOfLeft, 3, r, shapeOfRight, 3, 0, 0, o)
      tfjs.disposeData(l)
      tfjs.disposeData(r)
      tfjs.disposeData(o)
    }
    if (turnA) backend.disposeData(left.dataId)
    if (turnB) backend.disposeData(right.dataId)
    return out
  }
}

function call(
  name: string,
  inputs: Record<string, tf.TensorInfo>,
  attrs: tf.NamedAttrMap,
  backend: Inside,
): tf.TensorInfo {
  return tf.getKernel(name, 'wasm').kernelFunc({ inputs, attrs, backend }) as tf.TensorInfo
}

let stock: Record<'gather' | 'matMul' | 'slice', tf.KernelConfig> | null = null

/** The backend's own kernels, as they were before `cureKernels`. */
export function stockKernels(): Record<'gather' | 'matMul' | 'slice', Kernel> {
  if (stock === null) throw new Error('The kernels of the WASM backend were not replaced yet: call cureKernels first.')
  return { gather: stock.gather.kernelFunc, matMul: stock.matMul.kernelFunc, slice: stock.slice.kernelFunc }
}

/** Replaces the weak kernels and adds the missing one, once per process, before the backend is first set. */
export function cureKernels(): void {
  if (stock !== null) return
  const own = {
    gather: tf.getKernel('GatherV2', 'wasm'),
    matMul: tf.getKernel('BatchMatMul', 'wasm'),
    slice: tf.getKernel('Slice', 'wasm'),
  }
  stock = own
  const replace = (config: tf.KernelConfig, kernelFunc: Kernel) => {
    tf.unregisterKernel(config.kernelName, 'wasm')
    tf.registerKernel({ ...config, kernelFunc })
  }
  replace(own.gather, gather(own.gather.kernelFunc))
  replace(own.matMul, batchMatMul(own.matMul.kernelFunc))
  replace(own.slice, slice(own.slice.kernelFunc))
  tf.registerKernel({ kernelName: 'UnsortedSegmentSum', backendName: 'wasm', kernelFunc: segmentSum })
}
