import type { Feeds, Program, Values, Weights } from '../ports/tensor-runtime.ts'

export const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1)

/** @throws Error that names the input, where `feeds` do not fit the program. */
export function checkFeeds(program: Pick<Program, 'name' | 'inputs'>, feeds: Feeds): void {
  for (const [name, spec] of Object.entries(program.inputs)) {
    const given = feeds[name]
    if (given === undefined)
      throw new Error(`Program "${program.name}" needs the input "${name}", which was not given.`)
    const wanted = spec.type === 'int32' ? Int32Array : Float32Array
    if (!(given instanceof wanted) || given.length !== sizeOf(spec.shape))
      throw new Error(
        `Input "${name}" of program "${program.name}" must be ${spec.type} [${spec.shape.join(', ')}]; it is a ${given.constructor.name} of ${given.length}.`,
      )
  }
}

/** @throws Error that names the weight, where there is none of that name. */
export function weightOf(weights: Weights, name: string): Values {
  const found = weights.get(name)
  if (found === undefined) throw new Error(`No weight is named "${name}"; there are ${[...weights.keys()].join(', ')}.`)
  return found
}

/** `count` numbers from `at` on, with zeros up to `size`; without a copy where none is needed. */
export function padded(from: Float32Array, at: number, count: number, size: number): Float32Array {
  if (count === size) return from.subarray(at, at + size)
  const all = new Float32Array(size)
  all.set(from.subarray(at, at + count))
  return all
}

/** The same of int32. */
export function paddedInts(from: Int32Array, at: number, count: number, size: number): Int32Array {
  if (count === size) return from.subarray(at, at + size)
  const all = new Int32Array(size)
  all.set(from.subarray(at, at + count))
  return all
}
