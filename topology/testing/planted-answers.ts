import { type AnswerLog, AnswerLogBuilder } from '../evaluation/answer-log.ts'
import { Random } from '../school/random.ts'

/**
 * Answers with a structure to be found: students differ in ability and learn with each answer on a topic, items differ in
 * difficulty, some items have two topics, some answers were given in bundles of three. `answers` per student on average.
 */
export function plantedAnswers(seed: number, students: number, answers: number): AnswerLog {
  const random = new Random(seed)
  const world = new Random(99)
  const topics = ['algebra', 'fractions', 'geometry', 'ratios']
  const items = Array.from({ length: 24 }, (_, i) => ({
    name: `item-${i}`,
    topics: i % 8 === 7 ? [topics[i % 4]!, topics[(i + 1) % 4]!] : [topics[i % 4]!],
    difficulty: 1.2 * world.normal(),
  }))
  const log = new AnswerLogBuilder()
  let row = 0
  for (let s = 0; s < students; s++) {
    const ability = 1.5 * random.normal()
    const practised = new Map<string, number>()
    const count = Math.round(answers * (0.5 + random.uniform()))
    for (let i = 0; i < count; i++) {
      const item = items[Math.floor(random.uniform() * items.length)]!
      const learned = item.topics.reduce((sum, t) => sum + (practised.get(t) ?? 0), 0) / item.topics.length
      const p = 1 / (1 + Math.exp(item.difficulty - ability - 0.15 * learned))
      const correct = random.uniform() < p
      log.add({
        student: `student-${seed}-${s}`,
        item: item.name,
        topics: item.topics,
        correct,
        at: Number.NaN,
        bundle: s % 3 === 0 ? `bundle ${Math.floor(i / 3)}` : null,
        row: row++,
        extra: { response_ms: i % 5 === 0 ? Number.NaN : 1000 * (correct ? 20 : 40) * (0.5 + random.uniform()) },
      })
      for (const t of item.topics) practised.set(t, (practised.get(t) ?? 0) + 1)
    }
  }
  return log.build()
}

/** The same log with other answers: `correct` is called per row. */
export function answeredOtherwise(log: AnswerLog, correct: (row: number) => number): AnswerLog {
  return { ...log, correct: Uint8Array.from({ length: log.size }, (_, r) => correct(r)) }
}
