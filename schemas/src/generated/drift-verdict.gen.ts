// Generated from avro/drift-verdict/v1.avsc by `npm run generate`. Do not edit.

/** One figure of a comparison. */
export interface DriftMetric {
  /** Which one, and which variant of it. */
  name: string
  /** The figure. */
  value: number
  /** Below it the effect is none, however certain; null: told, not judged. */
  floor: null | number
  /** What chance passes at these sizes at the allowed rate. */
  critical: null | number
  /** How far the figure of the values themselves can lie away, where it is from bins. */
  error: null | number
}

/** What was found of one series in one window. */
export interface DriftVerdict {
  /** Partition of the input record. */
  origin_partition: number
  /** Offset of the input record. */
  origin_offset: number
  /** Which of the input record's outputs this is. */
  ordinal: number
  /** Generation of the computation. */
  generation: number
  /** The organisation; also the record key. */
  tenant: string
  /** feature, score, missing, mix, volume or quality. */
  kind: string
  /** Names the series within its kind and model version. */
  name: string
  /** Model id; empty where it is not about a model. */
  model: string
  /** Version of the model; empty where it is not about a model. */
  version: string
  /** week (by event time) or count (whole buckets, until there are enough rows). */
  window_kind: string
  /** Begin of the window. */
  window_from: number
  /** Its end, which does not belong to it. */
  window_to: number
  /** stable, suspect (this window), drift (two of the last three), insufficient, no_reference, or between_terms. */
  state: string
  /** Whether it began or ended to drift with this window. */
  changed: boolean
  /** same_phase (of the school year before), version (the model version's first weeks), weeks_before, or none. */
  reference: string
  /** Begin of the reference. */
  reference_from: null | number
  /** Its end. */
  reference_to: null | number
  /** Where the window lies in the school year. */
  phase: string
  /** Rows in the window. */
  rows: number
  /** Rows in the reference. */
  reference_rows: number
  /** Rows that would tell as much if none of one student, class or week had anything in common. */
  independent_rows: null | number
  /** By how much more than independent rows the figures spread. */
  dispersion: null | number
  /** Chance of such a difference without drift, for this series alone. */
  p: null | number
  /** Corrected over all series of the round (Benjamini-Hochberg). */
  p_adjusted: null | number
  /** How many series were compared in the round. */
  series_in_round: number
  /** The figures. */
  metrics: DriftMetric[]
  /** Detectors on the daily means that fired since the last verdict. */
  detected: string[]
  /** Bins of the counts. */
  scale: string
  /** Names of the bins, where they are not numbers. */
  labels: string[]
  /** Rows of the window by bin. */
  counts: number[]
  /** Rows of the reference by bin. */
  reference_counts: number[]
}
