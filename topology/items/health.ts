import { flagsOf } from './flags.ts'
import type { ItemHealth } from './item-health.ts'
import type { ItemSums } from './item-sums.ts'
import type { ItemParameters } from './parameters.ts'
import { RAPID_OPTIONS, type RapidOptions, rapidThreshold } from './rapid.ts'

/** Below so many answers figures are given, and nothing is concluded from them. */
export const LEAST_ANSWERS = 30

/**
 * Health of an item that has at least one answer.
 * @param comparable `parameters` are on the scale of the abilities: a difficulty that moved is flagged
 */
export function itemHealth(
  sums: ItemSums,
  parameters: ItemParameters | null,
  comparable: boolean,
  rapid: RapidOptions = RAPID_OPTIONS,
  pooled: number | null = null,
): ItemHealth {
  const { times, abilityGrid } = sums
  const threshold = rapidThreshold(times, rapid, pooled)
  const observed = abilityGrid.difficulty()
  const rate = (edge: number | null) => (edge === null || times.n === 0 ? null : times.below(edge).answers / times.n)
  const below = threshold.chosen === null ? null : times.below(threshold.chosen)
  const r = sums.pointBiserial()
  const health: ItemHealth = {
    status: 'insufficient',
    flags: [],
    answers: sums.answers,
    students: sums.students.size,
    firstAt: sums.firstAt,
    lastAt: sums.lastAt,
    pValue: sums.right / sums.answers,
    pValueFirst: sums.firstAnswers === 0 ? null : sums.firstRight / sums.firstAnswers,
    meanResidual: sums.meanResidual(),
    parameters,
    observed,
    pointBiserial: Number.isNaN(r) ? null : r,
    upperLower: abilityGrid.upperLower(),
    raw: sums.rawFit(),
    fit: abilityGrid.fit(observed.value),
    timed: times.n,
    medianMs: times.n === 0 ? null : times.quantile(0.5),
    threshold,
    rapidRate: rate(threshold.chosen),
    rapidRateNormative: rate(threshold.normative),
    rapidRateMixture: rate(threshold.mixture),
    rapidRight: below === null || below.answers === 0 ? null : below.right / below.answers,
    options: sums.options.uses(),
  }
  if (sums.answers < LEAST_ANSWERS) return health
  health.flags = flagsOf(health, comparable)
  health.status = health.flags.length > 0 ? 'flagged' : 'healthy'
  return health
}
