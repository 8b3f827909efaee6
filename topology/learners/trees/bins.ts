import type { Columns } from './forest.ts'

/** Bins of one feature: 0 for missing values, 1 to 255 for values up to and including `edges[bin - 1]`. */
export interface Bins {
  edges: Float32Array
  bins: Uint8Array
}

const MOST = 255
/** Values looked at for the quantiles, evenly taken: more of them move an edge by less than a bin. */
const SAMPLE = 50_000

/** Every feature's bins: each value its own where there are few, about equally many rows each otherwise. */
export function binned(x: Columns): Bins[] {
  return x.map((column) => {
    const edges = edgesOf(column)
    return { edges, bins: Uint8Array.from(column, (v) => binOf(edges, v)) }
  })
}

function edgesOf(column: Float32Array): Float32Array {
  const step = Math.max(1, Math.floor(column.length / SAMPLE))
  const values = column.filter((v, i) => i % step === 0 && !Number.isNaN(v)).sort()
  const distinct = values.filter((v, i) => i === 0 || v !== values[i - 1])
  if (distinct.length <= MOST) return distinct
  const edges: number[] = []
  for (let b = 1; b <= MOST; b++) {
    const edge = values[Math.ceil((b * values.length) / MOST) - 1]!
    if (edges.length === 0 || edge > edges.at(-1)!) edges.push(edge)
  }
  return Float32Array.from(edges)
}

/** Values above the last edge, which the sample did not see, are in the last bin. */
export function binOf(edges: Float32Array, value: number): number {
  if (Number.isNaN(value) || edges.length === 0) return 0
  let low = 0
  let high = edges.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (edges[middle]! < value) low = middle + 1
    else high = middle
  }
  return low + 1
}
