import { Random } from '../../school/random.ts'
import { type Answer, type AnswerLog, AnswerLogBuilder } from '../answer-log.ts'

export interface AnswerShape {
  students: number
  /** Answers of each student, about. */
  answers: number
  /** Before names, so that two logs need not share any. */
  prefix?: string
  /** Without event times. */
  timeless?: true
  /** Rows without an item, all of them. */
  itemless?: true
  /** Every answer right. */
  allRight?: true
}

const ITEMS = 40
const TOPICS = 5
const START = Date.UTC(2025, 8, 1)

/**
 * Answers with what makes models hard: several topics to a row, rows without item, bundles that share an instant, columns
 * with gaps. Able students answer better, items differ, and practice helps: there is something to learn.
 */
export function answersOf(seed: number, shape: AnswerShape): Answer[] {
  const random = new Random(seed)
  const difficulty = Array.from({ length: ITEMS }, () => 1.6 * random.normal())
  const topicsOf = Array.from({ length: ITEMS }, (_, i) =>
    i % 7 === 0 ? [i % TOPICS, (i + 1) % TOPICS] : [i % TOPICS],
  )
  const prefix = shape.prefix ?? ''
  const answers: Answer[] = []
  for (let s = 0; s < shape.students; s++) {
    const ability = 1.2 * random.normal()
    const practice = new Float64Array(TOPICS)
    const count = Math.max(1, Math.round(shape.answers * (0.5 + random.uniform())))
    let at = START + Math.floor(random.uniform() * 1e8)
    let bundle = 0
    for (let k = 0; k < count; k++) {
      if (k === 0 || random.chance(0.7)) {
        bundle++
        at += 1000 + Math.floor(random.uniform() * 1e6)
      }
      const item = random.between(0, ITEMS - 1)
      const topics = topicsOf[item]!
      const known = topics.reduce((sum, t) => sum + practice[t]!, 0) / topics.length
      const p = 1 / (1 + Math.exp(-(ability + known - difficulty[item]!)))
      const correct = shape.allRight ? true : random.chance(p)
      for (const t of topics) practice[t]! += 0.15
      answers.push({
        student: `${prefix}student-${s}`,
        item: shape.itemless || random.chance(0.05) ? null : `${prefix}item-${item}`,
        topics: topics.map((t) => `${prefix}topic-${t}`),
        correct,
        at: shape.timeless ? Number.NaN : at,
        bundle: String(bundle),
        row: answers.length,
        extra: {
          response_ms: random.chance(0.8) ? Math.floor(random.uniform() * 60_000) : Number.NaN,
          hints: correct ? 0 : random.between(0, 2),
        },
      })
    }
  }
  return answers
}

export function logOf(answers: readonly Answer[]): AnswerLog {
  const b = new AnswerLogBuilder()
  for (const a of answers) b.add(a)
  return b.build()
}
