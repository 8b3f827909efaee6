/** One first attempt within a stretch of practice. */
export interface BlockAnswer {
  correct: boolean
  /** How often students answer its item right. */
  share: number
}

export interface Reward {
  gain: number
  /** Inverse variance against that of a block of eight. */
  weight: number
}

/** A stretch of practice holds so many answers at most, and at least so many that it says something. */
export const BLOCK_ANSWERS = 8
export const LEAST_BLOCK_ANSWERS = 4
/** Idle time that ends a stretch. */
export const BLOCK_GAP_MS = 30 * 60_000

/**
 * What a stretch of practice on one topic brought: how much better its second half went than its first, each answer
 * against the usual share of right ones on its item.
 *
 * It is a difference of differences. What a student could do beforehand, whatever the models thought of it, and what had
 * been forgotten is in both halves and cancels; so does how hard the items are. What remains in expectation is what was
 * learned between the halves' middles, about half of what was learned in all. Correctness as such would pay for asking
 * what is known already, and the change of a model's own estimate would pay for the model's habits: knowledge tracing
 * takes it that every answer teaches, and Elo's step shrinks with the answers that came before. The price is noise: the
 * standard deviation is about 0.3 against gains of some hundredths, so that thousands of stretches are wanted.
 * Null for fewer than four answers. The middle one of an odd number is left out.
 */
export function rewardOf(answers: readonly BlockAnswer[]): Reward | null {
  if (answers.length < LEAST_BLOCK_ANSWERS) return null
  const half = Math.floor(answers.length / 2)
  let gain = 0
  for (let i = 0; i < half; i++) {
    const first = answers[i]!
    const second = answers[answers.length - half + i]!
    gain += Number(second.correct) - second.share - (Number(first.correct) - first.share)
  }
  return { gain: gain / half, weight: (2 * half) / BLOCK_ANSWERS }
}
