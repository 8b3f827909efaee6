import { wilson } from './wilson.ts'

/** Answers whose gap, since the opportunity on the topic before, lies in one bin. */
export interface RetentionBin {
  /** Days; the bin holds from <= gap < to. The last one has no end. */
  from: number
  to: number
  n: number
  correct: number
  /** Sum of gaps, days. */
  days: number
  /** Sum of what the models expected before each answer. */
  expected: number
}

/**
 * Edges in days: an hour, four hours, then each twice the last from one day on. Log-spaced, since forgetting is about
 * even on a logarithmic scale (Ebbinghaus 1885; Wixted and Ebbesen, Psychological Science 2, 1991).
 */
export const GAP_EDGES: readonly number[] = [0, 1 / 24, 1 / 6, 1, 2, 4, 8, 16, 32, 64, 128, Number.POSITIVE_INFINITY]

/** Counts of answers by gap. Tallies of parts add up to that of the whole. */
export class RetentionTally {
  readonly bins: RetentionBin[] = GAP_EDGES.slice(1).map((to, i) => {
    return { from: GAP_EDGES[i]!, to, n: 0, correct: 0, days: 0, expected: 0 }
  })

  /** @param gap days, 0 or more */
  add(gap: number, correct: boolean, expected: number): void {
    const bin = this.bins.find((b) => gap < b.to)!
    bin.n++
    if (correct) bin.correct++
    bin.days += gap
    bin.expected += expected
  }

  merge(bins: readonly RetentionBin[]): void {
    bins.forEach((b, i) => {
      const mine = this.bins[i]!
      mine.n += b.n
      mine.correct += b.correct
      mine.days += b.days
      mine.expected += b.expected
    })
  }
}

/** What a reader sees of a bin; null without answers. */
export function binFigures(b: RetentionBin) {
  if (b.n === 0) return null
  return { accuracy: b.correct / b.n, ...wilson(b.correct, b.n), meanDays: b.days / b.n, expected: b.expected / b.n }
}
