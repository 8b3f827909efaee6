/**
 * Every topic once. Partition counts come from the profile, and for derived topics from their generation; a partition has
 * one source, so that one student's history stays one ordered sequence.
 */
export type SubjectName =
  | 'learning-event'
  | 'student-command'
  | 'marker'
  | 'tick'
  | 'feature-record'
  | 'mastery-score'
  | 'reject'
  | 'alert'
  | 'notice'
  | 'class-part'
  | 'delivery'
  | 'drift-partial'
  | 'drift-bucket-end'
  | 'drift-verdict'
  | 'ops-metric'
  | 'ops-signal'

/** Topics that stages compute: every generation has its own. */
export type DerivedTopic =
  | 'learning.features'
  | 'mastery.scores'
  | 'mastery.alerts'
  | 'mastery.classes'
  | 'mastery.notices'
  | 'mastery.deliveries'
  | 'drift.partials'
  | 'drift.verdicts'

export type TopicName =
  | 'learning.intake'
  | 'learning.events'
  | DerivedTopic
  | `${DerivedTopic}.g${number}`
  | 'learning.rejects'
  | 'mastery.control'
  | 'ops.metrics'

export interface TopicSpec {
  name: TopicName
  /** What the record key is. */
  key:
    | 'student pseudonym'
    | 'recipient pseudonym'
    | 'organisation and class'
    | 'organisation'
    | "producer's own"
    | 'reject id'
    | 'name of the thing'
    | 'always the same'
  /** Schema subjects that may stand in it; empty: raw bytes that nobody has read yet. */
  subjects: readonly SubjectName[]
  /** Days that the log keeps. 0: forever (compacted). */
  retentionDays: number
  compacted: boolean
  /** Computed by a stage: a new generation writes to one of its own. */
  derived: boolean
  /** Where records go that a reader of this topic cannot process. */
  deadLetter: TopicName
  /** Stages by the names of flow.ts, and services or tools that are no stage. */
  writers: readonly string[]
  readers: readonly string[]
  about: string
}

export const TOPICS: readonly TopicSpec[] = [
  {
    name: 'learning.intake',
    key: "producer's own",
    subjects: [],
    retentionDays: 7,
    compacted: false,
    derived: false,
    deadLetter: 'learning.rejects',
    writers: ['outside producers'],
    readers: ['intake'],
    about: 'Raw JSON events from producers that speak Kafka; their partitioner and ids are not ours.',
  },
  {
    name: 'learning.events',
    key: 'student pseudonym',
    subjects: ['learning-event', 'student-command', 'marker', 'tick'],
    retentionDays: 97,
    compacted: false,
    derived: false,
    deadLetter: 'learning.rejects',
    writers: ['collector', 'intake', 'jobs', 'cli'],
    readers: ['features', 'gold'],
    about: 'Canonical learner events, student commands, markers and ticks.',
  },
  {
    name: 'learning.features',
    key: 'student pseudonym',
    subjects: ['feature-record', 'student-command', 'marker', 'tick'],
    retentionDays: 30,
    compacted: false,
    derived: true,
    deadLetter: 'learning.rejects',
    writers: ['features'],
    readers: ['scoring', 'drift-features', 'gold'],
    about: 'What became of each event, and the 7, 30 and 90 day windows of the topics that it touched.',
  },
  {
    name: 'mastery.scores',
    key: 'student pseudonym',
    subjects: ['mastery-score', 'student-command', 'marker', 'tick'],
    retentionDays: 30,
    compacted: false,
    derived: true,
    deadLetter: 'learning.rejects',
    writers: ['scoring'],
    readers: ['alerts', 'drift-scores', 'gold'],
    about: 'Predictions before and scores after every opportunity, explained.',
  },
  {
    name: 'mastery.alerts',
    key: 'student pseudonym',
    subjects: ['alert'],
    retentionDays: 97,
    compacted: false,
    derived: true,
    deadLetter: 'learning.rejects',
    writers: ['alerts', 'classes', 'watching'],
    readers: ['gold'],
    about:
      'Every transition of every alert, with its evidence, whether people are told of it or not. Those on a class have its key.',
  },
  {
    name: 'mastery.classes',
    key: 'organisation and class',
    subjects: ['class-part', 'student-command', 'marker', 'tick'],
    retentionDays: 30,
    compacted: false,
    derived: true,
    deadLetter: 'learning.rejects',
    writers: ['alerts'],
    readers: ['classes'],
    about:
      'What the students of a class add to its week, by topic and source partition, what people do about its alerts, and how far each of these partitions has come.',
  },
  {
    name: 'mastery.notices',
    key: 'recipient pseudonym',
    subjects: ['notice', 'marker', 'tick'],
    retentionDays: 30,
    compacted: false,
    derived: true,
    deadLetter: 'learning.rejects',
    writers: ['alerts', 'classes', 'watching'],
    readers: ['notify'],
    about: 'Who is to learn of which alert, before it is grouped, deferred and put into a digest.',
  },
  {
    name: 'mastery.deliveries',
    key: 'recipient pseudonym',
    subjects: ['delivery', 'marker', 'tick'],
    retentionDays: 97,
    compacted: false,
    derived: true,
    deadLetter: 'learning.rejects',
    writers: ['notify'],
    readers: ['delivery', 'gold'],
    about: 'Messages to people, decided and not yet rendered; pseudonyms only.',
  },
  {
    name: 'drift.partials',
    key: 'organisation',
    subjects: ['drift-partial', 'drift-bucket-end', 'marker'],
    retentionDays: 400,
    compacted: false,
    derived: true,
    deadLetter: 'learning.rejects',
    writers: ['drift-features', 'drift-scores'],
    readers: ['drift'],
    about:
      'Histograms of every series by day and source partition, which days are whole, and how new versions did in training; a year of them, to judge anew.',
  },
  {
    name: 'drift.verdicts',
    key: 'organisation',
    subjects: ['drift-verdict'],
    retentionDays: 97,
    compacted: false,
    derived: true,
    deadLetter: 'learning.rejects',
    writers: ['drift'],
    readers: ['gold'],
    about: 'What was found of every series in every window: drift, none, or too little to say.',
  },
  {
    name: 'learning.rejects',
    key: 'reject id',
    subjects: ['reject'],
    retentionDays: 30,
    compacted: false,
    derived: false,
    deadLetter: 'learning.rejects',
    writers: [
      'collector',
      'intake',
      'features',
      'scoring',
      'alerts',
      'classes',
      'watching',
      'notify',
      'delivery',
      'drift-features',
      'drift-scores',
      'drift',
      'gold',
      'cli',
    ],
    readers: ['gold', 'cli'],
    about: 'Bytes that could not become a record, with their origin and the reason: rejects and dead letters.',
  },
  {
    name: 'mastery.control',
    key: 'name of the thing',
    subjects: ['marker'],
    retentionDays: 0,
    compacted: true,
    derived: false,
    deadLetter: 'learning.rejects',
    writers: ['jobs', 'cli'],
    readers: ['gold'],
    about: 'The newest status of every generation, for services that start; each of them reads it whole.',
  },
  {
    name: 'ops.metrics',
    key: 'always the same',
    subjects: ['ops-metric', 'ops-signal', 'marker', 'student-command'],
    retentionDays: 30,
    compacted: false,
    derived: false,
    deadLetter: 'learning.rejects',
    writers: ['every service', 'jobs', 'cli'],
    readers: ['watching', 'gold'],
    about:
      'How every service fares, what the nightly jobs found of items, models and data, and which rules are in force. All in one partition, so that time in it is that of whichever service still writes.',
  },
]

/** The topic that a generation writes and reads: the first keeps the plain name. */
export function topicAt<T extends TopicName>(name: T, generation: number): T | `${DerivedTopic}.g${number}` {
  return generation > 0 && topicSpec(name).derived ? (`${name}.g${generation}` as `${DerivedTopic}.g${number}`) : name
}

/** Without its generation. */
export function plainTopic(name: TopicName): TopicName {
  return name.replace(/\.g\d+$/, '') as TopicName
}

export function topicSpec(name: TopicName): TopicSpec {
  const plain = plainTopic(name)
  const spec = TOPICS.find((t) => t.name === plain)
  if (!spec) throw new Error(`No topic is called ${name}; topics.ts lists them.`)
  return spec
}

/**
 * The topics that a stage reads for a generation, in the order of the flow. What is not computed (events, rejects)
 * is the same for all generations: gold takes it once, with generation 0.
 */
export function topicsReadBy(stage: string, generation = 0): TopicName[] {
  const read = TOPICS.filter((t) => t.readers.includes(stage))
  return read.filter((t) => generation === 0 || t.derived || stage !== 'gold').map((t) => topicAt(t.name, generation))
}
