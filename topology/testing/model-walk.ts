import { kindIndex } from '../events/kinds.ts'
import type { AnyModel, Opportunity } from '../models/model.ts'
import { DAY, DAY_ZERO } from './learner-log.ts'

/** One answer of a student, as the tests write it. */
export interface Answer {
  topics: string[]
  score: number
  /** How much it teaches; default 1. */
  weight?: number
  /** Days after DAY_ZERO. */
  day: number
  kind?: 'quiz_attempt' | 'assignment_submission' | 'practice_attempt' | 'tutor_interaction' | 'teacher_feedback'
  hints?: number
  item?: number
}

/** What a model said before each answer (mean over its topics) and of each topic after it. */
export interface Said {
  p: number
  mastery: Record<string, number>
}

/** Folds a model alone over one student's answers, as the scoring stage does: predict all topics, then learn. */
export function walk<P>(model: AnyModel, params: P, answers: readonly Answer[]): Said[] {
  const student = new Float64Array(Math.max(1, model.studentSlots))
  const slots = new Map<string, Float64Array>()
  model.initStudent(params, student, 0)
  return answers.map((a) => {
    const o = (topicName: string): Opportunity => ({
      at: DAY_ZERO + a.day * DAY,
      topicName,
      item: a.item ?? 0,
      kind: kindIndex(a.kind ?? 'quiz_attempt'),
      hints: a.hints ?? 0,
      score: a.score,
      correct: a.score >= 0.5,
      weight: a.weight ?? 1,
    })
    const each = a.topics.map((name) => {
      let topic = slots.get(name)
      if (!topic) {
        slots.set(name, (topic = new Float64Array(Math.max(1, model.topicSlots))))
        model.initTopic(params, name, topic, 0)
      }
      return { name, topic, p: model.predict(params, student, 0, topic, 0, o(name)) as number }
    })
    const p = each.reduce((sum, e) => sum + e.p, 0) / each.length
    for (const e of each) model.learnTopic(params, student, 0, e.topic, 0, o(e.name), e.p)
    model.learnStudent(params, student, 0, o(a.topics[0]!), p)
    const mastery: Record<string, number> = {}
    for (const e of each) mastery[e.name] = model.mastery(params, student, 0, e.topic, 0)
    return { p, mastery }
  })
}

/** A fixed sequence with everything that a model may look at: kinds, hints, fractions, pauses, several topics. */
export const ANSWERS: readonly Answer[] = [
  { topics: ['fractions'], score: 1, day: 0 },
  { topics: ['fractions'], score: 0, day: 0.5, hints: 1 },
  { topics: ['fractions', 'ratios'], score: 1, day: 1, kind: 'practice_attempt', item: 101 },
  { topics: ['ratios'], score: 0.5, day: 3, kind: 'assignment_submission' },
  { topics: ['ratios'], score: 0.4, day: 3, kind: 'practice_attempt', hints: 2 },
  { topics: ['fractions'], score: 1, day: 20, kind: 'teacher_feedback' },
  { topics: ['algebra', 'fractions', 'ratios'], score: 0.75, day: 45, hints: 9, item: 102 },
  { topics: ['algebra'], score: 0, day: 45, kind: 'tutor_interaction' },
  { topics: ['fractions'], score: 1, day: 200, item: 101 },
  { topics: ['algebra', 'ratios'], score: 0, day: 200.25, kind: 'practice_attempt' },
]

/** Twelve significant digits, which is what golden files keep. */
export function digits(x: number): number {
  return Number(x.toPrecision(12))
}

/** A golden file's text: what went in, what came out. */
export function goldenText(parameters: unknown, answers: readonly Answer[], said: readonly Said[]): string {
  const rounded = said.map(({ p, mastery }) => ({
    p: digits(p),
    mastery: Object.fromEntries(Object.entries(mastery).map(([name, m]) => [name, digits(m)])),
  }))
  const lines = answers.map((a, i) => `    ${JSON.stringify({ ...a, ...rounded[i] })}`)
  return `{\n  "parameters": ${JSON.stringify(parameters)},\n  "answers": [\n${lines.join(',\n')}\n  ]\n}\n`
}
