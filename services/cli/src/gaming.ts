import { createReadStream } from 'node:fs'
import type { GamingRun } from '@mastery/jobs/src/behaviour/gaming.ts'
import type { GamingShare, PatternFound } from '@mastery/topology/effort/click-gaming.ts'
import { DatashopActions } from '@mastery/topology/effort/datashop-actions.ts'
import { GAMING_PATTERNS, GamingTally } from '@mastery/topology/effort/gaming.ts'
import { ImportError } from '@mastery/topology/importers/importer.ts'
import { UsageError } from './command.ts'
import { table } from './tables.ts'

export interface GamingFound {
  students: number
  /** Students with a completed pattern. */
  gaming_students: number
  actions: number
  /** Actions that are part of a pattern. */
  gaming: number
  patterns: { pattern: number; about: string; times: number; students: number }[]
}

/** Patterns in DataShop exports, student by student and session by session as the rows come. */
export async function gamingInFiles(files: readonly string[]): Promise<GamingFound> {
  const tallies = new Map<string, { tally: GamingTally; session: string }>()
  for (const file of files) {
    const reader = new DatashopActions()
    const take = (actions: ReturnType<DatashopActions['push']>) => {
      for (const { student, session, action } of actions) {
        let of = tallies.get(student)
        if (of === undefined) tallies.set(student, (of = { tally: new GamingTally(), session }))
        if (of.session !== session) of.tally.session()
        of.session = session
        of.tally.add(action)
      }
    }
    try {
      for await (const chunk of createReadStream(file, 'utf8')) take(reader.push(chunk as string))
      take(reader.end())
    } catch (e) {
      if (e instanceof ImportError || (e as NodeJS.ErrnoException).code !== undefined)
        throw new UsageError(`${file} can't be read: ${(e as Error).message}`)
      throw e
    }
  }
  const all = [...tallies.values()].map(({ tally }) => tally.counts)
  const sum = (of: (c: (typeof all)[number]) => number) => all.reduce((n, c) => n + of(c), 0)
  return {
    students: all.length,
    gaming_students: all.filter((c) => c.gaming > 0).length,
    actions: sum((c) => c.actions),
    gaming: sum((c) => c.gaming),
    patterns: GAMING_PATTERNS.map((about, i) => ({
      pattern: i + 1,
      about,
      times: sum((c) => c.patterns[i]!),
      students: all.filter((c) => c.patterns[i]! > 0).length,
    })),
  }
}

export function gamingTable(f: GamingFound): string {
  const n = (x: number) => x.toLocaleString('en')
  const share = f.actions === 0 ? '' : ` (${((100 * f.gaming) / f.actions).toFixed(1)} %)`
  return `${n(f.actions)} actions of ${n(f.students)} students; ${n(f.gaming)}${share} are part of a pattern, of ${n(f.gaming_students)} students.\n\n${table(
    ['pattern', 'times', 'students', 'what it is'],
    f.patterns.map((p) => [String(p.pattern), n(p.times), n(p.students), p.about]),
  )}`
}

/** What patterns in gold come to, as one object. */
export function goldGaming({ totals, most }: GamingRun): object {
  const byShare = (a: GamingShare, b: GamingShare) => b.gaming / b.actions - a.gaming / a.actions
  return {
    students: totals.students,
    gaming_students: totals.gamingStudents,
    actions: totals.actions,
    gaming: totals.gaming,
    patterns: totals.patterns(),
    topics: [...totals.topics].map(([topic, t]) => ({ topic, ...t })).sort(byShare),
    most,
  }
}

export function goldGamingTable({ totals, most }: GamingRun): string {
  const n = (x: number) => x.toLocaleString('en')
  const percent = (s: GamingShare) => `${((100 * s.gaming) / s.actions).toFixed(1)} %`
  const patterns = totals.patterns()
  const least = patterns.some((p) => p.open > 0) ? 'at least ' : ''
  const head = `${n(totals.actions)} actions of ${n(totals.students)} students in gold; ${least}${n(totals.gaming)}${totals.actions === 0 ? '' : ` (${percent(totals)})`} are part of a pattern, of ${n(totals.gamingStudents)} students.`
  const times = (p: PatternFound) => (p.times === null ? "can't be told" : `${p.open > 0 ? '≥ ' : ''}${n(p.times)}`)
  const parts = [
    `${head}\n`,
    table(
      ['pattern', 'times', 'open', 'students', 'what it is', ''],
      patterns.map((p) => [
        ...[String(p.pattern), times(p), n(p.open), p.students === null ? '-' : n(p.students)],
        ...[p.about, p.why],
      ]),
    ),
  ]
  const topics = [...totals.topics].filter(([, t]) => t.gaming > 0)
  topics.sort(([a, x], [b, y]) => y.gaming / y.actions - x.gaming / x.actions || (a < b ? -1 : 1))
  if (topics.length > 0)
    parts.push(
      table(
        ['topic', 'actions', 'gaming', 'students'],
        topics.slice(0, TOPICS_SHOWN).map(([topic, t]) => [topic, n(t.actions), percent(t), n(t.students)]),
      ),
    )
  if (most.length > 0)
    parts.push(
      table(
        ['student', 'actions', 'gaming'],
        most.map((s) => [s.student, n(s.actions), percent(s)]),
      ),
    )
  return parts.join('\n')
}

/** The others are in gold: v_student_gaming. */
const TOPICS_SHOWN = 20
