import type { Values, Weights } from '../../ports/tensor-runtime.ts'
import { weightOf } from '../../tensors/feeds.ts'
import type { KindRows } from './vocabulary.ts'

/** One row per kind: its item's row plus the mean of its topics' rows, summed in the order of the network. */
export function perKind(weights: Weights, rows: KindRows, item: string, topic: string): Values {
  const items = weightOf(weights, item)
  const topics = weightOf(weights, topic)
  const width = items.shape[1]!
  const kinds = rows.item.length
  const values = new Float32Array(kinds * width)
  for (let kind = 0; kind < kinds; kind++)
    for (let k = 0; k < width; k++) {
      let mean = 0
      for (let s = 0; s < rows.slots; s++) {
        const at = kind * rows.slots + s
        mean = Math.fround(mean + Math.fround(topics.values[rows.topic[at]! * width + k]! * rows.share[at]!))
      }
      values[kind * width + k] = items.values[rows.item[kind]! * width + k]! + mean
    }
  return { shape: [kinds, width], values }
}

/** What the networks read of a kind: its embedding, what it adds to the logit, and 1. [kinds, width + 2] */
export function kindTable(weights: Weights, rows: KindRows): Values {
  const embedding = perKind(weights, rows, 'item', 'topic')
  const bias = kindBias(weights, rows)
  const [kinds, width] = embedding.shape as [number, number]
  const values = new Float32Array(kinds * (width + 2))
  for (let kind = 0; kind < kinds; kind++) {
    values.set(embedding.values.subarray(kind * width, (kind + 1) * width), kind * (width + 2))
    values[kind * (width + 2) + width] = bias.values[kind]!
    values[kind * (width + 2) + width + 1] = 1
  }
  return { shape: [kinds, width + 2], values }
}

/** What a kind adds to the logit, [kinds, 1]. */
export const kindBias = (weights: Weights, rows: KindRows): Values => perKind(weights, rows, 'item-bias', 'topic-bias')

/** Product of `a` [n, k] with rows `from` to `from + k` of `b` [., m]. */
export function product(a: Values, b: Values, from = 0): Values {
  const [n, k] = a.shape as [number, number]
  const m = b.shape[1]!
  const values = new Float32Array(n * m)
  const row = new Float64Array(m)
  for (let i = 0; i < n; i++) {
    row.fill(0)
    for (let l = 0; l < k; l++) {
      const x = a.values[i * k + l]!
      const at = (from + l) * m
      for (let j = 0; j < m; j++) row[j]! += x * b.values[at + j]!
    }
    values.set(row, i * m)
  }
  return { shape: [n, m], values }
}
