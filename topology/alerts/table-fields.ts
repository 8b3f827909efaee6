import type { Field, FieldType } from './field.ts'
import { PIPELINE_MEASURES } from './watch-rule.ts'

const LINE: FieldType = { is: 'line' }

/** Fields of a file of tests for rules. */
export const TEST_FILE_FIELDS: readonly Field[] = [
  { name: 'rules', type: LINE, about: 'File with the rules, seen from this one.' },
]

export const TEST_FIELDS: readonly Field[] = [
  { name: 'name', type: LINE, about: 'What is tested.' },
  { name: 'from', type: { is: 'date' }, usual: Date.UTC(2025, 8, 1), about: 'The day on which time begins.' },
  { name: 'tick', type: { is: 'duration', min: 1000, max: 86_400_000 }, usual: 300_000, about: 'Time between ticks.' },
]

export const SERIES_FIELDS: readonly Field[] = [
  { name: 'student', type: LINE, usual: 'ada', about: 'Whose answers they are.' },
  { name: 'topic', type: LINE, usual: 'fractions', about: 'On which topic.' },
  { name: 'start', type: { is: 'offset' }, usual: 0, about: 'When the first is given.' },
  {
    name: 'every',
    type: { is: 'duration', min: 1000, max: 8_640_000_000 },
    usual: 43_200_000,
    about: 'Time between them.',
  },
  { name: 'mastery', type: LINE, about: 'Mastery after each: 0.6 0.5*3 _*2 0.4; _ for none.' },
  {
    name: 'right',
    type: LINE,
    usual: null,
    about: '1 or 0 for each; without it an answer is right where mastery rises.',
  },
  { name: 'rapid', type: LINE, usual: null, about: '1 for each that was a rapid guess, or else 0.' },
  { name: 'late', type: { is: 'offset' }, usual: 0, about: 'They are observed so long after they were given.' },
]

/** What a service says of itself, at equal distances. */
export const METRIC_FIELDS: readonly Field[] = [
  { name: 'part', type: LINE, usual: 'scoring', about: 'Of which part.' },
  {
    name: 'measure',
    type: { is: 'one of', of: [...PIPELINE_MEASURES, 'rejected'] },
    usual: 'latency_p99',
    about: 'What the values are of; all else is well.',
  },
  { name: 'start', type: { is: 'offset' }, usual: 0, about: 'When the first is written.' },
  { name: 'every', type: { is: 'duration', min: 1000, max: 3_600_000 }, usual: 15_000, about: 'Time between them.' },
  {
    name: 'values',
    type: LINE,
    about:
      'One for each: milliseconds, records, partitions, or how many of the operations failed; `_` where nothing is written.',
  },
  {
    name: 'operations',
    type: { is: 'number', min: 0, max: 1e9, whole: true },
    usual: 100,
    about: 'Operations, or events, of each.',
  },
  { name: 'source', type: LINE, usual: 'lms', about: '`rejected`: of which source.' },
  { name: 'ends', type: { is: 'flag' }, usual: false, about: 'The last one says that the process ends.' },
]

/** What a look at gold finds. Those of one kind and time are one look. */
export const LOOK_FIELDS: readonly Field[] = [
  { name: 'at', type: { is: 'offset' }, about: 'When.' },
  {
    name: 'kind',
    type: { is: 'one of', of: ['item_health', 'item_drift', 'model_drift', 'data_drift'] },
    about: 'What is looked at.',
  },
  { name: 'topic', type: LINE, usual: null, about: 'Topic of the items.' },
  { name: 'found', type: { is: 'texts' }, usual: null, about: 'Items, model versions or series; without it, nothing.' },
  { name: 'findings', type: { is: 'texts' }, usual: ['drift'], about: 'What was found of each.' },
]

export const COMMAND_FIELDS: readonly Field[] = [
  { name: 'at', type: { is: 'offset' }, about: 'When.' },
  {
    name: 'command',
    type: { is: 'one of', of: ['acknowledge', 'silence', 'unsilence', 'not_useful'] },
    about: 'What somebody does.',
  },
  { name: 'student', type: LINE, usual: 'ada', about: 'About whose alert.' },
  { name: 'rule', type: LINE, usual: null, about: 'Of which rule.' },
  { name: 'topic', type: LINE, usual: null, about: 'On which topic.' },
  { name: 'until', type: { is: 'offset' }, usual: null, about: 'When a silence ends.' },
]

const WHO: readonly Field[] = [
  { name: 'rule', type: LINE, usual: null, about: 'Of which rule.' },
  { name: 'student', type: LINE, usual: null, about: 'About whom.' },
  { name: 'topic', type: LINE, usual: null, about: 'On which topic.' },
  { name: 'about', type: LINE, usual: null, about: 'Which part, source or model version.' },
  { name: 'severity', type: LINE, usual: null, about: 'How severe.' },
]

/** `alerts`: every alert that stands, but those that are over. */
export const STANDS_FIELDS: readonly Field[] = [...WHO, { name: 'state', type: LINE, usual: null, about: 'Its state.' }]

/** `told`: every notice since the expectation before. */
export const TOLD_FIELDS: readonly Field[] = [
  ...WHO,
  { name: 'kind', type: LINE, usual: null, about: 'firing, resolved or escalated.' },
  { name: 'to', type: LINE, usual: null, about: 'Role of who is told.' },
]

export const EXPECT_FIELDS: readonly Field[] = [{ name: 'at', type: { is: 'offset' }, about: 'When.' }]
