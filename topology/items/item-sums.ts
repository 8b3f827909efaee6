import { AbilityGrid } from './ability-grid.ts'
import { type ItemAnswer, within } from './answer.ts'
import { OptionSums } from './options.ts'
import { TimeHistogram } from './time-histogram.ts'

/** Everything that item health is computed from: sums, so that those of parts of the answers merge, whatever the parts. */
export class ItemSums {
  answers = 0
  right = 0
  /** First tries among them, and how many of these were right. */
  firstAnswers = 0
  firstRight = 0
  private abilities = 0
  private abilitySquares = 0
  private rightAbilities = 0
  /** Of the predictions as they were made: sum of p, of p (1 - p), of (y - p)^2 and of (y - p)^2 / (p (1 - p)). */
  private predicted = 0
  private information = 0
  private squares = 0
  private standardised = 0
  firstAt = Number.POSITIVE_INFINITY
  lastAt = Number.NEGATIVE_INFINITY
  readonly students = new Set<number | string>()
  readonly abilityGrid = new AbilityGrid()
  readonly times = new TimeHistogram()
  readonly options = new OptionSums()

  add(a: ItemAnswer): void {
    const y = a.correct ? 1 : 0
    const p = within(a.p)
    this.answers++
    this.right += y
    if (a.first) {
      this.firstAnswers++
      this.firstRight += y
    }
    this.abilities += a.ability
    this.abilitySquares += a.ability * a.ability
    this.rightAbilities += y * a.ability
    this.predicted += p
    this.information += p * (1 - p)
    this.squares += (y - p) * (y - p)
    this.standardised += ((y - p) * (y - p)) / (p * (1 - p))
    this.firstAt = Math.min(this.firstAt, a.at)
    this.lastAt = Math.max(this.lastAt, a.at)
    this.students.add(a.student)
    this.abilityGrid.add(a.ability, a.correct)
    this.times.add(a.responseMs, a.correct)
    this.options.add(a.option, a.ability, a.correct)
  }

  merge(o: ItemSums): void {
    this.answers += o.answers
    this.right += o.right
    this.firstAnswers += o.firstAnswers
    this.firstRight += o.firstRight
    this.abilities += o.abilities
    this.abilitySquares += o.abilitySquares
    this.rightAbilities += o.rightAbilities
    this.predicted += o.predicted
    this.information += o.information
    this.squares += o.squares
    this.standardised += o.standardised
    this.firstAt = Math.min(this.firstAt, o.firstAt)
    this.lastAt = Math.max(this.lastAt, o.lastAt)
    for (const s of o.students) this.students.add(s)
    this.abilityGrid.merge(o.abilityGrid)
    this.times.merge(o.times)
    this.options.merge(o.options)
  }

  /** Mean of y - p. */
  meanResidual(): number {
    return (this.right - this.predicted) / this.answers
  }

  /**
   * Correlation of being right with the ability before the answer, to which this answer has contributed nothing: no
   * correction for the item's own part is needed, as there is with total scores. NaN where either is always the same.
   */
  pointBiserial(): number {
    const n = this.answers
    const rate = this.right / n
    const mean = this.abilities / n
    const variance = this.abilitySquares / n - mean * mean
    const both = rate * (1 - rate) * variance
    return both > 1e-12 ? (this.rightAbilities / n - rate * mean) / Math.sqrt(both) : Number.NaN
  }

  /**
   * Mean squares against the predictions as they were made (Wright & Masters 1982): they hold what the predictions did
   * not know of the item, its difficulty for one. The mean squares at the difficulty that fits are AbilityGrid's.
   */
  rawFit(): { infit: number; outfit: number } {
    return { infit: this.squares / this.information, outfit: this.standardised / this.answers }
  }
}
