import type { BktConstraints } from '../em.ts'

const anything = { low: 1e-9, high: 1 - 1e-9 }

/** Plain maximum likelihood: no prior, and bounds that only keep logarithms finite. */
export const UNBOUNDED: BktConstraints = {
  bounds: { prior: anything, learn: anything, slip: anything, guess: anything, forget: anything },
  guessPlusSlip: 1 - 1e-6,
  mean: { prior: 0.4, learn: 0.15, slip: 0.1, guess: 0.25, forget: 0.05 },
  strength: { prior: 0, learn: 0, slip: 0, guess: 0, forget: 0 },
}
