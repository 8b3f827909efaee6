import { CALIBRATION_BINS, isNumeric, type ScaleName, scaleOf } from './scales.ts'

/**
 * feature: a number over the rows of features. score: a mastery or a prediction of a model version. missing: shares of
 * rows without something. mix: shares of kinds. volume: how many rows. quality: how well a version predicted.
 */
export type SeriesKind = 'feature' | 'score' | 'missing' | 'mix' | 'volume' | 'quality'

/** What is watched, within a tenant. */
export interface Series {
  kind: SeriesKind
  /** Names it within kind and model version. */
  name: string
  /** Empty where it is not about a model. */
  model: string
  version: string
  scale: ScaleName
}

/** Measures that a quality series sums, in their order. */
export const QUALITY_MEASURES = ['residual', 'log_loss', 'brier'] as const

export const seriesKey = (s: Series): string => [s.kind, s.name, s.model, s.version].join('\u0000')

/** As people read it. */
export const seriesName = (s: Pick<Series, 'kind' | 'name' | 'model' | 'version'>): string =>
  s.model === '' ? `${s.kind}/${s.name}` : `${s.kind}/${s.name}/${s.model}@${s.version}`

/** Bins of a series, where they do not come with its rows. */
export function binsOf(scale: ScaleName): number {
  if (isNumeric(scale)) return scaleOf(scale).edges.length + 1
  return scale === 'calibration' ? 2 * CALIBRATION_BINS : 0
}

export const measuresOf = (s: Series): number =>
  s.kind === 'quality' ? QUALITY_MEASURES.length : isNumeric(s.scale) ? 1 : 0
