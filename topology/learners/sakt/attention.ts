import { kindFinder } from '../sequence/vocabulary.ts'
import type { SaktArtefact } from './learner.ts'
import { answerRow, type SaktServing } from './serving.ts'

/** An answer as attention sees it. */
export interface SeenAnswer {
  item: string | null
  topics: readonly string[]
  correct: boolean
  /** UTC milliseconds. */
  at: number
}

/** A past answer that a prediction looked at. */
export interface Look {
  /** Index of the past answer. */
  past: number
  /** Mean over the heads, 0 to 1. */
  weight: number
}

/** What one prediction was made of. */
export interface Attention {
  /** Index of the answer that was predicted. */
  asked: number
  p: number
  /** Sum of the weights of all past answers; the rest looked at none. */
  looked: number
  /** The greatest first; of equal ones the newer first. */
  looks: Look[]
}

/**
 * @param shares [heads, window], the newest past answer last, as `SaktServing.ask` gives them
 * @param before how many past answers there are
 */
export function looksOf(
  shares: Float32Array,
  window: number,
  before: number,
  most: number,
): Pick<Attention, 'looked' | 'looks'> {
  const heads = shares.length / window
  const known = Math.min(window, before)
  const looks: Look[] = []
  let looked = 0
  for (let back = 1; back <= known; back++) {
    let weight = 0
    for (let h = 0; h < heads; h++) weight += shares[(h + 1) * window - back]! / heads
    looked += weight
    looks.push({ past: before - back, weight })
  }
  looks.sort((a, b) => b.weight - a.weight || b.past - a.past)
  return { looked, looks: looks.slice(0, most) }
}

/** How many answers come before each, strictly earlier: those of one instant were given together and don't see each other. */
export function earlier(answers: readonly Pick<SeenAnswer, 'at'>[]): Int32Array {
  const before = new Int32Array(answers.length)
  for (let i = 1; i < answers.length; i++) before[i] = answers[i]!.at === answers[i - 1]!.at ? before[i - 1]! : i
  return before
}

/**
 * What the predictions of each student's newest answers looked at. What is asked that the version knows neither by item
 * nor by topic is left out, and so is a first answer, which has nothing to look at.
 * @param students each one's answers, the oldest first
 * @param newest how many answers of each are asked for
 * @param most past answers to each at most
 */
export async function attentionOf(
  serving: SaktServing,
  { vocabulary }: Pick<SaktArtefact, 'vocabulary'>,
  students: readonly (readonly SeenAnswer[])[],
  newest: number,
  most: number,
): Promise<Attention[][]> {
  const find = kindFinder(vocabulary)
  const out: Attention[][] = students.map(() => [])
  const asks: { student: number; asked: number; before: number }[] = []
  const past: Int32Array[] = []
  const kinds: number[] = []
  students.forEach((answers, student) => {
    const own = answers.map((a) => find(a.item, a.topics))
    const rows = Int32Array.from(own, (kind, i) => answerRow(kind, answers[i]!.correct))
    const before = earlier(answers)
    for (let asked = Math.max(0, answers.length - newest); asked < answers.length; asked++) {
      if (own[asked] === 0 || before[asked] === 0) continue
      asks.push({ student, asked, before: before[asked]! })
      past.push(rows.subarray(Math.max(0, before[asked]! - serving.window), before[asked]))
      kinds.push(own[asked]!)
    }
  })
  if (asks.length === 0) return out
  const found: Pick<Attention, 'looked' | 'looks'>[] = []
  const logits = await serving.ask(past, Int32Array.from(kinds), (i, shares) => {
    found[i] = looksOf(shares, serving.window, asks[i]!.before, most)
  })
  asks.forEach(({ student, asked }, i) => {
    out[student]!.push({ asked, p: 1 / (1 + Math.exp(-logits[i]!)), ...found[i]! })
  })
  return out
}
