import type { Program, Tensor, TensorOps, Weights } from '@mastery/topology/ports/tensor-runtime.ts'
import { weightOf } from '@mastery/topology/tensors/feeds.ts'
import { type Attribute, attribute, FLOAT, INT32, Message, tensorProto, valueInfo } from './protobuf.ts'

interface Node extends Tensor {
  readonly name: string
}

const node = (x: Tensor) => x as Node

/** Operator set: the last in which ReduceSum takes its axes as an input and Slice, Softmax are as used here. */
const OPSET = 13

/**
 * The ONNX model of a program: its operations are written down instead of computed, with the weights that they read as
 * constants. Shapes are fixed.
 */
export function onnxModel(
  program: Program,
  weights: Weights,
): { bytes: Uint8Array; outputs: Record<string, number[]> } {
  const graph = new Message()
  const constants = new Message()
  const known = new Map<string, Node>()
  /** Constants that no operation has read yet: those that none reads are left out. */
  const unread = new Map<string, Message>()
  let nodes = 0
  const constant = (shape: readonly number[], data: Float32Array | BigInt64Array, name = `c${nodes++}`): Node => {
    unread.set(name, tensorProto(name, shape, data))
    return { name, shape }
  }
  const int64 = (values: readonly number[]) => constant([values.length], BigInt64Array.from(values, BigInt))
  const apply = (
    op: string,
    inputs: readonly Tensor[],
    shape: readonly number[],
    attributes: Readonly<Record<string, Attribute>> = {},
    name = `t${nodes++}`,
  ): Node => {
    const m = new Message()
    for (const i of inputs) {
      const read = unread.get(node(i).name)
      if (read !== undefined) constants.message(5, read)
      unread.delete(node(i).name)
      m.text(1, node(i).name)
    }
    m.text(2, name).text(4, op)
    for (const [key, value] of Object.entries(attributes)) m.message(5, attribute(key, value))
    graph.message(1, m)
    return { name, shape }
  }
  const ops = operations(apply, constant, int64)
  const weight = (name: string) => {
    const { shape, values } = weightOf(weights, name)
    const made = known.get(name) ?? constant(shape, values, `w/${name}`)
    known.set(name, made)
    return made
  }
  const inputs = new Map(
    Object.entries(program.inputs).map(([name, { shape }]) => [name, { name: `in/${name}`, shape }]),
  )
  const input = (name: string) => {
    const found = inputs.get(name)
    if (found === undefined) throw new Error(`Program "${program.name}" reads "${name}", which is none of its inputs.`)
    return found
  }
  const built = program.build(ops, weight, input)
  const outputs: Record<string, number[]> = {}
  const described = new Message()
  for (const [name, { shape, type }] of Object.entries(program.inputs))
    described.message(11, valueInfo(`in/${name}`, type === 'int32' ? INT32 : FLOAT, shape))
  for (const [name, t] of Object.entries(built)) {
    apply('Identity', [t], t.shape, {}, `out/${name}`)
    described.message(12, valueInfo(`out/${name}`, FLOAT, t.shape))
    outputs[name] = [...t.shape]
  }
  const whole = joined(graph.text(2, program.name).encode(), constants.encode(), described.encode())
  const model = new Message()
    .int(1, 8)
    .text(2, 'mastery-stream')
    .bytes(7, whole)
    .message(8, new Message().text(1, '').int(2, OPSET))
  return { bytes: model.encode(), outputs }
}

type Apply = (op: string, inputs: readonly Tensor[], shape: readonly number[], a?: Record<string, Attribute>) => Node

function operations(
  apply: Apply,
  constant: (shape: readonly number[], data: Float32Array) => Node,
  int64: (values: readonly number[]) => Node,
): TensorOps {
  const same = (op: string) => (x: Tensor) => apply(op, [x], x.shape)
  const both = (op: string) => (a: Tensor, b: Tensor) => apply(op, [a, b], broadcast(a.shape, b.shape))
  const transpose = (x: Tensor, perm: readonly number[]) =>
    apply(
      'Transpose',
      [x],
      perm.map((p) => x.shape[p]!),
      { perm },
    )
  const flipped = (x: Tensor, flip: boolean | undefined) => {
    const order = x.shape.map((_, i) => i)
    order.splice(-2, 2, order.length - 1, order.length - 2)
    return flip === true ? transpose(x, order) : x
  }
  return {
    matMul(a, b, transposeA, transposeB) {
      const left = flipped(a, transposeA)
      const right = flipped(b, transposeB)
      return apply('MatMul', [left, right], [...left.shape.slice(0, -1), right.shape.at(-1)!])
    },
    add: both('Add'),
    sub: both('Sub'),
    mul: both('Mul'),
    div: both('Div'),
    sigmoid: same('Sigmoid'),
    tanh: same('Tanh'),
    relu: same('Relu'),
    exp: same('Exp'),
    log: same('Log'),
    abs: same('Abs'),
    neg: same('Neg'),
    softmax: (x) => apply('Softmax', [x], x.shape, { axis: -1 }),
    gather: (table, rows) => apply('Gather', [table, rows], [...rows.shape, ...table.shape.slice(1)], { axis: 0 }),
    slice(x, begin, size) {
      const cut = x.shape.map((_, i) => i).filter((i) => begin[i] !== 0 || size[i] !== x.shape[i])
      if (cut.length === 0) return x
      const starts = int64(cut.map((i) => begin[i]!))
      const ends = int64(cut.map((i) => begin[i]! + size[i]!))
      return apply('Slice', [x, starts, ends, int64(cut)], size)
    },
    concat(xs, axis) {
      const shape = [...xs[0]!.shape]
      shape[axis] = xs.reduce((n, x) => n + x.shape[axis]!, 0)
      return apply('Concat', xs, shape, { axis })
    },
    reshape: (x, shape) => apply('Reshape', [x, int64(shape)], shape),
    transpose,
    sum: (x, axis) =>
      apply(
        'ReduceSum',
        [x, int64([axis])],
        x.shape.filter((_, i) => i !== axis),
        { keepdims: 0 },
      ),
    scalar: (x) => constant([], Float32Array.of(x)),
    fill: (shape, value) => constant(shape, new Float32Array(shape.reduce((n, d) => n * d, 1)).fill(value)),
  }
}

function broadcast(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length)
  return Array.from({ length: rank }, (_, i) => {
    const x = a[a.length - rank + i] ?? 1
    const y = b[b.length - rank + i] ?? 1
    if (x !== y && x !== 1 && y !== 1) throw new Error(`Shapes [${a}] and [${b}] do not broadcast.`)
    return Math.max(x, y)
  })
}

function joined(...parts: Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((n, p) => n + p.length, 0))
  let at = 0
  for (const p of parts) {
    all.set(p, at)
    at += p.length
  }
  return all
}
