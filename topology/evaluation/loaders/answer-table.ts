import { Names } from '../../names.ts'
import type { AnswerLog } from '../answer-log.ts'
import { Growing } from '../growing.ts'
import { orderedAsGiven, orderedByTime } from './answer-order.ts'
import { StudentSample } from './student-sample.ts'

/** How many answers are kept at most: those of whole students, drawn by hash. */
export interface Bound {
  most: number
  seed: number
  /** Is told who was let go, and comes no more. */
  onLeave?(student: string): void
}

export interface BuildOptions {
  /** The times count; without it they become NaN. */
  clock: boolean
  /** Puts a student's answers in the order of their times, and names in the order of their first ones. */
  byTime: boolean
  /** Answers of a student at one instant are one bundle; without it each is alone in its own. */
  instants: boolean
}

/** Rows of students who were let go, before they are cleared away. */
const LEAST_GONE = 1 << 16

/**
 * Collects answers straight into columns, in any interleaving of students: some fifty bytes an answer. Topics and further
 * values are told after the answer that they belong to. With a bound, memory is that of twice as many answers at most.
 */
export class AnswerTable {
  readonly sample: StudentSample | null
  private students = new Names()
  private readonly items = new Names()
  private readonly topics = new Names()
  private readonly columns = {
    student: new Growing(new Int32Array(0)),
    item: new Growing(new Int32Array(0)),
    correct: new Growing(new Uint8Array(0)),
    at: new Growing(new Float64Array(0)),
    row: new Growing(new Int32Array(0)),
    /** One beyond the row's last place in `topicOf`. */
    topicEnd: new Growing(new Int32Array(0)),
  }
  private readonly topicOf = new Growing(new Int32Array(0))
  private readonly extras = new Map<string, Growing<Float64Array>>()
  private readonly gone = new Set<number>()
  /** The answer that was told last is kept. */
  private open = false

  constructor(bound?: Bound) {
    this.sample =
      bound === undefined
        ? null
        : new StudentSample(bound.most, bound.seed, (student) => {
            this.gone.add(this.students.of(student))
            bound.onLeave?.(student)
          })
  }

  get size(): number {
    return this.columns.student.size
  }

  /** Whether answers of the student are kept. Cheap: to be asked before a row is read any further. */
  admits(student: string): boolean {
    return this.sample === null || this.sample.admits(student)
  }

  add(student: string, item: string | null, correct: boolean, at: number, row: number): void {
    this.open = this.admits(student)
    if (!this.open) return
    if (this.sample && this.size - this.sample.answers > Math.max(LEAST_GONE, this.sample.answers)) this.clear()
    const c = this.columns
    c.student.push(this.students.of(student))
    c.item.push(item === null ? -1 : this.items.of(item))
    c.correct.push(correct ? 1 : 0)
    c.at.push(at)
    c.row.push(row)
    c.topicEnd.push(this.topicOf.size)
    this.sample?.add(student)
  }

  /** A topic of the answer that was added last. */
  topic(name: string): void {
    if (!this.open) return
    this.topicOf.push(this.topics.of(name))
    this.columns.topicEnd.set(this.size - 1, this.topicOf.size)
  }

  /** A further value of the answer that was added last. */
  extra(name: string, value: number): void {
    if (!this.open) return
    let column = this.extras.get(name)
    if (!column) this.extras.set(name, (column = new Growing(new Float64Array(0))))
    column.fillTo(this.size - 1, Number.NaN)
    column.push(value)
  }

  build(options: BuildOptions): AnswerLog {
    if (this.gone.size > 0) this.clear()
    const n = this.size
    for (const column of this.extras.values()) column.fillTo(n, Number.NaN)
    const c = {
      student: this.columns.student.view(),
      item: this.columns.item.view(),
      at: this.columns.at.view(),
      row: this.columns.row.view(),
      topicEnd: this.columns.topicEnd.view(),
      topic: this.topicOf.view(),
    }
    const names = { students: this.students.names, items: this.items.names, topics: this.topics.names }
    const { rows, students, items, topics } = options.byTime ? orderedByTime(c, names) : orderedAsGiven(c, names)
    const log = {
      size: n,
      students: students.names,
      items: items.names,
      topics: topics.names,
      student: new Int32Array(n),
      item: new Int32Array(n),
      topicStart: new Int32Array(n + 1),
      topic: new Int32Array(c.topic.length),
      correct: new Uint8Array(n),
      at: new Float64Array(n),
      bundle: new Int32Array(n),
      row: new Int32Array(n),
      extra: new Map([...this.extras].map(([name, column]) => [name, pick(column.view(), rows)])),
    }
    const correct = this.columns.correct.view()
    let filled = 0
    for (let r = 0; r < n; r++) {
      const from = rows[r]!
      log.student[r] = students.place[c.student[from]!]!
      log.item[r] = c.item[from]! < 0 ? -1 : items.place[c.item[from]!]!
      log.correct[r] = correct[from]!
      log.at[r] = options.clock ? c.at[from]! : Number.NaN
      log.row[r] = c.row[from]!
      for (let k = from === 0 ? 0 : c.topicEnd[from - 1]!; k < c.topicEnd[from]!; k++)
        log.topic[filled++] = topics.place[c.topic[k]!]!
      log.topicStart[r + 1] = filled
      const together = options.instants && r > 0 && log.student[r] === log.student[r - 1] && log.at[r] === log.at[r - 1]
      log.bundle[r] = r === 0 ? 0 : log.bundle[r - 1]! + (together ? 0 : 1)
    }
    return log
  }

  /** Takes the rows of students out who were let go. */
  private clear(): void {
    const { student, item, correct, at, row, topicEnd } = this.columns
    const kept = new Names()
    const n = this.size
    for (const column of this.extras.values()) column.fillTo(n, Number.NaN)
    const before = this.students.names
    let to = 0
    let topicTo = 0
    let topicFrom = 0
    for (let r = 0; r < n; r++) {
      const end = topicEnd.at(r)
      const s = student.at(r)
      if (!this.gone.has(s)) {
        student.set(to, kept.of(before[s]!))
        for (const column of [item, correct, at, row]) column.set(to, column.at(r))
        for (const column of this.extras.values()) column.set(to, column.at(r))
        for (let k = topicFrom; k < end; k++) this.topicOf.set(topicTo++, this.topicOf.at(k))
        topicEnd.set(to, topicTo)
        to++
      }
      topicFrom = end
    }
    for (const column of [student, item, correct, at, row, topicEnd, ...this.extras.values()]) column.cut(to)
    this.topicOf.cut(topicTo)
    this.students = kept
    this.gone.clear()
  }
}

/** What share of the students a bound kept; null where there was none, or it was not met. */
export function sampledBy({ sample }: AnswerTable): { share: number } | null {
  return sample === null || sample.share === 1 ? null : { share: sample.share }
}

function pick(column: Float64Array, rows: Uint32Array): Float64Array {
  return Float64Array.from(rows, (r) => column[r]!)
}
