import { Random } from '../school/random.ts'
import { surprise } from './metrics.ts'
import { type Ranking, rank } from './ranking.ts'

/** Draws of one pass: their weights lie side by side, so that a row's rank is looked up once for all of them. */
const LANES = 4

/** Metrics of one set of predictions, one value per draw. */
export interface Draws {
  auc: Float64Array
  accuracy: Float64Array
  rmse: Float64Array
  log_loss: Float64Array
  brier: Float64Array
}

export const DRAWN = ['auc', 'accuracy', 'rmse', 'log_loss', 'brier'] as const

interface Prepared {
  /** Per row in ascending order of p: where the lanes of its student begin, apart for wrong and for right answers. */
  codes: Int32Array
  groups: Uint32Array
  /** Per student: answers that fit p >= 0.5, squared errors, log losses. */
  hits: Float64Array
  squares: Float64Array
  losses: Float64Array
  draws: Draws
}

/**
 * Bootstrap over students: each draw takes as many students as there are, with replacement, and with each all of their
 * answers (Field & Welsh, Journal of the Royal Statistical Society B 69, 2007: the cluster bootstrap). Answers of one
 * student hang together, so drawing answers instead would give intervals far too narrow. All sets of predictions are
 * measured on the same draws: differences of two are paired.
 */
export class StudentBootstrap {
  readonly total: number
  done = 0
  private readonly random: Random
  private readonly students: number
  private readonly answers: Float64Array
  private readonly prepared: Prepared[]
  /** Times that a student was drawn, per lane: at the student's wrong answers, 0 at the right ones; and the reverse. */
  private readonly wrong: Float64Array
  private readonly right: Float64Array

  /**
   * @param student per row: any integer of 0 or more; rows with the same one are drawn together
   * @param correct per row: 1 or 0
   * @param predictions each in [0, 1] per row
   */
  constructor(
    student: Int32Array,
    correct: Uint8Array,
    predictions: readonly Float64Array[],
    { seed, draws }: { seed: number; draws: number },
  ) {
    const dense = new Map<number, number>()
    for (const s of student) if (!dense.has(s)) dense.set(s, dense.size)
    const who = Int32Array.from(student, (s) => dense.get(s)!)
    this.students = dense.size
    this.total = draws
    this.random = new Random(seed, 0x5b00)
    this.answers = new Float64Array(this.students)
    for (const s of who) this.answers[s]!++
    this.prepared = predictions.map((p) => prepare(who, this.students, correct, p, rank(p), draws))
    this.right = new Float64Array(2 * this.students * LANES)
    this.wrong = new Float64Array(2 * this.students * LANES)
  }

  /** Takes some more draws; false when all were taken. Draws do not depend on how the calls cut them. */
  advance(draws = LANES): boolean {
    for (const until = Math.min(this.total, this.done + draws); this.done < until; this.done += LANES) {
      this.draw()
      for (const p of this.prepared) this.measure(p)
    }
    return this.done < this.total
  }

  /** Of each set of predictions, in the order given. Throws an Error before all draws were taken. */
  results(): Draws[] {
    if (this.done < this.total) throw new Error(`Only ${this.done} of ${this.total} draws were taken.`)
    return this.prepared.map((p) => p.draws)
  }

  private draw(): void {
    const { random, students, right, wrong } = this
    right.fill(0)
    wrong.fill(0)
    for (let lane = 0; lane < LANES; lane++)
      for (let i = 0; i < students; i++) {
        const at = 2 * Math.floor(random.uniform() * students) * LANES + lane
        wrong[at]!++
        right[at + LANES]!++
      }
  }

  private measure({ codes, groups, hits, squares, losses, draws }: Prepared): void {
    const area = this.areas(codes, groups)
    for (let lane = 0; lane < LANES && this.done + lane < this.total; lane++) {
      let n = 0
      let h = 0
      let q = 0
      let l = 0
      for (let s = 0; s < this.students; s++) {
        const w = this.wrong[2 * s * LANES + lane]!
        n += w * this.answers[s]!
        h += w * hits[s]!
        q += w * squares[s]!
        l += w * losses[s]!
      }
      const d = this.done + lane
      draws.auc[d] = area[lane]!
      draws.accuracy[d] = h / n
      draws.brier[d] = q / n
      draws.rmse[d] = Math.sqrt(q / n)
      draws.log_loss[d] = l / n
    }
  }

  /** Area under the ROC curve per lane, every row counting as often as its student was drawn. */
  private areas(codes: Int32Array, groups: Uint32Array): [number, number, number, number] {
    const { right, wrong } = this
    // Per lane: wrong answers with smaller p, right ones so far, pairs won, a tie counting half.
    let b0 = 0
    let b1 = 0
    let b2 = 0
    let b3 = 0
    let a0 = 0
    let a1 = 0
    let a2 = 0
    let a3 = 0
    let won0 = 0
    let won1 = 0
    let won2 = 0
    let won3 = 0
    for (let g = 0, i = 0; g + 1 < groups.length; g++) {
      let r0 = 0
      let r1 = 0
      let r2 = 0
      let r3 = 0
      let w0 = 0
      let w1 = 0
      let w2 = 0
      let w3 = 0
      for (const end = groups[g + 1]!; i < end; i++) {
        const at = codes[i]!
        r0 += right[at]!
        r1 += right[at + 1]!
        r2 += right[at + 2]!
        r3 += right[at + 3]!
        w0 += wrong[at]!
        w1 += wrong[at + 1]!
        w2 += wrong[at + 2]!
        w3 += wrong[at + 3]!
      }
      won0 += r0 * (b0 + 0.5 * w0)
      won1 += r1 * (b1 + 0.5 * w1)
      won2 += r2 * (b2 + 0.5 * w2)
      won3 += r3 * (b3 + 0.5 * w3)
      b0 += w0
      b1 += w1
      b2 += w2
      b3 += w3
      a0 += r0
      a1 += r1
      a2 += r2
      a3 += r3
    }
    return [won0 / (a0 * b0), won1 / (a1 * b1), won2 / (a2 * b2), won3 / (a3 * b3)]
  }
}

function prepare(
  who: Int32Array,
  students: number,
  correct: Uint8Array,
  p: Float64Array,
  { order, groups }: Ranking,
  draws: number,
): Prepared {
  const hits = new Float64Array(students)
  const squares = new Float64Array(students)
  const losses = new Float64Array(students)
  for (let i = 0; i < p.length; i++) {
    const s = who[i]!
    const y = correct[i]!
    if (p[i]! >= 0.5 === (y === 1)) hits[s]!++
    squares[s]! += (p[i]! - y) * (p[i]! - y)
    losses[s]! += surprise(y, p[i]!)
  }
  const codes = Int32Array.from(order, (row) => LANES * (2 * who[row]! + correct[row]!))
  const empty = () => new Float64Array(draws)
  const drawn = { auc: empty(), accuracy: empty(), rmse: empty(), log_loss: empty(), brier: empty() }
  return { codes, groups, hits, squares, losses, draws: drawn }
}

export interface Interval {
  low: number
  high: number
}

/**
 * Percentile interval of draws, linear between order statistics (Hyndman & Fan's type 7). Draws without a value (of
 * answers all alike) are left out; NaN where fewer than half have one.
 */
export function interval(draws: Float64Array, level = 0.95): Interval {
  const known = draws.filter((x) => !Number.isNaN(x)).sort()
  if (known.length === 0 || known.length < draws.length / 2) return { low: Number.NaN, high: Number.NaN }
  const at = (share: number) => {
    const place = share * (known.length - 1)
    const below = Math.floor(place)
    const above = Math.min(known.length - 1, below + 1)
    return known[below]! + (place - below) * (known[above]! - known[below]!)
  }
  return { low: at((1 - level) / 2), high: at((1 + level) / 2) }
}

/** Percentile interval of the difference a - b over the same draws. */
export function differenceInterval(a: Float64Array, b: Float64Array, level = 0.95): Interval {
  return interval(
    a.map((x, i) => x - b[i]!),
    level,
  )
}
