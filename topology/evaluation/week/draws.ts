import { Random } from '../../school/random.ts'

/** Sums over rows, each times its weight: what every figure of a forecast is made of. */
export interface Sums {
  weight: number
  /** Target, and its square. */
  y: number
  yy: number
  /** Squared errors and binomial log losses, by model. */
  squares: Float64Array
  losses: Float64Array
}

export interface Figures {
  rmse: number
  log_loss: number
  r2: number
}

export const FIGURES = ['rmse', 'log_loss', 'r2'] as const

/** r2 is of the squared errors of the rows' own mean; NaN where all targets are alike. */
export function figuresOf(s: Sums, model: number): Figures {
  const spread = s.yy - (s.y * s.y) / s.weight
  return {
    rmse: Math.sqrt(s.squares[model]! / s.weight),
    log_loss: s.losses[model]! / s.weight,
    r2: spread > 1e-12 * s.weight ? 1 - s.squares[model]! / spread : Number.NaN,
  }
}

export function emptySums(models: number): Sums {
  return { weight: 0, y: 0, yy: 0, squares: new Float64Array(models), losses: new Float64Array(models) }
}

/** Adds `other` to `to`, `times` times. */
export function addSums(to: Sums, other: Sums, times: number): void {
  to.weight += times * other.weight
  to.y += times * other.y
  to.yy += times * other.yy
  for (let m = 0; m < to.squares.length; m++) {
    to.squares[m]! += times * other.squares[m]!
    to.losses[m]! += times * other.losses[m]!
  }
}

/**
 * Figures of each model on draws of students with replacement, each student with all of their rows, the same draws for all
 * models: differences are paired. Weeks of one student overlap from row to row, so that rows are no draws of their own.
 * Gives the share that is done, in between; in the end `[model][figure]`, a value per draw.
 */
export function* drawFigures(
  students: readonly Sums[],
  models: number,
  { seed, draws }: { seed: number; draws: number },
): Generator<number, Record<keyof Figures, Float64Array>[]> {
  const random = new Random(seed, 0x7eeb)
  const out = Array.from({ length: models }, () => ({
    rmse: new Float64Array(draws),
    log_loss: new Float64Array(draws),
    r2: new Float64Array(draws),
  }))
  const times = new Uint32Array(students.length)
  for (let d = 0; d < draws; d++) {
    times.fill(0)
    for (let i = 0; i < students.length; i++) times[Math.floor(random.uniform() * students.length)]!++
    const all = emptySums(models)
    for (let s = 0; s < students.length; s++) if (times[s]! > 0) addSums(all, students[s]!, times[s]!)
    for (let m = 0; m < models; m++) {
      const figures = figuresOf(all, m)
      for (const f of FIGURES) out[m]![f][d] = figures[f]
    }
    if (d % 20 === 19) yield (d + 1) / draws
  }
  return out
}
