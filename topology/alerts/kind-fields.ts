import { type Field, type FieldType, MASTERY, span } from './field.ts'
import type { RuleKind } from './policy.ts'

const DAY = 86_400_000

const TOPICS: Field = {
  name: 'topics',
  type: { is: 'texts' },
  usual: null,
  about: 'Topics that it is about; without it, all.',
}

/** Fields of rules that answers decide. */
const ANSWERED: readonly Field[] = [
  TOPICS,
  {
    name: 'evidence',
    type: {
      is: 'group',
      fields: [
        {
          name: 'attempts',
          type: { is: 'number', min: 2, max: 10_000, whole: true },
          usual: 8,
          about: 'Answers on the topic; two at the least.',
        },
        {
          name: 'sessions',
          type: { is: 'number', min: 1, max: 100, whole: true },
          usual: 2,
          about: 'Different sessions in which the condition was seen to hold.',
        },
        {
          name: 'time',
          type: span(90 * DAY),
          usual: DAY,
          about: 'Time between the first and the last answer that showed it.',
        },
      ],
    },
    usual: {},
    about: 'What there must be before it fires.',
  },
  {
    name: 'hold',
    type: span(90 * DAY),
    usual: 2 * DAY,
    about: 'How long the condition must be over, by the clock, before the alert is.',
  },
  {
    name: 'max_lateness',
    type: span(),
    usual: 2 * DAY,
    about: 'An answer that is observed later than this after it was given changes states and tells nobody.',
  },
  {
    name: 'no_data',
    type: span(),
    usual: 30 * DAY,
    about: 'Without an answer on the topic for so long the alert says that nothing is known.',
  },
]

const enter = (about: string, usual: number): Field => ({ name: 'enter', type: MASTERY, usual, about })
const leave = (about: string, usual: number): Field => ({ name: 'leave', type: MASTERY, usual, about })
const urgent = (type: FieldType, about: string): Field => ({ name: 'urgent', type, usual: null, about })

/** Fields of one kind of rule about students beside the common ones, and what the kind is for. */
export const KIND_FIELDS: Readonly<Record<RuleKind, { about: string; fields: readonly Field[] }>> = {
  mastery_below: {
    about: 'Mastery of a topic is low.',
    fields: [
      enter('It begins at this mastery or less.', 0.45),
      leave(
        'It ends at this mastery or more; above `enter`, so that a score that wavers between them changes nothing.',
        0.55,
      ),
      urgent(MASTERY, 'At this mastery or less it is urgent.'),
      ...ANSWERED,
    ],
  },
  mastery_above: {
    about: 'A topic has been learned: good news.',
    fields: [
      enter('It begins at this mastery or more.', 0.85),
      leave('It ends at this mastery or less; below `enter`.', 0.75),
      ...ANSWERED,
    ],
  },
  falling: {
    about:
      'Mastery of a topic falls: by so much the least-squares line falls over the answers of the window, the last 20 of them at most.',
    fields: [
      enter('It begins at this fall or more.', 0.15),
      leave('It ends at this fall or less; below `enter`.', 0.05),
      { name: 'window', type: span(90 * DAY, DAY), usual: 21 * DAY, about: 'The time over which the fall is fitted.' },
      urgent(MASTERY, 'At this fall or more it is urgent.'),
      ...ANSWERED,
    ],
  },
  stalled: {
    about: 'Many answers on a topic, it was never learned, and mastery lies 0.1 below `leave`: wheel-spinning.',
    fields: [
      {
        name: 'answers',
        type: { is: 'number', min: 2, max: 10_000, whole: true },
        usual: 30,
        about: 'It begins with so many answers without mastery.',
      },
      leave('It ends at this mastery or more.', 0.7),
      {
        name: 'urgent',
        type: { is: 'number', min: 2, max: 10_000, whole: true },
        usual: null,
        about: 'With so many answers it is urgent.',
      },
      ...ANSWERED,
    ],
  },
  inactive: {
    about: 'A student has not answered anything for a while, holidays not counted.',
    fields: [
      {
        name: 'after',
        type: span(366 * DAY, DAY),
        usual: 14 * DAY,
        about: 'It begins after so long without an answer; the next one ends it.',
      },
      { name: 'urgent', type: span(366 * DAY, DAY), usual: null, about: 'After so long it is urgent.' },
      {
        name: 'max_lateness',
        type: span(),
        usual: 2 * DAY,
        about: 'Where this became true longer ago than this, as after an import, nobody is told.',
      },
    ],
  },
  rapid_guessing: {
    about:
      'Answers on a topic are given too fast to have been thought about: of the last ten, the share that counted less because it took less than the threshold of its item. Scores say so where the policy on rapid guesses is in force.',
    fields: [
      enter('It begins where this share of the last ten is rapid, or more.', 0.5),
      leave('It ends where this share is, or less; below `enter`.', 0.2),
      urgent(MASTERY, 'At this share or more it is urgent.'),
      ...ANSWERED,
    ],
  },
  prerequisite_gap: {
    about: 'A topic goes badly, and so does one that comes before it in the topic graph.',
    fields: [
      enter('It begins where mastery of the topic is this or less.', 0.5),
      leave('It ends at this mastery of the topic or more; above `enter`.', 0.6),
      {
        name: 'prerequisite',
        type: {
          is: 'group',
          fields: [
            { name: 'below', type: MASTERY, usual: 0.4, about: 'Mastery of what comes before is this or less.' },
            {
              name: 'attempts',
              type: { is: 'number', min: 2, max: 10_000, whole: true },
              usual: 5,
              about: 'Answers on what comes before.',
            },
          ],
        },
        usual: {},
        about: 'What must be true of a topic that comes before.',
      },
      urgent(MASTERY, 'At this mastery of the topic or less it is urgent.'),
      ...ANSWERED,
    ],
  },
  class_drop: {
    about:
      'Mastery of a topic falls in a whole class: by so much, in the mean over those who answered enough in a week (Monday to Sunday, UTC), their own answers moved it. It is looked at when the week is over, by school and grade of the class; its teachers are told that it begins and that it is over, and in between not of single members on that topic. Of the fields of every rule it has `id`, `kind`, `enabled` and `severity`.',
    fields: [
      TOPICS,
      enter('It begins where the mean fall is this or more.', 0.1),
      leave('It ends where the mean fall of a later week is this or less; below `enter`.', 0.03),
      {
        name: 'members',
        type: {
          is: 'group',
          fields: [
            {
              name: 'least',
              type: { is: 'number', min: 3, max: 10_000, whole: true },
              usual: 8,
              about: 'Students who count; with fewer the week says nothing.',
            },
            {
              name: 'answers',
              type: { is: 'number', min: 1, max: 10_000, whole: true },
              usual: 5,
              about: 'Answers on the topic in the week with which a student counts.',
            },
            {
              name: 'fell',
              type: { is: 'number', min: 0.001, max: 1 },
              usual: 0.05,
              about: 'So far mastery of a student has to fall.',
            },
            { name: 'share', type: MASTERY, usual: 0.6, about: 'Share of those who count that has to have fallen.' },
          ],
        },
        usual: {},
        about: 'Who counts, and how many.',
      },
    ],
  },
}
