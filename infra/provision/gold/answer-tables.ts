import { type Column, FROM, type GoldTable, LC, STUDENT, TIME, VERSION, WHO } from './table.ts'

export const WINDOW_COLUMNS: readonly (readonly [string, string, string])[] = [
  ['attempts', 'UInt32', 'graded opportunities'],
  ['correct', 'UInt32', 'those with a score of 0.5 or more'],
  ['score_micro', 'UInt64', 'sum of scores in millionths'],
  ['response_ms', 'UInt64', 'sum of response times'],
  ['response_n', 'UInt32', 'opportunities with a response time'],
  ['practice_attempts', 'UInt32', 'practice opportunities'],
  ['practice_correct', 'UInt32', 'correct ones of them'],
  ['hinted', 'UInt32', 'opportunities with a hint'],
  ['hints', 'UInt32', 'hints seen'],
  ['revisits', 'UInt32', 'opportunities on an item answered before within the window'],
  ['video_events', 'UInt32', 'video interactions'],
  ['video_coverage_micro', 'UInt64', 'sum of video coverage in millionths'],
  ['help_requests', 'UInt32', 'requests for help'],
  ['feedback_n', 'UInt32', 'teacher feedback with a score'],
  ['feedback_micro', 'UInt64', 'sum of those scores in millionths'],
]
export const WINDOW_DAYS = [7, 30, 90] as const

const BY_EVENT = ['tenant', 'student_id', 'occurred_at', 'generation', 'src_partition', 'src_offset', 'ordinal']
const CURRENT = {
  // A generation that is being built stands beside the one that readers see.
  order: ['tenant', 'student_id', 'topic_id', 'generation'],
  version: 'version',
  month: null,
  age: null,
  shard: STUDENT,
}

function masteryRows(name: string, about: string, keys: Omit<GoldTable, 'name' | 'about' | 'columns'>): GoldTable {
  return {
    name,
    about,
    columns: [
      ...WHO,
      ['topic_id', LC, 'Knowledge component.'],
      ['event_id', 'String', 'Event that caused the row.'],
      ['as_of', TIME, 'Event time of the newest opportunity that it counts.'],
      ['revision', 'Bool', 'Another event than an answer on this topic changed it.'],
      ['opportunities', 'UInt32', 'Opportunities on the topic so far.'],
      ['score_sources', `Array(${LC})`, 'Models, the blend last.'],
      ['model_versions', `Array(${LC})`, 'Version of each model.'],
      ['mastery_scores', 'Array(Float64)', 'Mastery by each model, 0 to 1.'],
      ['uncertainty', 'Float64', 'Standard deviation of the blend, 0 to 0.5.'],
      ['standing', LC, 'strength, weakness, developing or insufficient.'],
      ['explanation', 'String', 'Why, in words.'],
      ['stale', 'Bool', 'A rebuild of this student is wanted.'],
      ['cause', LC, 'What became of the event that caused the row: counted, corrected, superseded, installed, ...'],
      ['reason', 'Nullable(String)', 'Why, in the words of whoever issued the command.'],
      ['last_updated', TIME, "The stage's now, or the event's time before the first tick."],
      ...FROM,
      VERSION,
    ],
    ...keys,
  }
}

/** What the stages made of the events. */
export const ANSWER_TABLES: readonly GoldTable[] = [
  {
    name: 'event_dispositions',
    about: 'What the features stage made of every event and command: counted, duplicate, view, voided and so on.',
    columns: [
      ...WHO,
      ['event_id', 'String', 'Id of the event or command.'],
      ['kind', LC, 'What was done.'],
      ['disposition', LC, 'counted: an opportunity. See the data dictionary for the others.'],
      ['clamped', 'Bool', 'The event time lay in the future and was set to the time of observation.'],
      ['occurred_at', TIME, 'Event time.'],
      ...FROM,
    ],
    order: BY_EVENT,
    version: null,
    month: 'occurred_at',
    age: 'occurred_at',
    shard: STUDENT,
    stored: true,
  },
  {
    name: 'student_topic_features',
    about: 'Current windows per student and topic, as of the newest event of the pair.',
    columns: [
      ...WHO,
      ['topic_id', LC, 'Knowledge component.'],
      ['as_of', TIME, 'The windows end here, inclusive.'],
      ['previous_at', `Nullable(${TIME})`, 'Activity before as_of.'],
      ['attempts_total', 'UInt32', 'Graded opportunities since the first event.'],
      ['trend_per_day', 'Nullable(Float64)', 'Slope of the score per day over 30 days.'],
      ['decayed_accuracy', 'Nullable(Float64)', 'Mean score weighted by exp(-age / 14 days) over 90 days.'],
      ['approximate', 'Bool', 'The ring overflowed.'],
      ...WINDOW_DAYS.flatMap((d) =>
        WINDOW_COLUMNS.map(([n, t, a]): Column => [`${n}_${d}d`, t, `Over ${d} days: ${a}.`]),
      ),
      ['last_updated', TIME, "The stage's now, or the event's time before the first tick."],
      ...FROM,
      VERSION,
    ],
    ...CURRENT,
  },
  masteryRows(
    'student_mastery_rows',
    'Current mastery, one row per student, topic and generation, models as arrays; student_mastery unfolds the active generation.',
    CURRENT,
  ),
  masteryRows(
    'student_mastery_history_rows',
    'Mastery over time, one row per student, topic and cause, models as arrays; student_mastery_history unfolds it.',
    {
      order: ['tenant', 'student_id', 'topic_id', 'as_of', 'generation', 'src_partition', 'src_offset', 'ordinal'],
      version: null,
      month: 'as_of',
      age: 'as_of',
      shard: STUDENT,
      stored: true,
    },
  ),
  {
    name: 'next_correct_prediction_rows',
    about: 'Prequential predictions, one row per opportunity, models as arrays; next_correct_predictions unfolds it.',
    columns: [
      ...WHO,
      ['event_id', 'String', 'The opportunity.'],
      ['item', 'Nullable(String)', 'Item.'],
      ['occurred_at', TIME, 'Event time.'],
      ['correct', 'Bool', 'What happened.'],
      ['score', 'Float64', 'Normalised score.'],
      ['score_sources', `Array(${LC})`, 'Models, the blend last.'],
      ['model_versions', `Array(${LC})`, 'Version of each model.'],
      ['probabilities', 'Array(Float64)', 'Probability of a correct answer, made from earlier evidence only.'],
      ...FROM,
    ],
    order: BY_EVENT,
    version: null,
    month: 'occurred_at',
    age: 'occurred_at',
    shard: STUDENT,
    stored: true,
  },
  {
    name: 'student_checkpoints',
    about:
      "A student's history before an offset, folded in event order: with the records from there on it gives what the whole history gives. Written before events expire.",
    columns: [
      ...WHO,
      ['stage', LC, 'history; rows of earlier builds name a stage.'],
      ['topic', LC, 'Topic that was folded.'],
      ['generation', 'UInt16', 'Generation with whose model versions the scores were folded.'],
      ['src_partition', 'UInt16', 'Partition of learning.events that the student stands in.'],
      ['as_of_offset', 'UInt64', 'Every record of the student before this offset is contained.'],
      ['first_offset', 'UInt64', 'Offset of the first record in it.'],
      ['last_offset', 'UInt64', 'Offset of the newest record in it.'],
      ['events', 'UInt64', 'Events in it.'],
      ['model_versions', `Array(${LC})`, 'Versions that the scores were folded with, the blend last.'],
      ['mixed', 'Bool', 'An earlier part of the scores was folded with other versions.'],
      ['payload', 'String', 'The folded states and what must be known of expired events, base64.'],
      ['written_at', TIME, 'When it was written.'],
    ],
    order: ['tenant', 'student_id', 'stage', 'generation', 'src_partition'],
    version: 'as_of_offset',
    month: null,
    age: null,
    shard: STUDENT,
  },
]
