import { randomUUID } from 'node:crypto'
import { readCheckpoints } from '@mastery/infra/provision/gold/checkpoints.ts'
import { studentCommand } from '@mastery/topology/events/command.ts'
import { foldHistory } from '@mastery/topology/history/fold.ts'
import { partitionOf, sourceOf } from '@mastery/topology/partition.ts'
import { writeScores } from '@mastery/topology/stages/scoring/checkpoint.ts'
import { inForce } from '@mastery/topology/stages/scoring/in-force.ts'
import type { ScoreState } from '@mastery/topology/stages/scoring/state.ts'
import { beforeRing, versionsToBe } from '@mastery/topology/stages/scoring/take-up.ts'
import { learnWhole } from '@mastery/topology/stages/scoring/together.ts'
import { answersTo, markOf } from '../rebuild/outcome.ts'
import { pause, type RepairParts } from '../rebuild/parts.ts'
import { erasureOf, honouring, keptAfter, readStudents } from '../rebuild/read.ts'
import { type ScoredGroup, scoredStates } from './scored-states.ts'

/** Students whose histories are in memory at a time. */
const GROUP = 32
const ATTEMPTS = 6

/**
 * at_hand: the state holds the whole history. ready: it is prepared, or was brought to the version before. stale: it
 * waits for a rebuild, which will be made with the version. expired: events of the student are gone, so that nothing can
 * be folded from them. outdated: new records came faster than the folding.
 */
export type WarmOutcome = 'at_hand' | 'ready' | 'stale' | 'expired' | 'outdated'

/**
 * Prepares students for the version of a model that a marker has prepared: what lies before their rings is folded from
 * the whole history under the versions that will be in force, and the stage is given it by a command. It takes it up at
 * the switch, and learns what has come since from the ring. Who is prepared already is passed over.
 */
export async function warmStudents(
  parts: RepairParts,
  model: string,
  students: readonly string[],
  progress?: (done: number, total: number) => void,
): Promise<Map<string, WarmOutcome>> {
  const outcomes = new Map<string, WarmOutcome>()
  let open = students
  for (let attempt = 1; open.length > 0 && attempt <= ATTEMPTS; attempt++) {
    if (attempt > 1) await pause(parts, Math.min(2_000, 25 * 2 ** attempt))
    for await (const group of scoredStates(parts, open, GROUP)) {
      for (const [student, outcome] of await once(parts, model, group)) outcomes.set(student, outcome)
      progress?.(outcomes.size, students.length)
    }
    open = students.filter((s) => outcomes.get(s) === 'outdated')
  }
  return outcomes
}

async function once(
  parts: RepairParts,
  model: string,
  { partition, meta, states }: ScoredGroup,
): Promise<Map<string, WarmOutcome>> {
  const toBe = versionsToBe(meta, model)
  const { key, versions } = inForce(toBe)
  const outcomes = new Map<string, WarmOutcome>()
  const long = new Map<string, ScoreState>()
  for (const [student, s] of states) {
    const ready = s.prepared?.versions === key || (s.versions === key && !s.cut)
    if (s.base === null) outcomes.set(student, 'at_hand')
    else if (s.stale) outcomes.set(student, 'stale')
    else if (ready) outcomes.set(student, 'ready')
    else long.set(student, s)
  }
  if (long.size === 0) return outcomes
  const source = sourceOf(partition, parts.partitions.input)
  const { folded, end } = await foldBefore(parts, source, toBe, long)
  for (const [student, { s }] of folded) if (s === null) outcomes.set(student, 'expired')
  const made = [...folded].flatMap(([student, { tenant, s }]) => (s === null ? [] : [{ student, tenant, s }]))
  await learnWhole(
    made.map(({ s }) => s),
    toBe,
    parts.servers,
  )
  const commands = made.map(({ student, tenant, s }) => ({
    ...{ student, tenant, command_id: randomUUID(), kind: 'warm' as const, issued_at: parts.now() },
    ...{ reason: `Prepared for another version of ${model}.`, after_offset: end - 1 },
    payload: Buffer.from(writeScores({ versions, state: s })),
  }))
  for (const [student, answer] of await sendAll(parts, partition, commands))
    outcomes.set(student, answer === 'installed' ? 'ready' : 'outdated')
  // Of a student without any record there is nothing to fold.
  for (const student of long.keys()) if (!outcomes.has(student)) outcomes.set(student, 'outdated')
  return outcomes
}

/** What lies before the rings of students, not learned yet; null where events of it are gone. */
async function foldBefore(
  parts: RepairParts,
  partition: number,
  scoring: Parameters<typeof learnWhole>[1],
  long: ReadonlyMap<string, ScoreState>,
): Promise<{ folded: Map<string, { tenant: string; s: ScoreState | null }>; end: number }> {
  const { log, generation } = parts
  const { end } = await log.bounds('learning.events', partition)
  const students = [...long.keys()]
  const scope = { stage: 'features', generation, topic: 'learning.events' as const, partition }
  const [histories, windows] = await Promise.all([
    readStudents(parts, partition, new Set(students), end),
    parts.state.load(scope, students),
  ])
  // After the histories: whichever of their events expired meanwhile are in a checkpoint then.
  const checkpoints = await readCheckpoints(parts.gold, students, generation)
  const folded = new Map<string, { tenant: string; s: ScoreState | null }>()
  for (const [i, student] of students.entries()) {
    const history = histories.get(student)
    const stored = checkpoints.get(student)
    const tenant = history?.tenant ?? stored?.tenant
    if (tenant === undefined) continue
    const erasure = erasureOf(windows[i] ?? null, student)
    const from = keptAfter(erasure, stored?.kept ?? null)
    // What a checkpoint holds before its ring was learned under earlier versions; nothing can learn it again.
    if ((stored !== undefined && stored.kept === null) || from?.scores.base != null) {
      folded.set(student, { tenant, s: null })
      continue
    }
    const options = { ...parts.windows, scoring, whole: true }
    const { opportunities } = foldHistory(student, honouring(erasure, history?.records ?? []), options, from)
    folded.set(student, { tenant, s: beforeRing(long.get(student)!, opportunities) })
    // Whole histories are folded on this thread; others want it too.
    await new Promise((r) => setImmediate(r))
  }
  return { folded, end }
}

type Given = Parameters<typeof studentCommand>[0]

/** Appends commands to one partition, and gives what the stages said to them, by student. */
async function sendAll(parts: RepairParts, scored: number, commands: readonly Given[]) {
  const said = new Map<string, string>()
  if (commands.length === 0) return said
  const partition = sourceOf(scored, parts.partitions.input)
  const mark = await markOf(parts, scored)
  await parts.log.append(
    commands.map((c) => ({
      topic: 'learning.events' as const,
      partition,
      key: c.student,
      timestamp: c.issued_at,
      value: parts.codec.encode('student-command', studentCommand(c)),
    })),
  )
  const until = (await parts.log.bounds('learning.events', partition)).end
  const students = new Map(commands.map((c) => [c.command_id, c.student]))
  for (const [id, answer] of await answersTo(parts, mark, students, until)) said.set(students.get(id)!, answer)
  return said
}

/** Commands that are appended at a time. */
const MOST = 500

/**
 * Brings students to the versions in force, by a command each: all their rows are written with these. Gives those of
 * whom the state could not be brought there and waits for a rebuild.
 */
export async function settleStudents(
  parts: RepairParts,
  students: readonly string[],
  reason: string,
  progress?: (done: number, total: number) => void,
): Promise<string[]> {
  const tenants = await tenantsOf(parts, students)
  const byPartition = new Map<number, Given[]>()
  for (const student of students) {
    const tenant = tenants.get(student)
    if (tenant === undefined) continue
    const scored = partitionOf(student, parts.partitions.output)
    const c = { command_id: randomUUID(), tenant, student, kind: 'warm' as const, issued_at: parts.now(), reason }
    const all = byPartition.get(scored)
    if (all) all.push(c)
    else byPartition.set(scored, [c])
  }
  const left: string[] = []
  let done = 0
  for (const [scored, all] of byPartition)
    for (let i = 0; i < all.length; i += MOST) {
      const some = all.slice(i, i + MOST)
      for (const [student, answer] of await sendAll(parts, scored, some))
        if (answer === 'other_versions') left.push(student)
      progress?.((done += some.length), students.length)
    }
  return left
}

async function tenantsOf(parts: RepairParts, students: readonly string[]): Promise<Map<string, string>> {
  const tenants = new Map<string, string>()
  for (let i = 0; i < students.length; i += MOST)
    for (const { s, tenant } of await parts.gold.query<{ s: string; tenant: string }>(
      `SELECT student_id AS s, any(tenant) AS tenant FROM student_mastery_rows
       WHERE generation = {generation:UInt16} AND student_id IN {students:Array(String)} GROUP BY s`,
      { generation: parts.generation, students: students.slice(i, i + MOST) },
    ))
      tenants.set(s, tenant)
  return tenants
}
