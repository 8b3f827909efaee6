// Generated from avro/marker/v1.avsc by `npm run generate`. Do not edit.

export type MarkerAction = 'prepare' | 'activate' | 'begin_generation' | 'end_generation' | 'unknown'

export type MarkerSubject = 'model' | 'policy' | 'roster' | 'generation' | 'unknown'

/** One instruction with one id in every partition of learning.events; each partition switches at its own copy. */
export interface Marker {
  /** Identity, the same in all partitions. */
  marker_id: string
  /** What happens at this place. */
  action: MarkerAction
  /** What it happens to. */
  subject: MarkerSubject
  /** Model id, policy name, or generation name. */
  name: string
  /** The version that is prepared or activated. */
  version: string
  /** Parameters as JSON, where they are small enough to travel with the marker. */
  payload: null | string
  /** UTC milliseconds. */
  issued_at: number
}
