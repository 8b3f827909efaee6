import type { ItemAnswer } from '../answer.ts'

/** Item statistics from the single answers, each by its definition. */
export function bruteForce(answers: readonly ItemAnswer[]) {
  const n = answers.length
  const y = answers.map((a) => (a.correct ? 1 : 0) as number)
  const mean = (x: readonly number[]) => x.reduce((s, v) => s + v, 0) / x.length
  const theta = answers.map((a) => a.ability)
  const [my, mt] = [mean(y), mean(theta)]
  const covariance = mean(y.map((v, i) => (v - my) * (theta[i]! - mt)))
  const sd = (x: readonly number[], m: number) => Math.sqrt(mean(x.map((v) => (v - m) * (v - m))))
  const b = difficulty(answers)
  const at = (i: number) => 1 / (1 + Math.exp(b - theta[i]!))
  const order = answers.map((_, i) => i).sort((i, j) => theta[i]! - theta[j]!)
  const group = Math.round(0.27 * n)
  const rate = (rows: readonly number[]) => mean(rows.map((i) => y[i]!))
  const residual = (i: number, p: number) => (y[i]! - p) / Math.sqrt(p * (1 - p))
  const rows = answers.map((_, i) => i)
  const information = (p: (i: number) => number) => rows.reduce((s, i) => s + p(i) * (1 - p(i)), 0)
  const infit = (p: (i: number) => number) => rows.reduce((s, i) => s + (y[i]! - p(i)) ** 2, 0) / information(p)
  const outfit = (p: (i: number) => number) => mean(rows.map((i) => residual(i, p(i)) ** 2))
  const predicted = (i: number) => answers[i]!.p
  const first = rows.filter((i) => answers[i]!.first)
  const times = answers.map((a) => a.responseMs).filter((t) => t > 0)
  return {
    pValue: my,
    pValueFirst: rate(first),
    meanResidual: mean(rows.map((i) => y[i]! - predicted(i))),
    pointBiserial: covariance / (sd(y, my) * sd(theta, mt)),
    upperLower: rate(order.slice(-group)) - rate(order.slice(0, group)),
    difficulty: b,
    difficultySe: 1 / Math.sqrt(information(at) + 1 / 4),
    infit: infit(at),
    outfit: outfit(at),
    rawInfit: infit(predicted),
    rawOutfit: outfit(predicted),
    students: new Set(answers.map((a) => a.student)).size,
    medianMs: [...times].sort((p, q) => p - q)[Math.floor(times.length / 2)]!,
    meanMs: mean(times),
    rapid: (edge: number) => times.filter((t) => t < edge).length / times.length,
  }
}

/** Root of the posterior's derivative by bisection. */
function difficulty(answers: readonly ItemAnswer[]): number {
  const slope = (b: number) =>
    answers.reduce((s, a) => s + 1 / (1 + Math.exp(b - a.ability)) - (a.correct ? 1 : 0), 0) - b / 4
  let [low, high] = [-20, 20]
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2
    if (slope(middle) > 0) low = middle
    else high = middle
  }
  return (low + high) / 2
}
