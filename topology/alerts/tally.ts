import type { Alert } from '@mastery/schemas/src/generated/alert.gen.ts'
import type { Notice } from '@mastery/schemas/src/generated/notice.gen.ts'
import { aboutOf } from './watch-rule.ts'

const DAY = 86_400_000
const WEEK = 7 * DAY

export interface RuleTally {
  rule: string
  /** Alerts that fired. */
  fired: number
  /** Different students whom they were about. */
  students: number
  /** Notices, one per person. */
  notices: number
  /** Those that fired again within seven days of being over. */
  again: number
  /** Alerts that fired and told nobody, by why. */
  held: Record<string, number>
}

export interface TallyResult {
  rules: RuleTally[]
  /** Over teachers who were told anything and the weeks of the range: notices per teacher and week. Null: nobody was. */
  perTeacherAndWeek: { teachers: number; weeks: number; p50: number; p95: number; most: number } | null
  students: number
}

/** Value below which the share `p` of them lies (nearest rank). */
export function quantile(sorted: readonly number[], p: number): number {
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(p * sorted.length) - 1))]!
}

/** Counts what a run of the alerting stage came to within a range of its own time. */
export class Tally {
  students = 0
  private readonly range: { from: number; to: number }
  private readonly rules = new Map<string, RuleTally & { who: Set<string> }>()
  private readonly ended = new Map<string, number>()
  private readonly perWeek = new Map<string, number>()
  private readonly teachers = new Set<string>()

  constructor(range: { from: number; to: number }) {
    this.range = range
  }

  private within(now: number): boolean {
    return now >= this.range.from && now < this.range.to
  }

  private of(rule: string) {
    let t = this.rules.get(rule)
    if (!t) {
      t = { rule, fired: 0, students: 0, notices: 0, again: 0, held: {}, who: new Set() }
      this.rules.set(rule, t)
    }
    return t
  }

  alert(a: Alert): void {
    const key = `${a.rule}\n${a.student ?? a.class ?? aboutOf(a)}\n${a.topic}`
    if (a.state === 'resolved') this.ended.set(key, a.now)
    const begins = (a.before === 'pending' || a.before === 'normal' || a.before === 'resolved') && a.state !== 'pending'
    if (!begins || a.state === 'normal' || a.state === 'resolved' || a.state === 'no_data' || !this.within(a.now))
      return
    const t = this.of(a.rule)
    t.fired++
    if (a.student !== null) t.who.add(a.student)
    const over = this.ended.get(key)
    if (over !== undefined && a.now - over < WEEK) t.again++
    if (a.held_back !== null) t.held[a.held_back] = (t.held[a.held_back] ?? 0) + 1
  }

  notice(n: Notice): void {
    if (!this.within(n.now)) return
    this.of(n.rule).notices++
    if (n.role !== 'teacher') return
    this.teachers.add(n.recipient)
    const key = `${n.recipient}\n${Math.floor((n.now - this.range.from) / WEEK)}`
    this.perWeek.set(key, (this.perWeek.get(key) ?? 0) + 1)
  }

  result(): TallyResult {
    const rules = [...this.rules.values()]
      .map(({ who, ...t }) => ({ ...t, students: who.size }))
      .sort((a, b) => b.notices - a.notices || (a.rule < b.rule ? -1 : 1))
    const weeks = Math.max(1, Math.ceil((this.range.to - this.range.from) / WEEK))
    const counts = [...this.perWeek.values()]
    // Weeks in which a teacher was told nothing count.
    while (counts.length < this.teachers.size * weeks) counts.push(0)
    counts.sort((a, b) => a - b)
    const perTeacherAndWeek =
      counts.length === 0
        ? null
        : {
            teachers: this.teachers.size,
            weeks,
            p50: quantile(counts, 0.5),
            p95: quantile(counts, 0.95),
            most: counts.at(-1)!,
          }
    return { rules, perTeacherAndWeek, students: this.students }
  }
}
