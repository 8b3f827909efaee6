// Generated from avro/tick/v1.avsc by `npm run generate`. Do not edit.

/** Time, as a record. A stage's now is the greatest tick that it has read. */
export interface Tick {
  /** UTC milliseconds. Virtual in imports and simulations. */
  at: number
}
