import { FIELDS } from './fields.ts'

/** `mismatch`: both sides have a value and they differ. `missing`: recomputed only. `extra`: stored only. */
export type Kind = 'mismatch' | 'missing' | 'extra'

/** One difference of one student. */
export interface Difference {
  topic: string
  /** Index into FIELDS. */
  field: number
  kind: Kind
  stored: number | null
  recomputed: number | null
}

/** One field's counts. `smape`: sum of |stored - recomputed| over the sum of |stored| + |recomputed|, 0 where that is 0. */
export interface FieldTally {
  field: string
  model: string
  compared: number
  mismatches: number
  missing: number
  extra: number
  smape: number
}

const WIDTH = 6
const AT: Record<Kind, number> = { mismatch: 1, missing: 2, extra: 3 }

/** What was compared and what differed, per field. Six doubles each, so that tallies of many ranges add up. */
export class Tally {
  readonly cells: Float64Array

  constructor(cells: ArrayLike<number> = new Float64Array(FIELDS.length * WIDTH)) {
    this.cells = Float64Array.from(cells)
    if (this.cells.length !== FIELDS.length * WIDTH)
      throw new Error('This tally was made by another version, with other fields. Begin a new run.')
  }

  add(field: number, kind: Kind | null, stored: number | null, recomputed: number | null): void {
    const { cells } = this
    const at = field * WIDTH
    cells[at]!++
    if (kind !== null) cells[at + AT[kind]]!++
    if (stored === null || recomputed === null) return
    cells[at + 4]! += Math.abs(stored - recomputed)
    cells[at + 5]! += Math.abs(stored) + Math.abs(recomputed)
  }

  merge(other: ArrayLike<number>): void {
    for (let i = 0; i < this.cells.length; i++) this.cells[i]! += other[i]!
  }

  fields(): FieldTally[] {
    return FIELDS.map(({ field, model }, i) => {
      const c = this.cells.subarray(i * WIDTH, (i + 1) * WIDTH)
      const smape = c[5]! > 0 ? c[4]! / c[5]! : 0
      return { field, model, compared: c[0]!, mismatches: c[1]!, missing: c[2]!, extra: c[3]!, smape }
    })
  }

  total(): { compared: number; mismatches: number; missing: number; extra: number } {
    const total = { compared: 0, mismatches: 0, missing: 0, extra: 0 }
    for (const f of this.fields()) {
      total.compared += f.compared
      total.mismatches += f.mismatches
      total.missing += f.missing
      total.extra += f.extra
    }
    return total
  }
}

/** Where stored and recomputed are collected as they are compared. */
export class Findings {
  readonly tally = new Tally()
  readonly differences: Difference[] = []

  /** Compares one value; with `tolerance` 0 the doubles have to be the same. */
  value(topic: string, field: number, stored: number | null, recomputed: number | null): void {
    const kind = judge(stored, recomputed, FIELDS[field]!.tolerance)
    this.tally.add(field, kind, stored, recomputed)
    if (kind !== null) this.differences.push({ topic, field, kind, stored, recomputed })
  }

  /** A whole row is there on one side only. */
  row(topic: string, field: number, kind: Kind): void {
    this.tally.add(field, kind, null, null)
    this.differences.push({ topic, field, kind, stored: null, recomputed: null })
  }

  matched(field: number): void {
    this.tally.add(field, null, null, null)
  }
}

export function judge(stored: number | null, recomputed: number | null, tolerance: number): Kind | null {
  if (stored === null) return recomputed === null ? null : 'missing'
  if (recomputed === null) return 'extra'
  // NaN would be a difference even from itself, which is right: neither side may hold one.
  return stored === recomputed || Math.abs(stored - recomputed) <= tolerance ? null : 'mismatch'
}
