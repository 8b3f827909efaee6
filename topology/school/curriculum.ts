import type { Random } from './random.ts'

export interface SchoolTopic {
  id: string
  name: string
  /** Topic ids; every one comes earlier in the list. */
  prerequisites: string[]
  chapter: string
  subject: string
  course: string
}

/** One question. Chance of a correct answer in earnest: guess + (1 - guess - slip) / (1 + exp(-discrimination (skill - difficulty))). */
export interface SchoolItem {
  id: string
  /** Indices into the topics; with two, the skill is their mean. */
  topics: readonly number[]
  topicIds: string[]
  difficulty: number
  discrimination: number
  guess: number
  slip: number
  /** Median time of an earnest answer, milliseconds. */
  medianMs: number
}

/** Mean parameters of a topic's items: the average item that truth is told on. */
export type ItemParameters = Pick<SchoolItem, 'difficulty' | 'discrimination' | 'guess' | 'slip'>

export interface Curriculum {
  topics: readonly SchoolTopic[]
  /** Per topic, indices of its prerequisites. */
  prerequisites: readonly (readonly number[])[]
  items: readonly (readonly SchoolItem[])[]
  average: readonly ItemParameters[]
  /** Per subject, its topics' indices in teaching order. */
  subjects: readonly (readonly number[])[]
}

export const ITEMS_PER_TOPIC = 40
/** Of each topic's items, how many also exercise its first prerequisite. */
const PAIRED_ITEMS = 4

const COURSE = 'lower secondary'

type Row = [id: string, name: string, prerequisites: string[]]
const PLAN: { subject: string; chapter: string; topics: Row[] }[] = [
  {
    subject: 'mathematics',
    chapter: 'numbers',
    topics: [
      ['fractions', 'Fractions', []],
      ['decimals', 'Decimals', ['fractions']],
      ['ratios', 'Ratios and proportions', ['fractions']],
      ['percentages', 'Percentages', ['decimals', 'ratios']],
      ['negative-numbers', 'Negative numbers', []],
    ],
  },
  {
    subject: 'mathematics',
    chapter: 'algebra',
    topics: [
      ['expressions', 'Algebraic expressions', ['negative-numbers']],
      ['linear-equations', 'Linear equations', ['expressions', 'fractions']],
      ['inequalities', 'Inequalities', ['linear-equations']],
      ['graphs', 'Graphs of functions', ['linear-equations']],
      ['simultaneous-equations', 'Simultaneous equations', ['linear-equations', 'graphs']],
    ],
  },
  {
    subject: 'science',
    chapter: 'matter',
    topics: [
      ['measurement', 'Measurement and units', []],
      ['states-of-matter', 'States of matter', ['measurement']],
      ['density', 'Density', ['measurement', 'states-of-matter']],
      ['mixtures', 'Mixtures and solutions', ['states-of-matter']],
      ['atoms', 'Atoms and elements', ['states-of-matter']],
    ],
  },
  {
    subject: 'science',
    chapter: 'forces',
    topics: [
      ['motion', 'Speed and motion', ['measurement', 'ratios']],
      ['forces', 'Forces', ['motion']],
      ['energy', 'Energy', ['forces']],
      ['pressure', 'Pressure', ['forces', 'density']],
      ['machines', 'Simple machines', ['forces', 'energy']],
    ],
  },
]

/** The topics are the same for every seed; item parameters are drawn from it. */
export function makeCurriculum(random: Random): Curriculum {
  const topics: SchoolTopic[] = PLAN.flatMap(({ subject, chapter, topics: rows }) =>
    rows.map(([id, name, prerequisites]) => ({ id, name, prerequisites, chapter, subject, course: COURSE })),
  )
  const index = new Map(topics.map((topic, i) => [topic.id, i]))
  const prerequisites = topics.map((topic) => topic.prerequisites.map((id) => index.get(id)!))
  const subjects = [...new Set(topics.map((t) => t.subject))].map((subject) =>
    topics.flatMap((topic, i) => (topic.subject === subject ? [i] : [])),
  )
  const items = topics.map((topic, t) => {
    const level = -0.25 + 0.3 * random.normal()
    return Array.from({ length: ITEMS_PER_TOPIC }, (_, i): SchoolItem => {
      const second = i >= ITEMS_PER_TOPIC - PAIRED_ITEMS ? prerequisites[t]![0] : undefined
      const options = random.weighted([5, 2, 3])
      return {
        id: `${topic.id}-q${String(i + 1).padStart(2, '0')}`,
        topics: second === undefined ? [t] : [t, second],
        topicIds: second === undefined ? [topic.id] : [topic.id, topics[second]!.id],
        difficulty: level + 0.7 * random.normal(),
        discrimination: 1.4 * Math.exp(0.25 * random.normal()),
        guess: [0.25, 0.2, 0.03][options]!,
        slip: 0.03 + 0.05 * random.uniform(),
        medianMs: 9000 + 16000 * random.uniform(),
      }
    })
  })
  const average = items.map((of): ItemParameters => {
    const mean = (pick: (item: SchoolItem) => number): number => of.reduce((sum, i) => sum + pick(i), 0) / of.length
    return {
      difficulty: mean((i) => i.difficulty),
      discrimination: mean((i) => i.discrimination),
      guess: mean((i) => i.guess),
      slip: mean((i) => i.slip),
    }
  })
  return { topics, prerequisites, items, average, subjects }
}
