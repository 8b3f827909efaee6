import { incompleteAmong } from '../rebuild/incomplete.ts'
import type { RepairParts } from '../rebuild/parts.ts'
import { rebuildStudents } from '../rebuild/rebuild.ts'
import { compareRanges } from './compare-ranges.ts'
import { cutNow } from './cut.ts'
import type { Pool } from './pool.ts'
import { listsOf } from './ranges.ts'
import type { ToHeal } from './store.ts'

/** Times that somebody who gets new records is looked at again. */
const LOOKS = 4

/**
 * Rebuilds students from their history, and compares them again: healed is who is equal then. Nothing is written over;
 * each repair is a command in the student's own partition. Gives per student `healed`, or why it is not.
 */
export async function heal(
  parts: RepairParts,
  pool: Pool,
  targets: readonly ToHeal[],
  reason: string,
  progress: (phase: 'healing' | 'verifying', done: number, total: number) => void,
): Promise<Map<string, string>> {
  const outcomes = new Map<string, string>()
  const names = targets.map((t) => t.student)
  const incomplete = await incompleteAmong(parts, names)
  const wanted = targets.filter(({ student }) => !incomplete.has(student))
  for (const [student, records] of incomplete)
    outcomes.set(
      student,
      `left: gold lacks ${records} records that it once had, so that the history is not whole. Restore them from the log with "npx mastery replay", then reconcile again.`,
    )
  const rebuilt = await rebuildStudents(
    parts,
    wanted.map(({ tenant, student, extra }) => ({ tenant, student, topics: extra })),
    { reason, progress: (done, total) => progress('healing', done, total) },
  )
  for (const r of rebuilt.values())
    if (r.outcome !== 'installed') outcomes.set(r.student, `left, ${r.outcome}: ${r.message}`)

  let open = [...rebuilt.values()].filter((r) => r.outcome === 'installed').map((r) => r.student)
  for (let look = 1; open.length > 0 && look <= LOOKS; look++) {
    const moving = new Set<string>()
    const lists = listsOf(open).map((range, i) => [i, range] as const)
    let done = 0
    const cut = await cutNow(parts, () => progress('verifying', 0, open.length))
    await compareRanges(parts, pool, cut, lists, {
      oracle: false,
      async done(_, { result, moving: later }) {
        for (const s of later) moving.add(s)
        for (const s of result.differing)
          outcomes.set(
            s.student,
            `left: ${s.count} values differ even after the rebuild; reconcile again, and report it if that stays so.`,
          )
        for (const s of result.stale)
          outcomes.set(s.student, 'left: it waits for a rebuild again, since something else came late.')
        progress('verifying', (done += result.students), open.length)
      },
    })
    for (const s of open) if (!moving.has(s) && !outcomes.has(s)) outcomes.set(s, 'healed')
    open = open.filter((s) => moving.has(s) && !outcomes.has(s))
  }
  for (const s of open)
    outcomes.set(s, 'rebuilt; new records came all the time, so that the next run has to confirm it.')
  return outcomes
}
