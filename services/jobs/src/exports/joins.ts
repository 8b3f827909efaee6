/** What a join is made on: the columns of either side, by name. */
export interface Join {
  left: string
  right: string
  /** Of the joined columns, in one word or a few. */
  on: string
  /** Per key: an expression over the left table, and the column of the right one. */
  keys: readonly (readonly [left: string, right: string])[]
  /** Rows of the left table that have a key at all; left out: all. */
  where?: string
  /** Rows of the right table that count; left out: all. */
  rightWhere?: string
  /** Left rows are taken once per element of this array; an empty one is a key that is nowhere. */
  each?: string
  /** Why nothing is joined where the right table has no row that counts; left out: then nothing is covered. */
  mayBeEmpty?: string
  /** The right side stands before the export's --from where there is one. */
  looksBack?: true
}

const STUDENT = [
  ['tenant', 'tenant'],
  ['student_id', 'student_id'],
] as const
const TOPIC = ['topic', 'topic_id'] as const
const ITEM = [
  ['tenant', 'tenant'],
  ['item', 'item'],
] as const

/** How the exported tables belong together. */
export const JOINS: readonly Join[] = [
  { left: 'next_correct_predictions', right: 'student_state', on: 'student', keys: STUDENT },
  {
    left: 'next_correct_predictions',
    right: 'student_topic_mastery',
    on: 'student and topic',
    keys: [...STUDENT, TOPIC],
    each: 'topics',
  },
  {
    left: 'next_correct_predictions',
    right: 'item_health',
    on: 'item',
    keys: ITEM,
    where: 'item IS NOT NULL',
  },
  {
    left: 'next_correct_predictions',
    right: 'item_params',
    on: 'item',
    keys: [['item', 'item']],
    where: 'item IS NOT NULL',
    rightWhere: 'in_force',
    mayBeEmpty: 'no version in force knows items',
  },
  { left: 'student_topic_mastery', right: 'student_state', on: 'student', keys: STUDENT },
  { left: 'student_state', right: 'student_topic_mastery', on: 'student', keys: STUDENT, where: 'topics > 0' },
  { left: 'item_drift', right: 'item_health', on: 'item', keys: ITEM },
  { left: 'sakt_attention', right: 'student_state', on: 'student', keys: STUDENT },
  {
    left: 'sakt_attention',
    right: 'next_correct_predictions',
    on: 'answer',
    keys: [...STUDENT, ['event_id', 'event_id']],
  },
  {
    left: 'sakt_attention',
    right: 'next_correct_predictions',
    on: 'past answer',
    keys: [...STUDENT, ['past_event_id', 'event_id']],
    looksBack: true,
  },
]

/** Left rows and how many of them the right side has; what is most often not found. */
export function coverageSql(join: Join, from: (table: string) => string): string {
  const left = join.keys.map(([expression], i) => `ifNull(toString(${expression}), '') AS k${i}`).join(', ')
  const right = join.keys.map(([, column], i) => `ifNull(toString(${column}), '') AS k${i}`).join(', ')
  const names = join.keys.map((_, i) => `k${i}`).join(', ')
  const each = join.each === undefined ? '' : ` LEFT ARRAY JOIN ${join.each} AS topic`
  const where = (condition: string | undefined) => (condition === undefined ? '' : ` WHERE ${condition}`)
  return `
    SELECT sum(n) AS rows, sumIf(n, found = 1) AS matched, count() AS keys, countIf(found = 1) AS keys_matched,
      arrayMap(x -> x.2, arraySlice(arrayReverseSort(groupArraySortedIf(3)((-toInt64(n), [${names}]), found = 0)), -3)) AS examples
    FROM (SELECT ${left}, count() AS n FROM ${from(join.left)}${each}${where(join.where)} GROUP BY ${names}) AS l
    LEFT ANY JOIN (SELECT ${right}, toUInt8(1) AS found FROM ${from(join.right)}${where(join.rightWhere)}) AS r USING (${names})`
}
