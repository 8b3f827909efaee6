import { type Field, type FieldType, span } from './field.ts'
import { SEVERITIES } from './policy.ts'
import {
  MEASURES,
  PIPELINE_MEASURES,
  QUALITY_MEASURES,
  WATCH_KINDS,
  type WatchKind,
  type WatchRole,
} from './watch-rule.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const COUNT: FieldType = { is: 'number', min: 1, max: 1e9, whole: true }
const THRESHOLD: FieldType = { is: 'number', min: 0, max: 1e12 }

const list = (name: string, about: string): Field => ({ name, type: { is: 'texts' }, usual: null, about })

/** Fields of every rule about the system itself; `usual`: what these times are for the kind. */
function common(roles: readonly WatchRole[], usual: { for: number; hold: number; cooldown: number; noData: number }) {
  const [first] = roles
  const fields: Field[] = [
    { name: 'id', type: { is: 'text' }, about: 'Name of the rule; its alerts have it.' },
    { name: 'kind', type: { is: 'one of', of: WATCH_KINDS }, about: 'What it looks at.' },
    { name: 'enabled', type: { is: 'flag' }, usual: true, about: 'False: it is kept and does nothing.' },
    {
      name: 'severity',
      type: { is: 'one of', of: SEVERITIES },
      usual: 'normal',
      about: 'How much it presses. All of them are told at once, or at the end of quiet hours.',
    },
    { name: 'to', type: { is: 'some of', of: roles }, usual: [first], about: 'Who is told.' },
    { name: 'for', type: span(30 * DAY), usual: usual.for, about: 'How long it must hold before it fires.' },
    { name: 'hold', type: span(30 * DAY), usual: usual.hold, about: 'How long it must be over before the alert is.' },
    {
      name: 'cooldown',
      type: span(),
      usual: usual.cooldown,
      about:
        'Time between two notices that it fires. What comes sooner is told when the time is over, if it holds still.',
    },
    {
      name: 'no_data',
      type: span(366 * DAY, MINUTE),
      usual: usual.noData,
      about: 'Without a word for so long the alert says that nothing is known.',
    },
  ]
  return fields
}

const TELL_RESOLVED: Field = {
  name: 'tell_resolved',
  type: { is: 'flag' },
  usual: true,
  about: 'Whether those who were told are told that it is over.',
}

/** Thresholds of what is measured; what the file leaves out is the measure's own. */
const MEASURED: readonly Field[] = [
  { name: 'enter', type: THRESHOLD, usual: null, about: "It begins at this value or more; without it, the measure's." },
  {
    name: 'leave',
    type: THRESHOLD,
    usual: null,
    about:
      "It ends at this value or less; below `enter`, so that a value that wavers between them changes nothing. Without it, the measure's.",
  },
]

const measureTable = (measures: readonly (keyof typeof MEASURES)[]) =>
  measures
    .map((m) => `\`${m}\` (${MEASURES[m].about}; begins at ${MEASURES[m].enter}, ends at ${MEASURES[m].leave})`)
    .join(', ')

const window = (usual: number, max: number, min: number): Field => ({
  name: 'window',
  type: span(max, min),
  usual,
  about: 'Time over which shares and quantiles are taken.',
})

const LOOKED: readonly Field[] = [list('findings', 'Codes of findings that count; without it, all.')]

const ITEMS: readonly Field[] = [
  list('topics', 'Topics that it is about; without it, all.'),
  ...LOOKED,
  { name: 'least', type: COUNT, usual: 1, about: 'So many items of a topic there must be.' },
  TELL_RESOLVED,
]

const OF_LOOKS = { for: 0, hold: 0, cooldown: 7 * DAY, noData: 14 * DAY }

/** Fields of one kind of rule about the system itself, and what the kind is for. */
export const WATCH_FIELDS: Readonly<Record<WatchKind, { about: string; fields: readonly Field[] }>> = {
  pipeline: {
    about: `A part of the system does not do what it should, by what the services say of themselves. A part is a stage, or a service that has none; "npx mastery pipeline" lists them. Measures: ${measureTable(PIPELINE_MEASURES)}. A part that is told to end says so and is not missed. Time in which no service at all wrote counts for nothing.`,
    fields: [
      ...common(['operator'], { for: 2 * MINUTE, hold: 5 * MINUTE, cooldown: HOUR, noData: HOUR }),
      { name: 'measure', type: { is: 'one of', of: PIPELINE_MEASURES }, about: 'What is measured.' },
      list('parts', 'Parts that it is about, `*` at the end for any ending; without it, all.'),
      ...MEASURED,
      window(5 * MINUTE, 15 * MINUTE, MINUTE),
      {
        name: 'least',
        type: COUNT,
        usual: 100,
        about: 'Operations within the window without which a share or a quantile says nothing.',
      },
      TELL_RESOLVED,
    ],
  },
  data_quality: {
    about: `What comes in can't be relied on. Measures: ${measureTable(['rejected'])}, \`drift\` (what was found of volume, mix, missing values and features: anything begins it). Where teachers are told, mastery alerts are held back from them until it is over; that it is over is always told.`,
    fields: [
      ...common(['operator', 'teacher'], { for: 0, hold: 0, cooldown: DAY, noData: 14 * DAY }),
      { name: 'measure', type: { is: 'one of', of: QUALITY_MEASURES }, about: 'What is looked at.' },
      list('sources', '`rejected`: source systems that it is about, `*` at the end for any ending; without it, all.'),
      list('series', '`drift`: series that it is about, such as `missing/*`; without it, all.'),
      ...MEASURED,
      window(HOUR, 2 * DAY, 10 * MINUTE),
      {
        name: 'least',
        type: COUNT,
        usual: null,
        about:
          '`rejected`: events within the window without which a share says nothing, 200 without it; `drift`: series that there must be, one without it.',
      },
      ...LOOKED,
    ],
  },
  model_drift: {
    about: 'A model version predicts worse than it did, or its scores have moved, by the verdicts on drift.',
    fields: [
      ...common(['operator'], OF_LOOKS),
      list('models', 'Model versions that it is about, such as `blend@*`; without it, all.'),
      ...LOOKED,
      TELL_RESOLVED,
    ],
  },
  item_health: {
    about:
      'Items that do not measure what they should, by topic: too hard, too easy, chosen at random, answered rightly by the less able. Told again when an item joins.',
    fields: [...common(['content_owner', 'operator'], OF_LOOKS), ...ITEMS],
  },
  item_drift: {
    about: 'Items that have become easier or harder, by topic. Told again when an item joins.',
    fields: [...common(['content_owner', 'operator'], OF_LOOKS), ...ITEMS],
  },
}

/** Fields of the section `people`. */
export const PEOPLE_FIELDS: readonly Field[] = [
  {
    name: 'operators',
    type: { is: 'texts' },
    usual: null,
    about: "sourcedIds of those who run the system; without it, the roster's administrators.",
  },
]

/** Fields of an entry of `people.content_owners`. */
export const OWNER_FIELDS: readonly Field[] = [
  { name: 'users', type: { is: 'texts' }, about: 'sourcedIds.' },
  {
    name: 'topics',
    type: { is: 'texts' },
    usual: null,
    about: 'Topics whose items they answer for; without it, all that nobody is named for.',
  },
]
