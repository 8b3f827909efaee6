import type { HistorySource } from '@mastery/infra/adapters/clickhouse/history.ts'
import { GamingTotals, StudentGaming } from '@mastery/topology/effort/click-gaming.ts'
import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'
import { readClicks, type Whose } from './clicks.ts'

export interface GamingParts {
  gold: GoldStore & HistorySource
  generation: number
  /** UTC milliseconds. */
  now(): number
  signal?: AbortSignal
}

/** A student's part, as the table student_gaming has it. */
export interface GamingStudent {
  tenant: string
  student: string
  actions: number
  gaming: number
}

export interface GamingRun {
  totals: GamingTotals
  /** Those with the greatest shares of gaming, the greatest first. */
  most: GamingStudent[]
}

const BATCH = 5000
/** Fewer actions say little of a student: three fast guesses are a tenth of thirty. */
const LEAST_ACTIONS = 30

/**
 * Patterns of gaming in what gold holds of students, in one pass, student by student. Everybody's figures replace those
 * in student_gaming; one student's, or one organisation's, are told and not written.
 */
export async function gamingInGold(parts: GamingParts, whose: Whose, most: number): Promise<GamingRun> {
  const { gold, generation, signal } = parts
  const asOf = parts.now()
  const runId = `gaming-${new Date(asOf).toISOString()}`
  const writes = whose.tenant === undefined && whose.student === undefined
  const run: GamingRun = { totals: new GamingTotals(), most: [] }
  let rows: unknown[][] = []
  const flush = async () => {
    const taken = rows
    rows = []
    if (taken.length > 0) await gold.insert([{ table: 'student_gaming', rows: taken }])
  }
  let at: { tenant: string; student: string; found: StudentGaming } | null = null
  const tell = async () => {
    if (at === null) return
    run.totals.add(at.found)
    keepMost(run.most, at, most)
    if (!writes) return
    rows.push(...rowsOf(at, { generation, runId, asOf }))
    if (rows.length >= BATCH) await flush()
  }
  for await (const chunk of readClicks(gold, generation, whose)) {
    signal?.throwIfAborted()
    for (const { tenant, student, click } of chunk) {
      if (at === null || at.student !== student || at.tenant !== tenant) {
        await tell()
        at = { tenant, student, found: new StudentGaming() }
      }
      at.found.add(click)
    }
  }
  await tell()
  await flush()
  if (writes) {
    const { students, gamingStudents, actions, gaming } = run.totals
    const told = run.totals.patterns().map((p) => (p.times === null ? `${p.why}` : ''))
    const figures = [generation, students, gamingStudents, actions, gaming, told]
    await gold.insert([{ table: 'gaming_runs', rows: [[runId, asOf, parts.now(), ...figures]] }])
  }
  return run
}

const share = (s: GamingStudent) => s.gaming / s.actions

function keepMost(
  kept: GamingStudent[],
  of: { tenant: string; student: string; found: StudentGaming },
  most: number,
): void {
  const { actions, gaming } = of.found.counts
  if (gaming === 0 || actions < LEAST_ACTIONS) return
  kept.push({ tenant: of.tenant, student: of.student, actions, gaming })
  kept.sort((a, b) => share(b) - share(a) || (a.student < b.student ? -1 : 1))
  if (kept.length > most) kept.length = most
}

/** One row for all topics, whose name is empty, and one per topic. */
function rowsOf(
  of: { tenant: string; student: string; found: StudentGaming },
  stamp: { generation: number; runId: string; asOf: number },
): unknown[][] {
  const { counts, topics } = of.found
  const row = (topic: string, actions: number, gaming: number, patterns: number[], open: number[]) => [
    ...[of.tenant, of.student, topic, actions, gaming, patterns, open],
    ...[stamp.generation, stamp.runId, stamp.asOf],
  ]
  return [
    row('', counts.actions, counts.gaming, counts.patterns, counts.open),
    ...[...topics].map(([topic, t]) => row(topic, t.actions, t.gaming, [], [])),
  ]
}
