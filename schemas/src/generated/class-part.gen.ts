// Generated from avro/class-part/v1.avsc by `npm run generate`. Do not edit.

/** What one partition of mastery.scores adds to a week of a class on a topic, for one rule. Of classes only: no student can be told from it by name. */
export interface ClassPart {
  /** Partition of the input record. */
  origin_partition: number
  /** Offset of the input record. */
  origin_offset: number
  /** Which of the input record's outputs to this topic this is. */
  ordinal: number
  /** Generation of the computation. */
  generation: number
  /** The organisation. */
  tenant: string
  /** Class of the roster. */
  class: string
  /** Knowledge component. */
  topic: string
  /** Rule of the policy, which says who counts. */
  rule: string
  /** End of the week, Monday, UTC; exclusive. */
  week_to: number
  /** Students with answers enough in the week. */
  members: number
  /** Those of them whose mastery fell by as much as the rule asks for. */
  fell: number
  /** Sum of how far their own answers of the week moved their mastery, millionths. */
  change_micro: number
  /** Sum of their mastery at the end of the week, millionths. */
  mastery_micro: number
}
