const Z = 1.959963984540054

/**
 * 95 % interval of a share by Wilson (Journal of the American Statistical Association 22, 1927): right also for few
 * answers and for shares near 0 and 1. From 0 to 1 where there is no answer.
 */
export function wilson(successes: number, n: number): { low: number; high: number } {
  if (n === 0) return { low: 0, high: 1 }
  const p = successes / n
  const z2 = (Z * Z) / n
  const centre = (p + z2 / 2) / (1 + z2)
  const half = (Z * Math.sqrt((p * (1 - p)) / n + z2 / (4 * n))) / (1 + z2)
  // Exact at the ends, where rounding would leave the share itself outside.
  return { low: successes === 0 ? 0 : centre - half, high: successes === n ? 1 : centre + half }
}
