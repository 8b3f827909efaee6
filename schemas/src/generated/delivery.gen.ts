// Generated from avro/delivery/v1.avsc by `npm run generate`. Do not edit.

/** Why it goes out now. */
export type DeliveryKind = 'urgent' | 'digest' | 'unknown'

/** One fact that a reader can check. */
export interface Evidence {
  /** Which fact; the words are made from it at the edges. */
  code: string
  /** The figure that a reader sees; null where there is none. */
  value: null | number
  /** A name that goes with it: a topic, an item, a rule. */
  text: null | string
}

/** One notice in a delivery. */
export interface DeliveryItem {
  /** The alert. */
  alert_id: string
  /** Which of its transitions. */
  sequence: number
  /** firing, resolved or escalated. */
  kind: string
  /** Rule of the policy. */
  rule: string
  /** info, normal or urgent. */
  severity: string
  /** Pseudonym, where it is about one. */
  student: null | string
  /** Class of the roster, where it is about one or known. */
  class: null | string
  /** Knowledge component, where it is about one. */
  topic: null | string
  /** Event time of what caused it. */
  occurred_at: number
  /** What it rests on. */
  evidence: Evidence[]
  /** How many notices of members it stands for, where it is about a class. */
  mutes: number
}

/** One message to one person, ready to be rendered and sent. */
export interface Delivery {
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
  /** Stable name: of recipient and the (alert, sequence) in it. Message-ID, webhook id and job id come from it. */
  delivery_id: string
  /** Pseudonym of the person; also the record key. */
  recipient: string
  /** As what. */
  role: string
  /** Why it goes out now. */
  kind: DeliveryKind
  /** School of the roster. */
  school: null | string
  /** The tick at which it was decided. */
  now: number
  /** What it tells, most pressing first. */
  items: DeliveryItem[]
  /** How many further notices the budget left out of the text; they are in the inbox. */
  more: number
}
