import type { RapidOptions } from '@mastery/topology/items/rapid.ts'

/** What the thread needs before the first answer. */
export interface FoldSetup {
  /** Of each version that predicted, its parameters as JSON; null: it knows no item. */
  versions: readonly (readonly [version: string, parameters: string | null])[]
  /** Parameters that items are shown with, as JSON; null: none. */
  shown: string | null
  /** They are on the scale of the abilities, so that difficulties can be compared. */
  comparable: boolean
  /** Students by tenant. */
  students: readonly (readonly [tenant: string, students: number])[]
  rapid: RapidOptions
  /** Threshold of rapid guesses over all items, by tenant. */
  pooled: readonly (readonly [tenant: string, ms: number])[]
  stamp: Stamp
}

/** What every row says of its making. */
export interface Stamp {
  runId: string
  /** UTC milliseconds. */
  asOf: number
  generation: number
  source: string
  /** Version in force whose parameters are shown; empty: none. */
  version: string
}

export interface FoldCounts {
  answers: number
  items: number
  flagged: number
  insufficient: number
  windows: number
}

/** Rows in the order of their table's columns. */
export interface FoldedRows {
  item_health: unknown[][]
  item_drift: unknown[][]
}

export type ToFold = { type: 'chunk'; bytes: Uint8Array } | { type: 'end' }
export type FromFold =
  | { type: 'taken'; rows: FoldedRows; answers: number }
  | { type: 'done'; rows: FoldedRows; counts: FoldCounts }
  | { type: 'failed'; message: string; stack: string }
