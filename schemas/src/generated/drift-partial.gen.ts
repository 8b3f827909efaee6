// Generated from avro/drift-partial/v1.avsc by `npm run generate`. Do not edit.

/** What one partition of one stage's output saw of a series within a closed bucket of event time. Whole numbers, so that partials merge in any order. */
export interface DriftPartial {
  /** Partition of the input record. */
  origin_partition: number
  /** Offset of the input record. */
  origin_offset: number
  /** Which of the input record's outputs this is. */
  ordinal: number
  /** Generation of the computation. */
  generation: number
  /** Whose output was read: features or scores. */
  stage: string
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
  /** Fixed bins that the counts are of. */
  scale: string
  /** Names of the bins, where they are not numbers. */
  labels: string[]
  /** Begin of the bucket. */
  bucket_from: number
  /** Its end, which does not belong to it. */
  bucket_to: number
  /** Rows by group of students and bin: all bins of the first group, then of the next. */
  counts: number[]
  /** By group and measure the sum of the values and of their squares, in millionths. */
  sums: number[]
}
