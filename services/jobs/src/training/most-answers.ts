/** Answers that are fitted on at most unless more are asked for: one to two gigabytes while they are read. */
export const MOST_ANSWERS = 5_000_000
