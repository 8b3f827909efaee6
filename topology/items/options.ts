/** How one option of an item was chosen. */
export interface OptionUse {
  option: string
  answers: number
  /** Of all answers of which the option is recorded. */
  share: number
  /** Chosen, it was right every time, never, or (rows of several keys) now and then. */
  key: boolean
  /** Correlation of choosing it with the ability before the answer; NaN where all chose alike. */
  pointBiserial: number
}

interface Sums {
  answers: number
  right: number
  abilities: number
}

/** Which options of an item were chosen, by whom. Sums of parts of the answers merge to the sums of all of them. */
export class OptionSums {
  private readonly options = new Map<string, Sums>()
  private n = 0
  private abilities = 0
  private squares = 0

  /** An empty option is none. */
  add(option: string, ability: number, correct: boolean): void {
    if (option === '') return
    const s = this.of(option)
    s.answers++
    s.abilities += ability
    if (correct) s.right++
    this.n++
    this.abilities += ability
    this.squares += ability * ability
  }

  merge(other: OptionSums): void {
    for (const [option, s] of other.options) {
      const mine = this.of(option)
      mine.answers += s.answers
      mine.right += s.right
      mine.abilities += s.abilities
    }
    this.n += other.n
    this.abilities += other.abilities
    this.squares += other.squares
  }

  get answers(): number {
    return this.n
  }

  /** By name; empty where no option is recorded. */
  uses(): OptionUse[] {
    const { n, abilities, squares } = this
    const spread = Math.sqrt(Math.max(0, squares / n - (abilities / n) * (abilities / n)))
    return [...this.options]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([option, s]) => {
        const share = s.answers / n
        const covariance = s.abilities / n - share * (abilities / n)
        return {
          option,
          answers: s.answers,
          share,
          key: 2 * s.right > s.answers,
          pointBiserial: covariance / (spread * Math.sqrt(share * (1 - share))),
        }
      })
  }

  private of(option: string): Sums {
    let s = this.options.get(option)
    if (s === undefined) this.options.set(option, (s = { answers: 0, right: 0, abilities: 0 }))
    return s
  }
}
