// Generated from avro/ops-signal/v1.avsc by `npm run generate`. Do not edit.

/** What was looked at. */
export type SignalKind = 'item_health' | 'item_drift' | 'model_drift' | 'data_drift' | 'unknown'

/** One figure. */
export interface Figure {
  /** Which. */
  code: string
  /** Its value. */
  value: number
}

/** One item, model version or series, and what was found. */
export interface SignalSubject {
  /** Item id, model version or name of the series. */
  subject: string
  /** Knowledge component of an item. */
  topic: null | string
  /** Codes of what was found, such as negative_discrimination, drift, key. */
  findings: string[]
  /** End of the first window in which it was found, event time; null: not known. */
  since: null | number
  /** What it rests on, strongest first. */
  figures: Figure[]
}

/** All that a look at gold found of one kind in one organisation: a whole picture. What is not in it is well, as far as is known. */
export interface OpsSignal {
  /** The organisation. */
  tenant: string
  /** What was looked at. model_drift: quality and scores of models; data_drift: volume, mix, missing values, features. */
  kind: SignalKind
  /** When gold was looked at, by the clock of the job. */
  at: number
  /** Event time up to which gold knew: end of the newest window. */
  as_of: number
  /** Items or series that were looked at. */
  looked_at: number
  /** Those of them that something was found of; more than `subjects` holds where there are very many. */
  total: number
  /** What something was found of, the worst first, 500 at most. */
  subjects: SignalSubject[]
}
