// Generated from avro/alert/v1.avsc by `npm run generate`. Do not edit.

/** What an alert is about. */
export type Scope = 'student' | 'class' | 'item' | 'model' | 'pipeline' | 'unknown'

/** How much it presses. */
export type Severity = 'info' | 'normal' | 'urgent' | 'unknown'

/** State of an alert. */
export type AlertState = 'normal' | 'pending' | 'firing' | 'recovering' | 'resolved' | 'no_data' | 'acknowledged' | 'silenced' | 'unknown'

/** One fact that a reader can check. */
export interface Evidence {
  /** Which fact; the words are made from it at the edges. */
  code: string
  /** The figure that a reader sees; null where there is none. */
  value: null | number
  /** A name that goes with it: a topic, an item, a rule. */
  text: null | string
}

/** One transition of one alert's state. */
export interface Alert {
  /** Partition of the input record. */
  origin_partition: number
  /** Offset of the input record. */
  origin_offset: number
  /** Which of the input record's outputs this is. */
  ordinal: number
  /** Generation of the computation. */
  generation: number
  /** The organisation. */
  tenant: string
  /** Stable name: of tenant, rule, scope, student or class, topic, and the how-manieth time it began. The same in every generation. */
  alert_id: string
  /** Which transition of this alert that is told to people, from 1; 0 where nobody is told. */
  sequence: number
  /** Rule of the policy. */
  rule: string
  /** Version of the policy that was in force. */
  policy: string
  /** What it is about. */
  scope: Scope
  /** Pseudonym, where it is about one. */
  student: null | string
  /** Class of the roster, where it is about one or known. */
  class: null | string
  /** Knowledge component, where it is about one. */
  topic: null | string
  /** Urgent ones are told at once. */
  severity: Severity
  /** State from here on. */
  state: AlertState
  /** State before. */
  before: AlertState
  /** What moved it: answer, late_answer, repair, time, policy, acknowledge, silence, unsilence, not_useful, erased. */
  cause: string
  /** Event time of what caused it; the tick where time alone did. */
  occurred_at: number
  /** Greatest tick of the partition; 0 before the first. */
  now: number
  /** Whether people are told of this transition. */
  told: boolean
  /** Why nobody is told where somebody would be: late, replayed, cooldown, silenced, no recipient. */
  held_back: null | string
  /** What it rests on, strongest first. */
  evidence: Evidence[]
  /** Pseudonym of who acknowledged or silenced. */
  by: null | string
  /** When an acknowledgement or a silence ends. */
  until: null | number
  /** Why, in the words of who acknowledged or silenced. */
  reason: null | string
}
