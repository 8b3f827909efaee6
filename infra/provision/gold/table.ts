/** One column: name, ClickHouse type, what it holds. */
export type Column = readonly [name: string, type: string, about: string]

/** A ReplacingMergeTree: of rows with one `order` the one with the greatest `version` stays, else the last inserted. */
export interface GoldTable {
  name: string
  about: string
  columns: readonly Column[]
  /** Sorting key; it holds the row's identity, so that a row that is inserted again is the same row. */
  order: readonly string[]
  version: string | null
  /** Column of a monthly partition. Null for current tables: rows of two partitions never replace each other. */
  month: string | null
  /** Column that retention goes by. Null: never expires. */
  age: string | null
  /** Columns whose hash chooses the shard; part of `order`, so that equal keys meet on one shard and FINAL stays right. */
  shard: readonly string[]
  /** Has a column stored_at, which the engine sets when it takes a row; `SELECT *` leaves it out. */
  stored?: true
  /** Skip indexes, as DDL. */
  indexes?: readonly string[]
}

export const TIME = "DateTime64(3, 'UTC')"
export const LC = 'LowCardinality(String)'

export const WHO: readonly Column[] = [
  ['tenant', LC, 'Organisation.'],
  ['student_id', 'String', 'Pseudonym of the student.'],
]
export const PLACE: readonly Column[] = [
  ['src_partition', 'UInt16', 'Partition of learning.events in which the record stands.'],
  ['src_offset', 'UInt64', 'Its offset.'],
]
/** Where a row comes from; `partition`: which one it is of. Rows of an input that can make more than 65,535 have `wide` ordinals. */
export function from(partition: string, ordinal: string, wide = false): readonly Column[] {
  return [
    ['src_partition', 'UInt16', partition],
    ['src_offset', 'UInt64', 'Offset there of the record that caused this row.'],
    ['ordinal', wide ? 'UInt32' : 'UInt16', ordinal],
    ['generation', 'UInt16', 'Generation of the computation.'],
  ]
}
export const FROM = from(
  "Partition of the record that caused this row; with src_offset and ordinal the row's identity.",
  "Which of that record's rows this is.",
)
/** What an alert or a notice of it rests on. */
export const EVIDENCE: readonly Column[] = [
  ['evidence_codes', `Array(${LC})`, 'What it rests on, the strongest first.'],
  ['evidence_values', 'Array(Nullable(Float64))', 'Their values.'],
  ['evidence_texts', 'Array(Nullable(String))', 'Names that go with them.'],
]
export const VERSION: Column = [
  'version',
  'UInt64',
  'offset * 2^4 + ordinal: of two rows with one key, which holds the generation, the greater wins.',
]
/** What a DateTime64 cannot hold is shown as its end; the log's own number stands beside it. */
export const beyond = (name: string, of: string): Column => [
  name,
  'Nullable(Int64)',
  `${of} in UTC milliseconds, where it lies outside the years 1900 to 2299; else null.`,
]
export const LOGGED: Column = ['logged_ms', 'Float64', 'Time of the log record, UTC milliseconds.']

/** Sharded by student. */
export const STUDENT = ['student_id'] as const
