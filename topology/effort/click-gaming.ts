import { type Click, ClickActions } from './click-actions.ts'
import { GAMING_PATTERNS, type GamingCounts, GamingTally, PATTERN_NEEDS, type TutorAction } from './gaming.ts'

/** A click, and the topics that it belongs to. */
export interface TopicClick extends Click {
  topics: readonly string[]
}

/** Actions, and those of them that are part of a pattern. */
export interface GamingShare {
  actions: number
  gaming: number
}

/** What actions say of themselves, in all. */
export interface Kept {
  help: number
  /** Attempts of which it is known what was entered. */
  answers: number
  timed: number
}

const keptNone = (): Kept => ({ help: 0, answers: 0, timed: 0 })

/** Patterns of gaming in one student's clicks, in order. Memory by topics, not by clicks. */
export class StudentGaming {
  private readonly source = new ClickActions()
  private readonly tally = new GamingTally()
  /** Topics of the last four actions, newest first. */
  private recent: (readonly string[])[] = []
  readonly topics = new Map<string, GamingShare>()
  readonly kept = keptNone()

  get counts(): GamingCounts {
    return this.tally.counts
  }

  add(c: TopicClick): void {
    const { begins, actions } = this.source.next(c)
    if (begins) this.tally.session()
    for (const a of actions) this.action(a, c.topics)
  }

  private action(a: TutorAction, topics: readonly string[]): void {
    if (a.kind === 'help') this.kept.help++
    else if (a.answer !== null) this.kept.answers++
    if (a.pauseMs >= 0) this.kept.timed++
    this.recent = [topics, ...this.recent.slice(0, 3)]
    for (const t of topics) this.share(t).actions++
    this.tally.add(a)
    for (const back of this.tally.gained) for (const t of this.recent[back]!) this.share(t).gaming++
  }

  private share(topic: string): GamingShare {
    let s = this.topics.get(topic)
    if (s === undefined) this.topics.set(topic, (s = { actions: 0, gaming: 0 }))
    return s
  }
}

export interface PatternFound {
  /** From 1. */
  pattern: number
  about: string
  /** Times that it was completed, for certain; null: what was kept can't tell. */
  times: number | null
  /** Students of these times; null likewise. */
  students: number | null
  /** Times that it may have been, besides. */
  open: number
  /** Why it can't be told, or not wholly; empty where it can. */
  why: string
}

/** What patterns of gaming come to over students. */
export class GamingTotals {
  students = 0
  /** Students with a completed pattern. */
  gamingStudents = 0
  actions = 0
  gaming = 0
  readonly kept = keptNone()
  /** Over all students, with how many of them have a part in a pattern there. */
  readonly topics = new Map<string, GamingShare & { students: number }>()
  private readonly times = GAMING_PATTERNS.map(() => 0)
  private readonly open = GAMING_PATTERNS.map(() => 0)
  private readonly of = GAMING_PATTERNS.map(() => 0)

  add({ counts, topics, kept }: StudentGaming): void {
    this.students++
    if (counts.gaming > 0) this.gamingStudents++
    this.actions += counts.actions
    this.gaming += counts.gaming
    for (const k of ['help', 'answers', 'timed'] as const) this.kept[k] += kept[k]
    counts.patterns.forEach((n, p) => {
      this.times[p]! += n
      this.open[p]! += counts.open[p]!
      if (n > 0) this.of[p]!++
    })
    for (const [topic, { actions, gaming }] of topics) {
      const t = this.topics.get(topic) ?? { actions: 0, gaming: 0, students: 0 }
      this.topics.set(topic, {
        actions: t.actions + actions,
        gaming: t.gaming + gaming,
        students: t.students + (gaming > 0 ? 1 : 0),
      })
    }
  }

  patterns(): PatternFound[] {
    return GAMING_PATTERNS.map((about, p) => {
      const missing = PATTERN_NEEDS[p]!.flatMap((need) => MISSING[need](this.kept) ?? [])
      const open = this.open[p]!
      const told = missing.length === 0 && (this.times[p]! > 0 || open === 0)
      const entered = this.kept.answers === 0 ? NOT_KEPT : `${NOT_KEPT} of every answer`
      const why = missing.length > 0 ? missing.join('; ') : open > 0 ? entered : ''
      const [times, students] = told ? [this.times[p]!, this.of[p]!] : [null, null]
      return { pattern: p + 1, about, times, students, open, why }
    })
  }
}

const NOT_KEPT = 'what was entered is not kept'

/** What is missing altogether; null: it is there. */
const MISSING: Readonly<Record<(typeof PATTERN_NEEDS)[number][number], (k: Kept) => string | null>> = {
  answer: (k) => (k.answers === 0 ? NOT_KEPT : null),
  bug: () => 'events do not say which errors the tutor knew',
  help: (k) => (k.help === 0 ? 'no request for help is recorded' : null),
  time: (k) => (k.timed === 0 ? 'no times are known' : null),
}
