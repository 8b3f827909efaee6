import { Random } from '../../school/random.ts'
import type { Answer, AnswerLog } from '../answer-log.ts'
import type { AnyLearner } from '../learner.ts'
import { logOf } from './answers.ts'

/** What is done to a log that no prediction before it, or within the same bundle, may notice. */
export const FUTURES = ['flipped', 'shuffled', 'removed', 'of another student', 'without the other students'] as const
export type Future = (typeof FUTURES)[number]

/** A prediction that a change of the future moved. */
export interface Leak {
  student: string
  row: number
  before: number
  after: number
}

/**
 * Predictions that change when the future does. Each student has a bundle of its own from which on the future begins:
 * answers of that bundle and what was measured with them count as unknown, its items and topics as known; of later rows
 * nothing is known. Predictions up to that bundle, itself included, must stay.
 * @param tolerance greatest difference that is none
 */
export async function leaks(
  learner: AnyLearner,
  artefact: unknown,
  answers: readonly Answer[],
  future: Future,
  { seed, tolerance }: { seed: number; tolerance: number },
): Promise<Leak[]> {
  const random = new Random(seed, FUTURES.indexOf(future))
  const students = Map.groupBy(answers, (a) => a.student)
  const changed: Answer[] = []
  const kept = new Set<number>()
  const only = random.between(0, students.size - 1)
  for (const [i, list] of [...students.values()].entries()) {
    if (future === 'without the other students' && i !== only) continue
    const bundles = [...new Set(list.map((a) => a.bundle))]
    const cut = random.between(0, bundles.length - 1)
    const within = list.filter((a) => bundles.indexOf(a.bundle) <= cut)
    const later = list.filter((a) => bundles.indexOf(a.bundle) > cut)
    for (const a of within) kept.add(a.row)
    const unknown = within.map((a) => (a.bundle === bundles[cut] ? unanswered(a, random) : a))
    changed.push(...(future === 'without the other students' ? list : unknown))
    if (future === 'flipped') changed.push(...later.map((a) => unanswered(a, random)))
    else if (future === 'shuffled') changed.push(...shuffledFrom(later, random))
    else if (future === 'of another student') changed.push(...borrowed(later, answers, random))
  }
  const before = await byRow(learner, artefact, logOf(answers), seed)
  const after = await byRow(learner, artefact, logOf(changed), seed)
  const found: Leak[] = []
  for (const a of answers) {
    if (!kept.has(a.row)) continue
    const [b, c] = [before.get(a.row)!, after.get(a.row)!]
    if (!(Math.abs(b - c) <= tolerance)) found.push({ student: a.student, row: a.row, before: b, after: c })
  }
  return found
}

async function byRow(learner: AnyLearner, artefact: unknown, log: AnswerLog, seed: number) {
  const p = await learner.predict(artefact, log, { seed })
  return new Map([...log.row].map((row, r) => [row, p[r]!]))
}

/** Same question; another answer, and other things measured with it. */
function unanswered(a: Answer, random: Random): Answer {
  const extra: Record<string, number> = {}
  for (const name of Object.keys(a.extra ?? {})) extra[name] = random.between(0, 50_000)
  return { ...a, correct: !a.correct, extra }
}

/** Other questions and answers at the same places; times and bundles stay in order. */
function shuffledFrom(rows: readonly Answer[], random: Random): Answer[] {
  const from = [...rows]
  for (let i = from.length - 1; i > 0; i--) {
    const j = random.between(0, i)
    ;[from[i], from[j]] = [from[j]!, from[i]!]
  }
  return rows.map((a, i) => ({ ...from[i]!, at: a.at, bundle: a.bundle ?? null, row: a.row }))
}

function borrowed(rows: readonly Answer[], all: readonly Answer[], random: Random): Answer[] {
  return rows.map((a) => {
    const { item, topics, correct, extra } = all[random.between(0, all.length - 1)]!
    return { ...a, item, topics, correct, ...(extra ? { extra } : {}) }
  })
}
