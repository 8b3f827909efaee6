import { type AnswerLog, AnswerLogBuilder } from '../evaluation/answer-log.ts'
import { hash53 } from '../events/hash.ts'
import { type Ask, isRight, UNKNOWN, type Walk } from './served.ts'

/** Answers of walks as a log, with what is asked among them. */
export interface AskedLog {
  log: AnswerLog
  /** Rows of `log`, ascending. */
  rows: Int32Array
  /** Of each of these rows, the ask that it answers. */
  asks: readonly Ask[]
}

/** Names of items by their hashes, for models that know items by name. */
export class ItemNames {
  private readonly names: ReadonlyMap<number, string>

  constructor(names: readonly string[]) {
    this.names = new Map(names.map((name) => [hash53(name), name]))
  }

  /** Null for none. An item that training did not see has a name that it cannot have seen either. */
  of(hash: number): string | null {
    return hash === 0 ? null : (this.names.get(hash) ?? `\u0000${hash}`)
  }
}

/** Lays out what is asked as rows of a log, for models that fold a whole history for every prediction. */
export class AskedLogBuilder {
  private readonly log = new AnswerLogBuilder()
  private readonly askOf = new Map<number, Ask>()
  private row = 0
  private student = 0
  private readonly items: ItemNames
  private readonly most: number

  /** @param most opportunities that are looked back on */
  constructor(items: ItemNames, most: number) {
    this.items = items
    this.most = most
  }

  /**
   * The answer that is wanted is a row of the student's own; mastery is a row without an item behind all that was learned
   * by then. Rows of one time are one bundle.
   * @param knows whether a topic is one that the model can say something of
   * @param answers whether single answers are asked for, beside mastery
   */
  walk(w: Walk, knows: (topic: string) => boolean, answers = true): void {
    const after = new Map<number, Ask[]>()
    const own = new Map<number, Ask>()
    for (const a of w.asks) {
      a.p = UNKNOWN
      if (a.opportunity !== null) {
        if (answers) own.set(a.opportunity, a)
      } else if (knows(w.of.names[a.topic]!)) after.set(a.after, [...(after.get(a.after) ?? []), a])
    }
    const wanted = [...own.keys()].reduce((most, i) => Math.max(most, i), -1)
    const ends = [...after.keys()].sort((x, y) => y - x)
    // What a prediction looks back on hangs on where its history ends: the row has one of its own unless it is the last.
    if (wanted >= 0 && !(ends[0] === wanted + 1)) ends.unshift(wanted + 1)
    for (const end of ends) {
      this.history(w, end, end === wanted + 1 ? own : NOTHING)
      for (const a of after.get(end) ?? []) this.mastery(w, a)
      this.student++
    }
  }

  private history(w: Walk, to: number, asked: ReadonlyMap<number, Ask>): void {
    for (let i = Math.max(0, to - this.most); i < to; i++) {
      const ask = asked.get(i)
      if (ask) this.askOf.set(this.row, ask)
      this.log.add({
        student: String(this.student),
        item: this.items.of(w.of.item[i]!),
        topics: w.of.topics(i).map((t) => w.of.names[t]!),
        correct: isRight(w.of, i),
        at: w.of.t[i]!,
        bundle: String(w.of.t[i]),
        row: this.row++,
        extra: { hints: w.of.hints[i]! },
      })
    }
  }

  private mastery(w: Walk, a: Ask): void {
    this.askOf.set(this.row, a)
    const at = a.after > 0 ? w.of.t[a.after - 1]! : 0
    const topics = [w.of.names[a.topic]!]
    this.log.add({
      student: String(this.student),
      item: null,
      topics,
      correct: false,
      at,
      bundle: 'asked',
      row: this.row++,
    })
  }

  build(): AskedLog {
    const log = this.log.build()
    const rows: number[] = []
    const asks: Ask[] = []
    for (let r = 0; r < log.size; r++) {
      const ask = this.askOf.get(log.row[r]!)
      if (ask === undefined) continue
      rows.push(r)
      asks.push(ask)
    }
    return { log, rows: Int32Array.from(rows), asks }
  }
}

const NOTHING: ReadonlyMap<number, Ask> = new Map()
