// Generated from avro/drift-bucket-end/v1.avsc by `npm run generate`. Do not edit.

/** One partition of one stage's output has closed its buckets up to a time; every partition of drift.partials gets it. */
export interface DriftBucketEnd {
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
  /** The partition of that output. */
  source: number
  /** How many partitions that output has. */
  sources: number
  /** Every bucket that ends at or before it is closed. */
  closed_until: number
  /** Records since the last such end that came after their own bucket's end and were counted in the oldest open one. */
  late: number
  /** Records since then that were too late to count. */
  left_out: number
}
