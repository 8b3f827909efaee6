import type { Movement } from '../../classes/movement.ts'

/** So many of the newest answers on a topic are kept. */
export const KEPT = 20
const LAST = 10
const SECONDS = 1000
const STEPS = 65_535

/** What alerts need to know of one student and topic. Times in whole seconds since 1970. */
export class TopicRecord {
  readonly name: string
  /** Blended mastery as of the newest score; -1 where there is none. */
  mastery = -1
  opportunities = 0
  /** It was learned once. */
  reached = false
  first = 0
  last = 0
  /** Different sessions with answers on the topic. */
  sessions = 0
  /** The open week, where a rule about classes looks at the student; null: nothing in it. */
  moved: Movement | null = null
  /** The newest answers in order of event time. */
  readonly times: number[] = []
  /** Mastery after each of them in 65,535ths, times four, plus one where it was right and two where it was a rapid guess. */
  readonly values: number[] = []

  constructor(name: string) {
    this.name = name
  }

  /** Adds an answer at its place in time. `gap`: a pause that divides sessions, milliseconds. */
  answer(at: number, correct: boolean, rapid: boolean, mastery: number, gap: number): void {
    const { times, values } = this
    const t = Math.floor(at / SECONDS)
    let i = times.length
    while (i > 0 && times[i - 1]! > t) i--
    const pause = gap / SECONDS
    // An answer older than all that is kept has lost its neighbours: it is taken for one of their sessions.
    if (times.length === 0) this.sessions++
    else if (i > 0 || times.length < KEPT) {
      const apartBefore = i === 0 || t - times[i - 1]! > pause
      const apartAfter = i === times.length || times[i]! - t > pause
      if (apartBefore && apartAfter) this.sessions++
      else if (!apartBefore && !apartAfter && times[i]! - times[i - 1]! > pause) this.sessions--
    }
    this.first = this.first === 0 ? t : Math.min(this.first, t)
    this.last = Math.max(this.last, t)
    if (i === 0 && times.length === KEPT) return
    times.splice(i, 0, t)
    values.splice(i, 0, Math.round(mastery * STEPS) * 4 + (rapid ? 2 : 0) + (correct ? 1 : 0))
    if (times.length > KEPT) {
      times.shift()
      values.shift()
    }
  }

  /**
   * An answer came to count otherwise: null as `before`, it did not count; as `after`, it does not any more. What mastery
   * was after the answers stays as it was told then; after one that comes to count late it is `mastery`. One that is older
   * than those that are kept changes nothing.
   */
  revise(at: number, before: boolean | null, after: boolean | null, mastery: number, gap: number): void {
    if (before === null) {
      if (after !== null) this.answer(at, after, false, mastery, gap)
      return
    }
    const { times, values } = this
    const t = Math.floor(at / SECONDS)
    const i = times.findIndex((own, k) => own === t && (values[k]! & 1) === (before ? 1 : 0))
    if (i < 0) return
    if (after !== null) {
      values[i] = (values[i]! & ~1) | (after ? 1 : 0)
      return
    }
    const pause = gap / SECONDS
    const apartBefore = i === 0 || t - times[i - 1]! > pause
    const apartAfter = i === times.length - 1 || times[i + 1]! - t > pause
    // It was a session of its own; or it held two together.
    if (apartBefore && apartAfter) this.sessions = Math.max(0, this.sessions - 1)
    else if (!apartBefore && !apartAfter && times[i + 1]! - times[i - 1]! > pause) this.sessions++
    times.splice(i, 1)
    values.splice(i, 1)
    if (times.length === 0) return
    if (t === this.last) this.last = times.at(-1)!
    if (t === this.first) this.first = times[0]!
  }

  /** All its answers were voided. */
  clear(): void {
    Object.assign(this, { mastery: -1, opportunities: 0, reached: false, first: 0, last: 0, sessions: 0, moved: null })
    this.times.length = 0
    this.values.length = 0
  }

  /** Of the last ten answers those that were right, those that were rapid guesses, and how many there are. */
  recent(): { correct: number; rapid: number; answers: number } {
    const from = Math.max(0, this.values.length - LAST)
    let correct = 0
    let rapid = 0
    for (let i = from; i < this.values.length; i++) {
      correct += this.values[i]! & 1
      rapid += (this.values[i]! >> 1) & 1
    }
    return { correct, rapid, answers: this.values.length - from }
  }

  /**
   * The least-squares line of mastery over the answers within `window` milliseconds of the newest: how far it rises from
   * the first of them to the last, per day, and over how many days it was drawn. Null with fewer than five answers or without time between them.
   */
  line(window: number): { rise: number; perDay: number; days: number } | null {
    const { times, values } = this
    const n = times.length
    if (n === 0) return null
    const since = times[n - 1]! - window / SECONDS
    let from = n - 1
    while (from > 0 && times[from - 1]! >= since) from--
    const count = n - from
    const span = times[n - 1]! - times[from]!
    if (count < 5 || span === 0) return null
    let st = 0
    let sv = 0
    for (let i = from; i < n; i++) {
      st += times[i]! - times[from]!
      sv += values[i]! >> 2
    }
    let above = 0
    let below = 0
    for (let i = from; i < n; i++) {
      const dt = times[i]! - times[from]! - st / count
      above += dt * ((values[i]! >> 2) - sv / count)
      below += dt * dt
    }
    const slope = above / below / STEPS
    return { rise: slope * span, perDay: slope * 86_400, days: span / 86_400 }
  }
}
