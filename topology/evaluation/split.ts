import { hash53 } from '../events/hash.ts'
import { type AnswerLog, studentsOf } from './answer-log.ts'

/**
 * Fold of a student, 0 to `folds` - 1. It hangs on the seed and the student's name alone: who else is in the data, and in
 * which order, moves nobody. Folds are of about equal size, not exactly.
 */
export function foldOf(student: string, folds: number, seed: number): number {
  return hash53(`${seed}\u001f${student}`) % folds
}

export interface Split {
  train: AnswerLog
  test: AnswerLog
}

/**
 * Students are parted, never answers of one student: fold `fold` of `folds` is for the test, the others for the fit.
 * @throws Error where either part has no student
 */
export function splitByStudent(log: AnswerLog, folds: number, fold: number, seed: number): Split {
  const mine = log.students.map((name) => foldOf(name, folds, seed) === fold)
  const train = studentsOf(log, (s) => !mine[s]!)
  const test = studentsOf(log, (s) => mine[s]!)
  if (train.size === 0 || test.size === 0)
    throw new Error(
      `Of ${log.students.length} students fold ${fold + 1} of ${folds} leaves none for ${train.size === 0 ? 'the fit' : 'the test'}. Give fewer folds, or another seed.`,
    )
  return { train, test }
}

/**
 * As `splitByStudent`, where students are so few that a fold may have none: of all students one in `folds`, and one at
 * least, is for the test, those of the least hashes.
 * @throws Error where there are fewer than two students
 */
export function splitFew(log: AnswerLog, folds: number, seed: number): Split {
  const hashes = log.students.map((name) => hash53(`${seed}\u001f${name}`))
  const order = [...hashes.keys()].sort((a, b) => hashes[a]! - hashes[b]!)
  if (order.length < 2) throw new Error('One student can not be parted: give answers of two or more.')
  const aside = new Set(order.slice(0, Math.max(1, Math.floor(order.length / folds))))
  return { train: studentsOf(log, (s) => !aside.has(s)), test: studentsOf(log, (s) => aside.has(s)) }
}
