/**
 * Fixed bins of a kind of number. They are part of what two histograms must share to be merged or compared: a scale is
 * never changed, another one gets another name.
 */
export interface Scale {
  name: string
  /** Inner edges, ascending; n of them make n + 1 bins. A value at an edge is above it. */
  edges: readonly number[]
  /** Where the outer bins are taken to end, for distances in the unit. */
  low: number
  high: number
}

const even = (from: number, to: number, steps: number): number[] =>
  Array.from({ length: steps - 1 }, (_, i) => from + ((to - from) * (i + 1)) / steps)

/** A whole number's own bin begins half below it. */
const whole = (...from: number[]): number[] => from.map((x) => x - 0.5)

const LIST = {
  /** Shares, with bins of their own for none and all, where most of few answers lie. */
  share: { edges: [1e-9, ...even(0, 1, 20), 1 - 1e-9], low: 0, high: 1 },
  probability: { edges: even(0, 1, 25), low: 0, high: 1 },
  residual: { edges: even(-1, 1, 20), low: -1, high: 1 },
  /** Seconds, a third more from bin to bin, from half a second to some twenty minutes. */
  seconds: {
    edges: [0.5, 0.7, 1, 1.4, 2, 2.8, 4, 5.6, 8, 11, 16, 22, 32, 45, 64, 90, 128, 180, 256, 360, 512, 720],
    low: 0,
    high: 1200,
  },
  count: {
    edges: whole(1, 2, 3, 4, 5, 6, 8, 10, 13, 17, 22, 29, 38, 50, 65, 85, 110, 150, 200, 300),
    low: 0,
    high: 500,
  },
  days: { edges: [0.01, 0.1, 0.5, 1, 1.5, 2, 3, 4, 5, 6, 7, 10, 14, 21, 28, 45, 60, 90], low: 0, high: 180 },
  slope: { edges: [-0.5, -0.2, -0.1, -0.05, -0.02, -0.01, 0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5], low: -1, high: 1 },
} as const satisfies Record<string, Omit<Scale, 'name'>>

export type ScaleName = keyof typeof LIST | 'labels' | 'calibration'

/** Bins of predictions in a calibration table; each has a cell for wrong and one for right answers. */
export const CALIBRATION_BINS = 20

/** What has names in place of numbers: categories as they come, or cells of a calibration table. */
export const isNumeric = (name: ScaleName): name is keyof typeof LIST => name in LIST

export function scaleOf(name: keyof typeof LIST): Scale {
  return { name, ...LIST[name] }
}

/** @throws Error for a name that no build knows */
export function scaleNamed(name: string): ScaleName {
  if (name in LIST || name === 'labels' || name === 'calibration') return name as ScaleName
  throw new Error(`There is no scale of bins called ${name}; the record was written by a newer build.`)
}

/** Bin of a value: the number of edges at or below it. */
export function binOf(edges: readonly number[], value: number): number {
  let low = 0
  let high = edges.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (value >= edges[middle]!) low = middle + 1
    else high = middle
  }
  return low
}

/** From the low end over the inner edges to the high end. */
export const boundsOf = (s: Scale): number[] => [s.low, ...s.edges, s.high]
