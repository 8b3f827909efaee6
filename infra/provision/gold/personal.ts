import { TABLES } from './tables.ts'

/** Topics whose records make rows about students, without the generation. */
export type PersonalTopic = 'learning.events' | 'learning.features' | 'mastery.scores' | 'mastery.alerts'

/** A table with rows about students, and which of them go when one is erased. */
export interface PersonalTable {
  table: string
  /** The erase removes rows of this table when it passes this topic. Tables of derived topics have a generation. */
  topic: PersonalTopic
  /** Column whose place is compared with the erasure's: rows before it go. Null: all rows of the student go. */
  place: { column: 'src_offset' | 'as_of_offset' | 'origin_offset'; inclusive: boolean } | null
  /** Rows that stay, whatever their place. */
  keep?: { column: string; values: readonly string[] }
  /** Rows of other topics than this, by `origin_topic`, have no place to compare: all of them go. */
  placedWhere?: { column: string; value: string }
  /** The tenant may be missing in a row; the pseudonym alone is unique. */
  tenantOptional?: true
  /** For people who read an export. */
  about: string
}

const AT = { column: 'src_offset', inclusive: false } as const

/** Every table that an erasure empties of a student. */
export const PERSONAL: readonly PersonalTable[] = [
  {
    table: 'learning_events',
    topic: 'learning.events',
    place: AT,
    about: 'What the student did, as sources reported it.',
  },
  {
    table: 'student_commands',
    topic: 'learning.events',
    place: AT,
    keep: { column: 'kind', values: ['erase', 'readmit'] },
    about: 'Corrections, voids, erasures and repairs that were asked for.',
  },
  {
    table: 'student_checkpoints',
    topic: 'learning.events',
    place: { column: 'as_of_offset', inclusive: true },
    about: 'What events came to that have expired since: windows, scores, hashes of their ids.',
  },
  {
    table: 'rejects',
    topic: 'learning.events',
    place: { column: 'origin_offset', inclusive: true },
    placedWhere: { column: 'origin_topic', value: 'learning.events' },
    tenantOptional: true,
    about: 'Records of the student that could not be processed. The bytes stand sealed in learning.rejects.',
  },
  {
    table: 'reconcile_mismatches',
    topic: 'learning.events',
    place: null,
    about: 'Values that a nightly check found to differ.',
  },
  {
    table: 'topic_rollups',
    topic: 'learning.events',
    place: null,
    about: 'Mastery along the topic graph, computed nightly.',
  },
  {
    table: 'learning_velocity',
    topic: 'learning.events',
    place: null,
    about: 'How fast mastery rose per topic, computed nightly.',
  },
  {
    table: 'time_to_mastery',
    topic: 'learning.events',
    place: null,
    about: 'How long mastery took per topic, computed nightly.',
  },
  {
    table: 'student_gaming',
    topic: 'learning.events',
    place: null,
    about: 'Signs of gaming a tutor in answers and requests for help, computed nightly.',
  },
  {
    table: 'recommendations',
    topic: 'learning.events',
    place: null,
    about: 'Topics and items that were recommended, and why.',
  },
  {
    table: 'deliveries',
    topic: 'learning.events',
    place: null,
    about: 'Notices about the student in messages that were decided, and to whom.',
  },
  {
    table: 'inbox',
    topic: 'learning.events',
    place: null,
    about: 'Notices about the student in the inboxes of those who were told.',
  },
  {
    table: 'class_students',
    topic: 'learning.events',
    place: null,
    about: 'Classes that the student was in, by version of the roster.',
  },
  {
    table: 'student_guardians',
    topic: 'learning.events',
    place: null,
    about: 'Guardians of the student, by version of the roster.',
  },
  {
    table: 'event_dispositions',
    topic: 'learning.features',
    place: AT,
    about: 'What became of every event and command.',
  },
  {
    table: 'student_topic_features',
    topic: 'learning.features',
    place: AT,
    about: 'Counts over 7, 30 and 90 days per topic.',
  },
  {
    table: 'student_mastery_rows',
    topic: 'mastery.scores',
    place: AT,
    about: 'Current mastery per topic and model, explained.',
  },
  {
    table: 'student_mastery_history_rows',
    topic: 'mastery.scores',
    place: AT,
    about: 'Every mastery that was computed, and why.',
  },
  {
    table: 'next_correct_prediction_rows',
    topic: 'mastery.scores',
    place: AT,
    about: 'What the models expected before each answer.',
  },
  {
    table: 'alerts',
    topic: 'mastery.alerts',
    place: AT,
    about: 'Alerts about the student, and what was done about them.',
  },
]

/** Tables about students that an erasure leaves, and why. */
export const KEPT: readonly { table: string; why: string; about: string }[] = [
  {
    table: 'erasures',
    why: 'Proof of the erasure, and what keeps late events out. Holds the pseudonym and counts.',
    about: 'Erasures of the student, with their receipts.',
  },
  {
    table: 'access_log',
    why: 'Who read or changed the data is kept for its own retention. Holds the pseudonym, no learning data.',
    about: 'Who read or changed the data, when and why.',
  },
]

/** Tables with a student's pseudonym in a column; the test of this file holds them against PERSONAL and KEPT. */
export function tablesAboutStudents(): string[] {
  return TABLES.filter((t) => t.columns.some(([name]) => name === 'student_id')).map((t) => t.name)
}

export function personalTablesOf(topic: PersonalTopic): PersonalTable[] {
  return PERSONAL.filter((t) => t.topic === topic)
}

export function isDerived(topic: PersonalTopic): boolean {
  return topic !== 'learning.events'
}
