import { Names } from '../names.ts'

/**
 * Graded opportunities as columns, one row each: what models are fitted on and evaluated with. A student's rows stand
 * together, in the order in which they were answered. Names are given once; the columns hold indices into them.
 */
export interface AnswerLog {
  /** Number of rows. */
  readonly size: number
  readonly students: readonly string[]
  readonly items: readonly string[]
  readonly topics: readonly string[]
  /** Per row: index into `students`. */
  readonly student: Int32Array
  /** Per row: index into `items`, -1 where the source names none. */
  readonly item: Int32Array
  /** Topics of row r: `topic[topicStart[r]]` up to, not including, `topic[topicStart[r + 1]]`; at least one. */
  readonly topicStart: Int32Array
  readonly topic: Int32Array
  /** Per row: 1 correct, 0 not. */
  readonly correct: Uint8Array
  /** Per row: event time, milliseconds; NaN where the source has no clock (its order counts then). */
  readonly at: Float64Array
  /**
   * Per row: number of the bundle it was answered in, rising. Rows of one student and bundle were given together: a
   * prediction for one must not use the answer to another.
   */
  readonly bundle: Int32Array
  /** Per row: number of the row in the source file, from 0 (its header not counted). */
  readonly row: Int32Array
  /** Further columns by name, per row, NaN where unknown: `response_ms`, `hints`, `attempts`, ... */
  readonly extra: ReadonlyMap<string, Float64Array>
}

/** One graded opportunity, as importers and queries of gold give it. */
export interface Answer {
  student: string
  /** Null where the source names none. */
  item: string | null
  topics: readonly string[]
  correct: boolean
  /** Milliseconds; NaN where unknown. */
  at: number
  /** Rows of one student with equal bundles, given one after the other, were answered together. Null: alone. */
  bundle?: string | null
  row: number
  extra?: Readonly<Record<string, number>>
}

/** Collects answers in any interleaving of students; within a student the order of the calls is the order of answering. */
export class AnswerLogBuilder {
  private readonly students = new Names()
  private readonly items = new Names()
  private readonly topics = new Names()
  private readonly answers: Held[] = []
  private readonly columns = new Set<string>()

  /** @throws Error for an answer without a topic: give it a topic of its own, or leave it out. */
  add(a: Answer): void {
    if (a.topics.length === 0) throw new Error(`Row ${a.row} names no topic: give it one, or leave the row out.`)
    for (const k in a.extra) this.columns.add(k)
    this.answers.push({
      ...a,
      s: this.students.of(a.student),
      i: a.item === null ? -1 : this.items.of(a.item),
      t: a.topics.map((t) => this.topics.of(t)),
    })
  }

  build(): AnswerLog {
    const bySt = this.answers.map((_, i) => i).sort((x, y) => this.answers[x]!.s - this.answers[y]!.s || x - y)
    const n = bySt.length
    const topics = this.answers.reduce((sum, a) => sum + a.t.length, 0)
    const log = {
      size: n,
      students: this.students.names,
      items: this.items.names,
      topics: this.topics.names,
      student: new Int32Array(n),
      item: new Int32Array(n),
      topicStart: new Int32Array(n + 1),
      topic: new Int32Array(topics),
      correct: new Uint8Array(n),
      at: new Float64Array(n),
      bundle: new Int32Array(n),
      row: new Int32Array(n),
      extra: new Map([...this.columns].map((c) => [c, new Float64Array(n).fill(Number.NaN)])),
    }
    let filled = 0
    let last: Held | null = null
    bySt.forEach((from, r) => {
      const a = this.answers[from]!
      log.student[r] = a.s
      log.item[r] = a.i
      log.correct[r] = a.correct ? 1 : 0
      log.at[r] = a.at
      log.row[r] = a.row
      const together = last !== null && last.s === a.s && a.bundle != null && a.bundle === last.bundle
      log.bundle[r] = r === 0 ? 0 : log.bundle[r - 1]! + (together ? 0 : 1)
      for (const t of a.t) log.topic[filled++] = t
      log.topicStart[r + 1] = filled
      for (const [k, v] of Object.entries(a.extra ?? {})) log.extra.get(k)![r] = v
      last = a
    })
    return log
  }
}

interface Held extends Answer {
  s: number
  i: number
  t: number[]
}

/** First row of each student, and the number of rows last: student s has the rows from `starts[s]` to `starts[s + 1]`. */
export function studentStarts(log: AnswerLog): Int32Array {
  const starts = new Int32Array(log.students.length + 1).fill(log.size)
  for (let r = log.size - 1; r >= 0; r--) starts[log.student[r]!] = r
  for (let s = log.students.length - 1; s >= 0; s--) if (starts[s]! > starts[s + 1]!) starts[s] = starts[s + 1]!
  return starts
}

/** The rows of the students that `keep` names, renumbered; so are the names, as they come. */
export function studentsOf(log: AnswerLog, keep: (student: number) => boolean): AnswerLog {
  const kept = Uint8Array.from(log.students, (_, s) => (keep(s) ? 1 : 0))
  const rows = Int32Array.from(log.student.keys()).filter((r) => kept[log.student[r]!] === 1)
  const n = rows.length
  const students = new Renumbering(log.students)
  const items = new Renumbering(log.items)
  const topics = new Renumbering(log.topics)
  const student = Int32Array.from(rows, (r) => students.of(log.student[r]!))
  const item = Int32Array.from(rows, (r) => (log.item[r]! < 0 ? -1 : items.of(log.item[r]!)))
  const topicStart = new Int32Array(n + 1)
  rows.forEach((r, to) => {
    topicStart[to + 1] = topicStart[to]! + log.topicStart[r + 1]! - log.topicStart[r]!
  })
  const topic = new Int32Array(topicStart[n]!)
  const bundle = new Int32Array(n)
  rows.forEach((r, to) => {
    let at = topicStart[to]!
    for (let k = log.topicStart[r]!; k < log.topicStart[r + 1]!; k++) topic[at++] = topics.of(log.topic[k]!)
    const together = to > 0 && student[to] === student[to - 1] && log.bundle[r] === log.bundle[rows[to - 1]!]
    bundle[to] = to === 0 ? 0 : bundle[to - 1]! + (together ? 0 : 1)
  })
  return {
    size: n,
    students: students.names,
    items: items.names,
    topics: topics.names,
    student,
    item,
    topicStart,
    topic,
    correct: Uint8Array.from(rows, (r) => log.correct[r]!),
    at: Float64Array.from(rows, (r) => log.at[r]!),
    bundle,
    row: Int32Array.from(rows, (r) => log.row[r]!),
    extra: new Map(n === 0 ? [] : [...log.extra].map(([name, c]) => [name, Float64Array.from(rows, (r) => c[r]!)])),
  }
}

/** New numbers for old ones, as they come. */
class Renumbering {
  readonly names: string[] = []
  private readonly all: readonly string[]
  private readonly place: Int32Array

  constructor(all: readonly string[]) {
    this.all = all
    this.place = new Int32Array(all.length).fill(-1)
  }

  of(old: number): number {
    if (this.place[old]! < 0) this.place[old] = this.names.push(this.all[old]!) - 1
    return this.place[old]!
  }
}
