/** How long until mastery stayed at or above a threshold. */
export interface TimeToMastery {
  /** False: it has not yet, and the times are those after which it still had not (censored). */
  reached: boolean
  /** Opportunities up to and with the last of those that had to stay. */
  opportunities: number
  /** Days from the first opportunity to that one. */
  days: number
}

const DAY = 86_400_000

/**
 * When mastery was at `threshold` or above after each of `stays` opportunities on end for the first time. The time is
 * that of the last of them: it is known when it comes, without a look ahead, which is what the censoring of those who
 * are not there yet has to assume.
 * @param mastery after each opportunity, in order
 * @param at UTC milliseconds of each
 */
export function timeToMastery(
  mastery: readonly number[],
  at: readonly number[],
  threshold: number,
  stays: number,
): TimeToMastery {
  let run = 0
  for (let i = 0; i < mastery.length; i++) {
    run = mastery[i]! >= threshold ? run + 1 : 0
    if (run === stays) return { reached: true, opportunities: i + 1, days: (at[i]! - at[0]!) / DAY }
  }
  const n = mastery.length
  return { reached: false, opportunities: n, days: n === 0 ? 0 : (at[n - 1]! - at[0]!) / DAY }
}
