import { Random } from '../../school/random.ts'
import type { ItemAnswer } from '../answer.ts'

export interface AnswersShape {
  answers: number
  difficulty?: number
  /** Slope of being right on ability. */
  slope?: number
  /** Share of rapid guesses: fast, and right one time in five. */
  rapid?: number
  from?: number
}

const DAY = 86_400_000

/** Answers of students of normal ability to one item, predicted as if its difficulty were 0. */
export function answersTo(seed: number, shape: AnswersShape): ItemAnswer[] {
  const random = new Random(seed)
  const from = shape.from ?? Date.UTC(2025, 8, 1)
  return Array.from({ length: shape.answers }, (_, i) => {
    const ability = random.normal()
    const rapid = random.chance(shape.rapid ?? 0)
    const p = rapid ? 0.2 : 1 / (1 + Math.exp(-(shape.slope ?? 1) * (ability - (shape.difficulty ?? 0))))
    return {
      student: random.between(1, 200),
      correct: random.chance(p),
      p: 1 / (1 + Math.exp(-ability)),
      ability,
      responseMs: random.chance(0.05)
        ? Number.NaN
        : Math.round(1000 * Math.exp((rapid ? 0 : 2.7) + (rapid ? 0.35 : 0.5) * random.normal())),
      first: random.chance(0.8),
      option: '',
      at: from + Math.floor(i * 0.05 * DAY),
    }
  })
}
