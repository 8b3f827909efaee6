/** What a message says of one notice; sentences without a full stop at their end are none of ours. */
export interface ItemWords {
  /** What happened, with the topic, without the student. */
  headline: string
  /** The evidence, a sentence each, strongest first. */
  evidence: string[]
  /** What one could do next; null where nothing is to be done. */
  next: string | null
}
