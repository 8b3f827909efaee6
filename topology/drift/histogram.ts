/**
 * Students are dealt into this many groups by their pseudonym. What the groups differ by beyond chance is what answers
 * of one student have in common: it measures how much less a window tells than its number of rows says, without any
 * state per student.
 */
export const GROUPS = 8

/** Group of a student: FNV-1a over the last four characters, which of a pseudonym are random. */
export function groupOf(student: string): number {
  let h = 0x811c9dc5
  for (let i = Math.max(0, student.length - 4); i < student.length; i++)
    h = Math.imul(h ^ student.charCodeAt(i), 0x01000193)
  return ((h >>> 13) ^ h) & (GROUPS - 1)
}

/** A figure with more digits would not add up to the same in every order. */
export const MICRO = 1e6
export const micro = (x: number): number => Math.round(x * MICRO)

/**
 * Counts by group of students and bin, and sums by group of some measures, all whole numbers: merging gives the same in
 * every order. `measures`: how many sums there are; for each, one of the value and one of its square follow each other.
 */
export class Histogram {
  readonly bins: number
  readonly measures: number
  /** [group][bin] */
  readonly counts: Float64Array
  /** [group][measure][value, square], in millionths. */
  readonly sums: Float64Array

  constructor(bins: number, measures: number) {
    this.bins = bins
    this.measures = measures
    this.counts = new Float64Array(GROUPS * bins)
    this.sums = new Float64Array(GROUPS * measures * 2)
  }

  /** Counts one row with one measure. */
  add(group: number, bin: number, value: number): void {
    this.counts[group * this.bins + bin]!++
    this.measure(group, 0, value)
  }

  measure(group: number, measure: number, value: number): void {
    const at = (group * this.measures + measure) * 2
    this.sums[at]! += micro(value)
    this.sums[at + 1]! += micro(value * value)
  }

  merge(o: Pick<Histogram, 'counts' | 'sums'>): void {
    for (let i = 0; i < this.counts.length; i++) this.counts[i]! += o.counts[i]!
    for (let i = 0; i < this.sums.length; i++) this.sums[i]! += o.sums[i]!
  }

  get n(): number {
    let n = 0
    for (const c of this.counts) n += c
    return n
  }

  ofGroup(group: number): Float64Array {
    return this.counts.subarray(group * this.bins, (group + 1) * this.bins)
  }

  /** Over all groups. */
  totals(): Float64Array {
    const out = new Float64Array(this.bins)
    for (let i = 0; i < this.counts.length; i++) out[i % this.bins]! += this.counts[i]!
    return out
  }
}
