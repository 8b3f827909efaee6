import { RetentionTally } from './retention.ts'
import { type TimeToMastery, timeToMastery } from './time-to-mastery.ts'
import { type Slope, slopeOf } from './velocity.ts'

/** One answer on one topic, as it was scored when it came. */
export interface TopicAnswer {
  topic: string
  /** Blended mastery of the topic right after it. */
  mastery: number
  /** UTC milliseconds: of the newest opportunity on the topic then, and of this one; they differ where it came late. */
  asOf: number
  at: number
  item: string | null
  correct: boolean
  /** What the blend expected beforehand. */
  expected: number
}

export interface TopicProgress {
  topic: string
  opportunities: number
  /** Null where there are too few opportunities; the second also within a single week, whose pace is no pace. */
  perOpportunity: Slope | null
  perWeek: Slope | null
  first: { mastery: number; at: number }
  last: { mastery: number; at: number }
  time: TimeToMastery
}

const DAY = 86_400_000
const WEEK = 7 * DAY

/**
 * How one student came along on each topic. `answers` in the order in which they came: what was known when is what
 * counts, so an answer that came late changes what follows it, not what was said before.
 */
export function progressOf(
  answers: readonly TopicAnswer[],
  { mastered, stays }: { mastered: number; stays: number },
): TopicProgress[] {
  const byTopic = new Map<string, TopicAnswer[]>()
  for (const a of answers) {
    const list = byTopic.get(a.topic)
    if (list) list.push(a)
    else byTopic.set(a.topic, [a])
  }
  return [...byTopic].map(([topic, list]) => {
    const mastery = list.map((a) => a.mastery)
    const at = list.map((a) => a.asOf)
    const first = { mastery: mastery[0]!, at: at[0]! }
    const last = { mastery: mastery.at(-1)!, at: at.at(-1)! }
    return {
      topic,
      opportunities: list.length,
      perOpportunity: slopeOf(
        mastery.map((_, i) => i + 1),
        mastery,
      ),
      perWeek:
        last.at - first.at < WEEK
          ? null
          : slopeOf(
              at.map((t) => (t - first.at) / WEEK),
              mastery,
            ),
      first,
      last,
      time: timeToMastery(mastery, at, mastered, stays),
    }
  })
}

/**
 * Adds one student's answers to the tallies of their topics, each by the time since the opportunity on the topic before
 * it. First opportunities have none, and of answers that share a time the later ones neither.
 */
export function tallyRetention(answers: readonly TopicAnswer[], into: Map<string, RetentionTally>): void {
  const last = new Map<string, number>()
  for (const a of [...answers].sort((x, y) => x.at - y.at)) {
    const before = last.get(a.topic)
    if (before === a.at) continue
    last.set(a.topic, a.at)
    if (before === undefined) continue
    let tally = into.get(a.topic)
    if (!tally) into.set(a.topic, (tally = new RetentionTally()))
    tally.add((a.at - before) / DAY, a.correct, a.expected)
  }
}
