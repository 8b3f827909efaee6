import { type Field, MASTERY, span } from './field.ts'
import { KIND_FIELDS } from './kind-fields.ts'
import { KINDS, ROLES, type RuleKind, SEVERITIES } from './policy.ts'
import { WATCH_KINDS } from './watch-rule.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

/** Fields of every rule about students and classes. */
const COMMON: readonly Field[] = [
  { name: 'id', type: { is: 'text' }, about: 'Name of the rule; alerts, silences and overrides refer to it.' },
  { name: 'kind', type: { is: 'one of', of: [...KINDS, ...WATCH_KINDS] }, about: 'What it looks at.' },
  { name: 'enabled', type: { is: 'flag' }, usual: true, about: 'False: it is kept and does nothing.' },
  { name: 'severity', type: { is: 'one of', of: SEVERITIES }, usual: 'normal', about: 'Urgent ones are told at once.' },
  { name: 'to', type: { is: 'some of', of: ROLES }, usual: ['teacher'], about: 'Who is told, by the roster.' },
  { name: 'relatives', type: { is: 'flag' }, usual: false, about: 'Whether relatives count as guardians.' },
  { name: 'for', type: span(), usual: 0, about: 'How long the condition must hold, by the clock, before it fires.' },
  {
    name: 'cooldown',
    type: span(),
    usual: 7 * DAY,
    about:
      'Time between two notices of one student and topic. What comes sooner is told when the time is over, if it holds still; at once if it has become more severe.',
  },
  {
    name: 'acknowledged',
    type: span(),
    usual: 14 * DAY,
    about: 'How long an acknowledgement holds; what fires still is then told again.',
  },
  {
    name: 'escalate',
    type: {
      is: 'group',
      fields: [
        { name: 'after', type: span(30 * DAY, HOUR), about: 'Time without an acknowledgement.' },
        { name: 'to', type: { is: 'some of', of: ROLES }, about: 'Who is told then.' },
      ],
    },
    usual: null,
    about: 'Tells others, once, of an urgent alert that nobody acknowledges.',
  },
  {
    name: 'tell_resolved',
    type: { is: 'flag' },
    usual: false,
    about: 'Whether those who were told are told that it is over.',
  },
]

/** Fields of every rule that mean something for a class. */
const OF_CLASS = ['id', 'kind', 'enabled', 'severity']

/** All fields of rules of a kind. */
export function fieldsOf(kind: RuleKind): Field[] {
  const common = kind === 'class_drop' ? COMMON.filter((f) => OF_CLASS.includes(f.name)) : COMMON
  return [...common, ...KIND_FIELDS[kind].fields]
}

export const COMMON_FIELDS = COMMON

/** Fields of the file around the rules. */
export const FILE_FIELDS: readonly Field[] = [
  { name: 'version', type: { is: 'number', min: 1, max: 1, whole: true }, about: 'Format of the file: 1.' },
  {
    name: 'mastered',
    type: MASTERY,
    usual: 0.85,
    about: 'Mastery from which on a topic counts as learned: nothing but `mastery_above` begins there.',
  },
  { name: 'session_gap', type: span(DAY, 60_000), usual: HOUR / 2, about: 'A pause of this length divides sessions.' },
]

export const BREAK_FIELDS: readonly Field[] = [
  { name: 'from', type: { is: 'date' }, about: 'First day.' },
  { name: 'until', type: { is: 'date' }, about: 'First day after it.' },
]

export const OVERRIDE_FIELDS: readonly Field[] = [
  { name: 'schools', type: { is: 'texts' }, usual: null, about: 'sourcedIds of schools; without it, all.' },
  { name: 'grades', type: { is: 'texts' }, usual: null, about: 'Grades of classes; without it, all.' },
]
