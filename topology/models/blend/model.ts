/** The plain mean of the other models' probabilities; a model that says nothing (below 0) is left out. */
export const BLEND = {
  id: 'blend',
  about: 'The plain mean of the models.',
  defaultVersion: 'blend-mean-1',
  combine(parts: Float64Array, from: number, count: number): number {
    let sum = 0
    let n = 0
    for (let i = 0; i < count; i++) {
      const p = parts[from + i]!
      if (p < 0) continue
      sum += p
      n++
    }
    return sum / n
  },
} as const
