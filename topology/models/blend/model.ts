/** The plain mean of the other models' probabilities; the first blend, until a fitted one exists. */
export const BLEND = {
  id: 'blend',
  about: 'The plain mean of the models.',
  defaultVersion: 'blend-mean-1',
  combine(parts: Float64Array, from: number, count: number): number {
    let sum = 0
    for (let i = 0; i < count; i++) sum += parts[from + i]!
    return sum / count
  },
} as const
