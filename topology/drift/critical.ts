import { chiSquareTail, criticalValue, fTail } from '../numeric/special.ts'

/** Found once for each: few degrees of freedom occur, and finding one takes as long as a whole comparison. */
const known = new Map<string, number>()
const MOST_KNOWN = 10_000

function once(key: string, find: () => number): number {
  let value = known.get(key)
  if (value !== undefined) return value
  if (known.size >= MOST_KNOWN) known.clear()
  known.set(key, (value = find()))
  return value
}

/** What an F variable passes with chance alpha. */
export const fCritical = (m: number, n: number, alpha: number): number =>
  once(`f ${m} ${n} ${alpha}`, () => criticalValue((x) => fTail(x, m, n), alpha))

/** What a chi-square variable passes with chance alpha. */
export const chiSquareCritical = (df: number, alpha: number): number =>
  once(`chi ${df} ${alpha}`, () => criticalValue((x) => chiSquareTail(x, df), alpha))
