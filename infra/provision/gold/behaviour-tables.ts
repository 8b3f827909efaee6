import { type GoldTable, LC, STUDENT, TIME, WHO } from './table.ts'

/** How students work with tutors. Written by the job gaming. */
export const BEHAVIOUR_TABLES: readonly GoldTable[] = [
  {
    name: 'student_gaming',
    about: 'Patterns of gaming a tutor per student and topic, in answers and requests for help.',
    columns: [
      ...WHO,
      ['topic_id', LC, 'Knowledge component; empty: all of them, with the patterns.'],
      ['actions', 'UInt64', 'Answers, and requests for help.'],
      ['gaming', 'UInt64', 'Those that are certainly part of a pattern.'],
      ['patterns', 'Array(UInt64)', 'Times that each of the thirteen was completed, for certain; empty per topic.'],
      ['open', 'Array(UInt64)', 'Times that each may have been, and events do not keep what would tell.'],
      ['generation', 'UInt16', 'Generation whose dispositions were read.'],
      ['run_id', 'String', 'Run that computed the row.'],
      ['as_of', TIME, 'When the run began; of two rows with one identity the newer stays.'],
    ],
    order: ['tenant', 'student_id', 'topic_id'],
    version: 'as_of',
    month: null,
    age: null,
    shard: STUDENT,
  },
  {
    name: 'gaming_runs',
    about: 'Finished runs of the job gaming; the view shows the rows of the newest.',
    columns: [
      ['run_id', 'String', 'Run.'],
      ['as_of', TIME, 'When it began.'],
      ['finished_at', TIME, 'When it ended.'],
      ['generation', 'UInt16', 'Generation whose dispositions were read.'],
      ['students', 'UInt64', 'Students with an answer or a request.'],
      ['gaming_students', 'UInt64', 'Students with a pattern.'],
      ['actions', 'UInt64', 'Answers, and requests for help.'],
      ['gaming', 'UInt64', 'Those that are part of a pattern.'],
      ['not_judged', 'Array(String)', 'Per pattern: why it could not be told at all; empty where it could.'],
    ],
    order: ['run_id'],
    version: 'as_of',
    month: null,
    age: 'as_of',
    shard: ['run_id'],
  },
]
