import { chiSquareTail } from '../numeric/special.ts'
import { total } from './samples.ts'

export interface TableTest {
  statistic: number
  df: number
}

/** Pearson's test that all rows of a table of counts have the same shares; columns that nobody is in are left out. */
export function homogeneity(rows: readonly ArrayLike<number>[]): TableTest {
  const filled = rows.filter((r) => total(r) > 0)
  const sums = filled.map(total)
  const all = total(sums)
  let statistic = 0
  let columns = 0
  for (let k = 0; k < (filled[0]?.length ?? 0); k++) {
    const column = total(filled.map((r) => r[k]!))
    if (column === 0) continue
    columns++
    filled.forEach((r, i) => {
      const e = (sums[i]! * column) / all
      statistic += ((r[k]! - e) * (r[k]! - e)) / e
    })
  }
  return { statistic, df: Math.max(0, filled.length - 1) * Math.max(0, columns - 1) }
}

/** P of two rows of counts, without a correction for continuity. */
export function contingencyP(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const { statistic, df } = homogeneity([a, b])
  return df === 0 ? 1 : chiSquareTail(statistic, df)
}
