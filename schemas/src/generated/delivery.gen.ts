// Generated from avro/delivery/v1.avsc by `npm run generate`. Do not edit.

/** Why it goes out now. */
export type DeliveryKind = 'urgent' | 'group' | 'digest' | 'unknown'

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
  /** What it is about: student, class, item, model or pipeline. */
  scope: string
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
  /** text: in the message. more: beyond the reader's budget. muted: an alert on the whole class or on the data stands for it. The last two are in the inbox only. */
  place: string
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
  /** Version of the alert policy that decided the newest of its items. */
  policy: string
  /** The instant for which it was decided, UTC milliseconds: a notice's own time, the end of quiet hours, or the reader's digest hour. */
  now: number
  /** What it tells, most pressing first, then what stands in the inbox only. */
  items: DeliveryItem[]
  /** How many of the items the budget left out of the text; they are in the inbox. */
  more: number
  /** How many of the items another alert stands for; they are in the inbox. */
  muted: number
}
