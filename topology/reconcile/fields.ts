import type { TopicFeatures, WindowCounts } from '@mastery/schemas/src/generated/feature-record.gen.ts'
import type { TopicScore } from '@mastery/schemas/src/generated/mastery-score.gen.ts'
import { MODELS } from '../models/catalog.ts'
import { SERVED } from '../served/catalog.ts'
import { MODEL_IDS } from '../stages/scoring/in-force.ts'

/** One thing that is compared: a column of gold, or a part of a state (`state.…`). */
export interface Field {
  field: string
  /** Empty for features. */
  model: string
  /** How far stored and recomputed may lie apart. */
  tolerance: number
}

/** Values of a row in the order of its fields; null where the column is. */
export type Values = readonly (number | null)[]

export const WINDOW_DAYS = [7, 30, 90] as const
export const COUNTS = [
  'attempts',
  'correct',
  'score_micro',
  'response_ms',
  'response_n',
  'practice_attempts',
  'practice_correct',
  'hinted',
  'hints',
  'revisits',
  'video_events',
  'video_coverage_micro',
  'help_requests',
  'feedback_n',
  'feedback_micro',
] as const satisfies readonly (keyof WindowCounts)[]

const exact = (field: string): Field => ({ field, model: '', tolerance: 0 })
/** The blend is a mean of the others and moves no further than they do. */
const BLENDED = Math.max(0, ...[...MODELS, ...SERVED].map((m) => m.tolerance ?? 0))
const toleranceOf = (model: string): number =>
  [...MODELS, ...SERVED].find((m) => m.id === model)?.tolerance ?? (MODEL_IDS.at(-1) === model ? BLENDED : 0)

export const FEATURE_FIELDS: readonly Field[] = [
  ...['as_of', 'previous_at', 'attempts_total', 'trend_per_day', 'decayed_accuracy'].map(exact),
  ...WINDOW_DAYS.flatMap((d) => COUNTS.map((name) => exact(`${name}_${d}d`))),
]

export const SCORE_FIELDS: readonly Field[] = [
  { field: 'as_of', model: 'all', tolerance: 0 },
  { field: 'opportunities', model: 'all', tolerance: 0 },
  { field: 'uncertainty', model: MODEL_IDS.at(-1)!, tolerance: BLENDED },
  ...MODEL_IDS.map((model) => ({ field: 'mastery_score', model, tolerance: toleranceOf(model) })),
]

/** Whole rows, and what the states hold beyond them. */
const ROW_FIELDS: readonly Field[] = [
  exact('features_row'),
  { field: 'mastery_row', model: 'all', tolerance: 0 },
  exact('state.event'),
  exact('state.attempts_total'),
  { field: 'state.opportunity', model: 'all', tolerance: 0 },
  ...MODEL_IDS.map((model) => ({ field: 'state.knowledge', model, tolerance: toleranceOf(model) })),
]

/** Every field, in the order of a tally. */
export const FIELDS: readonly Field[] = [...FEATURE_FIELDS, ...SCORE_FIELDS, ...ROW_FIELDS]

const places = new Map(FIELDS.map((f, i) => [`${f.field}/${f.model}`, i]))

export function fieldIndex(field: string, model = ''): number {
  const i = places.get(`${field}/${model}`)
  if (i === undefined) throw new Error(`Nothing is compared under the name ${field}${model ? ` of ${model}` : ''}.`)
  return i
}

export function featureValues(r: TopicFeatures): Values {
  const values: (number | null)[] = [r.as_of, r.previous_at, r.attempts_total, r.trend_per_day, r.decayed_accuracy]
  for (const days of WINDOW_DAYS) {
    const w = r.windows.find((x) => x.days === days)
    for (const name of COUNTS) values.push(w ? w[name] : 0)
  }
  return values
}

export function scoreValues(r: TopicScore): Values {
  const of = new Map(r.scores.map((s) => [s.model, s.mastery]))
  return [r.as_of, r.opportunities, r.uncertainty, ...MODEL_IDS.map((m) => of.get(m) ?? null)]
}
