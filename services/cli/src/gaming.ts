import { createReadStream } from 'node:fs'
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
