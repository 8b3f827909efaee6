import type { AnswerLog } from '../../evaluation/answer-log.ts'
import { type ItemStats, StatsOfLog, topicsMean } from './item-stats.ts'

/** What a row's student did in earlier bundles, and what training says of its item. NaN: there is nothing to say. */
export const HISTORY_FEATURES = [
  'item_rate',
  'item_answers',
  'topic_rate',
  'item_against_topic',
  'succession',
  'right',
  'wrong',
  'topics_met',
  'topic_right',
  'topic_wrong',
  'item_right',
  'item_wrong',
  'item_last',
  'item_since',
  'ewma_50',
  'ewma_90',
  'surprise_70',
  'surprise_95',
  'rate_of_recent_items',
  'streak',
  'last_same_topic',
  'run_length',
  'run_share',
  'topic_ewma_50',
  'topic_ewma_90',
  'topic_surprise_80',
  'topic_last_1',
  'topic_last_2',
  'topic_last_3',
  'topic_streak',
  'topic_since',
  'gap',
  'topic_gap',
] as const

const NOT_MET = Number.NaN

/** What is known of one student on one topic or item. */
class Met {
  right = 0
  wrong = 0
  ewma50 = NOT_MET
  ewma90 = NOT_MET
  surprise = 0
  last = [NOT_MET, NOT_MET, NOT_MET]
  /** Right answers in a row; wrong ones as a negative number. */
  streak = 0
  /** Student's answers before the last one here, and its time. */
  answers = 0
  at = Number.NaN

  learn(correct: number, expected: number, answers: number, at: number): void {
    if (correct === 1) this.right++
    else this.wrong++
    this.ewma50 = averaged(this.ewma50, correct, 0.5)
    this.ewma90 = averaged(this.ewma90, correct, 0.9)
    this.surprise = 0.8 * this.surprise + 0.2 * (correct - expected)
    this.last = [correct, this.last[0]!, this.last[1]!]
    this.streak = inARow(this.streak, correct)
    this.answers = answers
    this.at = at
  }
}

/** What is known of one student overall. */
class Student {
  readonly topics = new Map<number, Met>()
  readonly items = new Map<number, Met>()
  right = 0
  wrong = 0
  ewma50 = NOT_MET
  ewma90 = NOT_MET
  surprise70 = 0
  surprise95 = 0
  recentRate = NOT_MET
  streak = 0
  lastTopic = -1
  lastItem = -1
  lastCorrect = 0
  run = 0
  runRight = 0
  at = Number.NaN

  learn(log: AnswerLog, r: number, rate: number): void {
    const correct = log.correct[r]!
    const expected = 1 / (1 + Math.exp(-rate))
    const answers = this.right + this.wrong
    const at = log.at[r]!
    for (let k = log.topicStart[r]!; k < log.topicStart[r + 1]!; k++)
      metIn(this.topics, log.topic[k]!).learn(correct, expected, answers, at)
    const item = log.item[r]!
    if (item >= 0) metIn(this.items, item).learn(correct, expected, answers, at)
    if (correct === 1) this.right++
    else this.wrong++
    this.ewma50 = averaged(this.ewma50, correct, 0.5)
    this.ewma90 = averaged(this.ewma90, correct, 0.9)
    this.surprise70 = 0.7 * this.surprise70 + 0.3 * (correct - expected)
    this.surprise95 = 0.95 * this.surprise95 + 0.05 * (correct - expected)
    this.recentRate = averaged(this.recentRate, rate, 0.9)
    this.streak = inARow(this.streak, correct)
    const topic = log.topic[log.topicStart[r]!]!
    if (topic !== this.lastTopic) this.run = this.runRight = 0
    this.run++
    this.runRight += correct
    this.lastTopic = topic
    this.lastItem = item
    this.lastCorrect = correct
    this.at = at
  }
}

const averaged = (before: number, now: number, keep: number): number =>
  Number.isNaN(before) ? now : keep * before + (1 - keep) * now

const inARow = (streak: number, correct: number): number =>
  correct === 1 ? Math.max(streak, 0) + 1 : Math.min(streak, 0) - 1

function metIn(all: Map<number, Met>, key: number): Met {
  let met = all.get(key)
  if (!met) {
    met = new Met()
    all.set(key, met)
  }
  return met
}

const NEVER = new Met()

/** Seconds, as log(1 + s): a minute's gap and an hour's differ as an hour's and two days'. */
const gap = (now: number, before: number): number => Math.log1p(Math.max(0, now - before) / 1000)

/** Columns in the order of `HISTORY_FEATURES`: all rows of a bundle are described before any of them is learned from. */
export function historyColumns(log: AnswerLog, stats: ItemStats): Float32Array[] {
  const known = new StatsOfLog(stats, log)
  const out = HISTORY_FEATURES.map(() => new Float32Array(log.size))
  let student = new Student()
  for (let r = 0; r < log.size; ) {
    if (r === 0 || log.student[r] !== log.student[r - 1]) student = new Student()
    let end = r
    for (; end < log.size && log.student[end] === log.student[r] && log.bundle[end] === log.bundle[r]; end++)
      describe(log, end, known, student).forEach((v, f) => {
        out[f]![end] = v
      })
    for (; r < end; r++) student.learn(log, r, known.rateOf(log, r))
  }
  return out
}

function describe(log: AnswerLog, r: number, known: StatsOfLog, s: Student): number[] {
  const item = log.item[r]!
  const rate = known.rateOf(log, r)
  const topicRate = topicsMean(log, r, (t) => known.topicRate[t]!)
  const onItem = (item < 0 ? undefined : s.items.get(item)) ?? NEVER
  const onTopics = (of: (m: Met) => number) => topicsMean(log, r, (t) => of(s.topics.get(t) ?? NEVER))
  const answers = s.right + s.wrong
  const since = (m: Met) => (m === NEVER ? NOT_MET : Math.log1p(answers - m.answers))
  const sameTopic = topicsMean(log, r, (t) => (t === s.lastTopic ? 1 : 0))
  const at = log.at[r]!
  return [
    rate,
    Math.log1p(item < 0 ? 0 : known.itemAnswers[item]!),
    topicRate,
    rate - topicRate,
    known.succession(s.lastItem, s.lastCorrect, item),
    Math.log1p(s.right),
    Math.log1p(s.wrong),
    Math.log1p(s.topics.size),
    onTopics((m) => Math.log1p(m.right)),
    onTopics((m) => Math.log1p(m.wrong)),
    onItem.right,
    onItem.wrong,
    onItem.last[0]!,
    since(onItem),
    s.ewma50,
    s.ewma90,
    s.surprise70,
    s.surprise95,
    s.recentRate,
    s.streak,
    sameTopic,
    sameTopic > 0 ? Math.log1p(s.run) : 0,
    sameTopic > 0 ? s.runRight / s.run : NOT_MET,
    onTopics((m) => m.ewma50),
    onTopics((m) => m.ewma90),
    onTopics((m) => m.surprise),
    onTopics((m) => m.last[0]!),
    onTopics((m) => m.last[1]!),
    onTopics((m) => m.last[2]!),
    onTopics((m) => m.streak),
    onTopics(since),
    gap(at, s.at),
    onTopics((m) => gap(at, m.at)),
  ]
}
