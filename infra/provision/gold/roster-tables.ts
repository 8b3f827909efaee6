import { type Column, type GoldTable, LC, STUDENT, TIME, WHO } from './table.ts'

const KEPT = { version: null, month: null, age: null } as const
const TENANT: Column = ['tenant', LC, 'Organisation.']
const ROSTER: Column = ['roster_version', 'String', 'Version of the roster.']
const CLASS: Column = ['class_id', 'String', "Class, by the roster's sourcedId."]
const SPAN: readonly Column[] = [
  ['from_at', `Nullable(${TIME})`, 'From then on; null: from the beginning.'],
  ['until_at', `Nullable(${TIME})`, 'Before then; null: without an end.'],
  ['nr', 'UInt16', 'Which of several enrolments of the same in the same.'],
]

/** Who teaches whom and who is whose guardian, by version; pseudonyms and relations only. */
export const ROSTER_TABLES: readonly GoldTable[] = [
  {
    name: 'roster_versions',
    about: 'Versions of rosters; `npx mastery roster versions` shows them. Markers say from where each was in force.',
    columns: [
      TENANT,
      ROSTER,
      ['made_at', TIME, 'When it was imported.'],
      ['kind', LC, 'bulk, delta, or erasure: the version before without an erased student.'],
      ['one_roster', LC, 'Version of OneRoster that it was read from.'],
      ['system', 'String', 'System that made it, as its manifest says.'],
      ['schools', 'UInt32', 'Schools.'],
      ['classes', 'UInt32', 'Classes.'],
      ['students', 'UInt32', 'Students who are enabled.'],
      ['teachers', 'UInt32', 'Teachers who are enabled.'],
      ['guardians', 'UInt32', 'Guardians who are enabled and have a child here.'],
      ['guardianships', 'UInt32', 'Pairs of a student and a guardian.'],
      ['denied', 'UInt32', 'Pairs on the deny list.'],
      ['items', 'UInt32', 'Line items with a learning objective.'],
      ['warnings', 'UInt32', 'What was accepted although it is not as the standard says.'],
    ],
    order: ['tenant', 'roster_version'],
    version: 'made_at',
    month: null,
    age: null,
    shard: ['roster_version'],
  },
  {
    name: 'roster_classes',
    about: 'Classes of each version. Their titles stand in the identity vault only.',
    columns: [
      TENANT,
      ROSTER,
      CLASS,
      ['school_id', 'String', "School, by the roster's sourcedId."],
      ['grades', `Array(String)`, 'Grades, as the roster writes them.'],
      ['topics', `Array(String)`, 'Topics that are taught in it; empty: all.'],
    ],
    order: ['tenant', 'roster_version', 'class_id'],
    ...KEPT,
    shard: ['class_id'],
  },
  {
    name: 'class_students',
    about: 'Students of each class, by version.',
    columns: [...WHO, ROSTER, CLASS, ...SPAN],
    order: ['tenant', 'student_id', 'roster_version', 'class_id', 'nr'],
    ...KEPT,
    shard: STUDENT,
  },
  {
    name: 'class_teachers',
    about: 'Teachers and aides of each class, by version.',
    columns: [
      TENANT,
      ['user_id', 'String', 'Pseudonym of the teacher.'],
      ROSTER,
      CLASS,
      ['role', LC, 'teacher or aide.'],
      ['is_primary', 'Bool', 'Answers for the class.'],
      ...SPAN,
    ],
    order: ['tenant', 'user_id', 'roster_version', 'class_id', 'role', 'nr'],
    ...KEPT,
    shard: ['user_id'],
  },
  {
    name: 'student_guardians',
    about: 'Who is whose guardian, by version.',
    columns: [
      ...WHO,
      ROSTER,
      ['guardian_id', 'String', 'Pseudonym of the guardian.'],
      ['role', LC, 'parent, guardian or relative.'],
      ['denied', 'Bool', 'On the deny list: the guardian is told nothing of this student.'],
    ],
    order: ['tenant', 'student_id', 'roster_version', 'guardian_id', 'role'],
    ...KEPT,
    shard: STUDENT,
  },
  {
    name: 'roster_items',
    about: 'Line items of gradebooks with their learning objectives, by version.',
    columns: [
      TENANT,
      ROSTER,
      ['item_id', 'String', "Line item, by the roster's sourcedId."],
      CLASS,
      ['topic_id', 'String', 'Learning objective.'],
      ['source', LC, 'case: an id of a competency framework. unknown: one of the school.'],
    ],
    order: ['tenant', 'roster_version', 'item_id', 'topic_id'],
    ...KEPT,
    shard: ['item_id'],
  },
]

const IN_FORCE = `(tenant, roster_version) IN (SELECT toString(name), argMax(version, issued_at) FROM markers FINAL
  WHERE subject = 'roster' AND action = 'activate' GROUP BY name)`
const now = (name: string, about: string) => ({
  name: `v_${name}`,
  about,
  select: `SELECT * FROM ${name} FINAL WHERE ${IN_FORCE}`,
})

export const ROSTER_VIEWS: readonly { name: string; about: string; select: string }[] = [
  {
    name: 'v_roster_versions',
    about: 'Versions of rosters, when each came into force and whether it is.',
    select: `SELECT v.*, m.activated_at AS activated_at, ${IN_FORCE} AS in_force FROM (SELECT * FROM roster_versions FINAL) AS v
      LEFT JOIN (SELECT toString(name) AS tenant, version AS roster_version, toNullable(max(issued_at)) AS activated_at FROM markers FINAL
        WHERE subject = 'roster' AND action = 'activate' GROUP BY tenant, roster_version) AS m USING (tenant, roster_version)`,
  },
  now('roster_classes', 'Classes of the roster in force.'),
  now('class_students', 'Students of each class, as the roster in force says.'),
  now('class_teachers', 'Teachers of each class, as the roster in force says.'),
  now('student_guardians', 'Guardians of each student, as the roster in force says.'),
  now('roster_items', 'Line items with their learning objectives, as the roster in force says.'),
]
