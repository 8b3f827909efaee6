import { type Column, EVIDENCE, FROM, type GoldTable, LC, STUDENT, TIME, WHO } from './table.ts'

const READER: Column = ['recipient', 'String', 'Pseudonym of the reader.']
const CHANNEL: Column = ['channel', LC, 'mail, webhook or inbox.']
const DELIVERY: Column = ['delivery_id', 'String', 'Delivery; Message-ID and webhook id come from it.']
const NOTICE: readonly Column[] = [
  ['kind', LC, 'firing, resolved or escalated.'],
  ['rule', LC, 'Rule of the policy.'],
  ['scope', LC, 'What it is about: student, class, item, model or pipeline.'],
  ['severity', LC, 'info, normal or urgent.'],
  ['class_id', 'String', 'Class of the roster; empty where none is meant.'],
  ['topic_id', 'String', 'Knowledge component; empty where none is meant.'],
  ['occurred_at', TIME, 'Event time of what caused it.'],
]
const PLACE_IN: Column = [
  'place',
  LC,
  'text: in the message. more: beyond the budget. muted: another alert stands for it.',
]
const MUTES: Column = ['mutes', 'UInt32', 'How many notices of members it stands for.']

/** Who was told of what, how it went, and what readers find in their inbox. */
export const DELIVERY_TABLES: readonly GoldTable[] = [
  {
    name: 'deliveries',
    about: 'Every notice in every message that was decided, sent or not; v_deliveries has one row per message.',
    columns: [
      ...WHO,
      READER,
      ['role', LC, 'As what the reader is told.'],
      DELIVERY,
      ['delivery_kind', LC, 'urgent, group or digest.'],
      ['alert_id', 'String', 'Alert.'],
      ['sequence', 'UInt32', 'Which of its transitions.'],
      ...NOTICE,
      PLACE_IN,
      MUTES,
      ['school', 'String', 'School of the roster; empty where none is meant.'],
      ['policy', 'String', 'Version of the alert policy that decided it.'],
      ['decided_at', TIME, 'The instant for which it was decided.'],
      ...FROM,
    ],
    order: ['tenant', 'student_id', 'decided_at', 'delivery_id', 'alert_id', 'sequence', 'generation'],
    version: null,
    month: 'decided_at',
    age: 'decided_at',
    stored: true,
    shard: STUDENT,
  },
  {
    name: 'delivery_outcomes',
    about: 'How each message fared on each channel, as it stands. The newest row of a message and channel stays.',
    columns: [
      ['tenant', LC, 'Organisation.'],
      DELIVERY,
      CHANNEL,
      [
        'outcome',
        LC,
        'accepted: the receiver took it. failed: it will be tried again. dead: it will not, until somebody says so. unwanted: the reader takes no such messages, or nothing of it may be told any more.',
      ],
      ['attempts', 'UInt32', 'Times that it was tried.'],
      ['message_id', 'String', 'Message-ID or webhook id; empty where it was not accepted.'],
      ['detail', 'String', "The receiver's answer, or why not. Names nobody."],
      ['at', TIME, 'When.'],
    ],
    order: ['tenant', 'delivery_id', 'channel'],
    version: 'at',
    month: null,
    age: 'at',
    shard: ['delivery_id'],
  },
  {
    name: 'inbox',
    about: 'What each reader was told of, or would have been had there been room; GET /alerts reads it.',
    columns: [
      ...WHO,
      READER,
      ['role', LC, 'As what the reader is told.'],
      ['alert_id', 'String', 'Alert.'],
      ['sequence', 'UInt32', 'Which of its transitions.'],
      DELIVERY,
      ...NOTICE,
      ['told_at', TIME, 'When the message was decided.'],
      ...EVIDENCE,
      MUTES,
      PLACE_IN,
    ],
    order: ['tenant', 'student_id', 'recipient', 'alert_id', 'sequence'],
    version: null,
    month: null,
    age: 'told_at',
    stored: true,
    shard: STUDENT,
    indexes: ['INDEX by_recipient recipient TYPE bloom_filter GRANULARITY 1'],
  },
  {
    name: 'delivery_optouts',
    about: 'Readers who take no messages over a channel, by their own click.',
    columns: [
      ['tenant', LC, 'Organisation.'],
      READER,
      CHANNEL,
      ['unwanted', 'Bool', 'No messages over it.'],
      ['at', TIME, 'When they said so.'],
    ],
    order: ['tenant', 'recipient', 'channel'],
    version: 'at',
    month: null,
    age: null,
    shard: ['recipient'],
  },
]

export const DELIVERY_VIEWS: readonly { name: string; about: string; select: (active: string) => string }[] = [
  {
    name: 'v_deliveries',
    about: 'One row per message that was decided, with how it fared per channel.',
    select: (
      active,
    ) => `SELECT d.tenant AS tenant, d.delivery_id AS delivery_id, any(d.recipient) AS recipient, any(d.role) AS role,
      any(d.delivery_kind) AS kind, any(d.decided_at) AS decided_at, countIf(d.place = 'text') AS told,
      countIf(d.place = 'more') AS more, countIf(d.place = 'muted') AS muted,
      any(o.channels) AS channels, any(o.outcomes) AS outcomes
      FROM (SELECT * FROM deliveries FINAL WHERE ${active}) AS d
      LEFT JOIN (SELECT tenant, delivery_id, groupArray(toString(channel)) AS channels, groupArray(toString(outcome)) AS outcomes
        FROM delivery_outcomes FINAL GROUP BY tenant, delivery_id) AS o ON o.tenant = d.tenant AND o.delivery_id = d.delivery_id
      GROUP BY tenant, delivery_id`,
  },
  {
    name: 'v_delivery_outcomes',
    about: 'How each message fared on each channel.',
    select: () => 'SELECT * FROM delivery_outcomes FINAL',
  },
  { name: 'v_inbox', about: 'What each reader was told of.', select: () => 'SELECT * FROM inbox FINAL' },
]
