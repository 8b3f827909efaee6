import { type Column, LC, TIME, WHO } from '@mastery/infra/provision/gold/table.ts'

/** Columns of sakt_attention, in the order of its rows. */
export const ATTENTION_COLUMNS: readonly Column[] = [
  ...WHO,
  ['event_id', 'String', 'The answer that was predicted.'],
  ['item', 'Nullable(String)', 'What was asked.'],
  ['topics', `Array(${LC})`, 'Its topics.'],
  ['occurred_at', TIME, 'When it was answered.'],
  ['correct', 'Bool', 'How.'],
  ['model_version', LC, 'Version of sakt that was asked.'],
  ['p', 'Float64', 'Probability of a correct answer by it, from the answers before alone.'],
  ['looked', 'Float64', 'Sum of the weights of all past answers, 0 to 1; the rest looked at none.'],
  ['rank', 'UInt16', 'From 1: the past answer with the greatest weight.'],
  ['weight', 'Float64', 'How much the prediction looked at the past answer: attention, mean over heads.'],
  ['back', 'UInt16', 'How many answers before the question it stands; 1: the answer just before.'],
  ['past_event_id', 'String', 'The past answer.'],
  ['past_item', 'Nullable(String)', 'What it was given to.'],
  ['past_topics', `Array(${LC})`, 'Its topics.'],
  ['past_occurred_at', TIME, 'When.'],
  ['past_correct', 'Bool', 'How.'],
]

export const ATTENTION = {
  name: 'sakt_attention',
  about:
    'Which past answers a prediction by sakt looked at, and how much: one row per predicted answer and past answer.',
} as const
