import { randomUUID } from 'node:crypto'
import { readCheckpoints, type StoredCheckpoint } from '@mastery/infra/provision/gold/checkpoints.ts'
import { readScoreMeta } from '@mastery/infra/runtime/artefacts.ts'
import { studentCommand } from '@mastery/topology/events/command.ts'
import { checkpointOf, type FoldedHistory, foldHistory, type HistoryOptions } from '@mastery/topology/history/fold.ts'
import { partitionOf, sourceOf } from '@mastery/topology/partition.ts'
import type { LogAppend } from '@mastery/topology/ports/event-log.ts'
import type { ScoreMeta } from '@mastery/topology/stages/scoring/meta.ts'
import { serveFolded } from '@mastery/topology/stages/scoring/together.ts'
import type { Erasure } from '@mastery/topology/stages/windowing/state.ts'
import { topicAt } from '@mastery/topology/topics.ts'
import { answersTo, markOf } from './outcome.ts'
import { pause, type RepairParts } from './parts.ts'
import { erasureOf, honouring, keptAfter, readStudents, type StudentRecords } from './read.ts'
import { type Outcome, type Rebuilt, resultOf } from './result.ts'

/** What a record of the log may take, less what stands around the checkpoint. */
const MAX_RECORD_BYTES = 8 * 1024 * 1024 - 16 * 1024
/** Students whose histories are in memory at a time. */
const GROUP = 32

export interface Wanted {
  student: string
  /** Topics whose rows are to be written although the student has nothing on them. */
  topics?: readonly string[]
  /** Whose rows they are, for a student of whom no store has a record. */
  tenant?: string
}

export interface RebuildOptions {
  /** Stands in the history rows. */
  reason: string
  /** Tries per student before it is left outdated. Default 6. */
  attempts?: number
  progress?(done: number, total: number): void
}

/**
 * Folds whole histories in event order and has the stages install what they come to. A student who gets new records
 * meanwhile is tried again, after a longer wait each time.
 */
export async function rebuildStudents(
  parts: RepairParts,
  wanted: readonly Wanted[],
  options: RebuildOptions,
): Promise<Map<string, Rebuilt>> {
  const results = new Map<string, Rebuilt>()
  const { input, output } = parts.partitions
  // By the partition that they are scored in: all of one group stand in one partition of learning.events, too.
  const groups = new Map<number, Wanted[]>()
  for (const w of wanted) {
    const scored = partitionOf(w.student, output)
    const group = groups.get(scored)
    if (group) group.push(w)
    else groups.set(scored, [w])
  }
  for (const [scored, all] of groups) {
    const partition = sourceOf(scored, input)
    for (let i = 0; i < all.length; i += GROUP) {
      let open = all.slice(i, i + GROUP)
      for (let attempt = 1; open.length > 0; attempt++) {
        for (const [student, r] of await once(parts, { partition, scored }, open, options))
          results.set(student, { ...r, attempts: attempt })
        open = open.filter(({ student }) => /^(outdated|other_versions)$/.test(results.get(student)!.outcome))
        if (attempt >= (options.attempts ?? 6)) break
        if (open.length > 0) await pause(parts, Math.min(2_000, 25 * 2 ** attempt))
      }
      await wantLater(parts, partition, open, results, options.reason)
      options.progress?.(results.size, wanted.length)
    }
  }
  return results
}

type Try = Omit<Rebuilt, 'attempts'>

/** `partition`: of learning.events; `scored`: of what the generation computes. */
async function once(
  parts: RepairParts,
  { partition, scored }: { partition: number; scored: number },
  wanted: readonly Wanted[],
  options: RebuildOptions,
): Promise<Map<string, Try>> {
  const { log, generation } = parts
  const results = new Map<string, Try>()
  const students = new Set(wanted.map((w) => w.student))
  const { end } = await log.bounds('learning.events', partition)
  const [histories, states, meta] = await Promise.all([
    readStudents(parts, partition, students, end),
    parts.state.load({ stage: 'features', generation, topic: 'learning.events', partition }, [...students]),
    parts.state.peek({
      stage: 'scoring',
      generation,
      topic: topicAt('learning.features', generation),
      partition: scored,
    }),
  ])
  // After the histories: whichever of their events expired meanwhile are in a checkpoint then.
  const checkpoints = await readCheckpoints(parts.gold, students, generation)
  const scoring = await readScoreMeta(meta?.meta, parts.provide)
  const erasures = new Map([...students].map((student, i) => [student, erasureOf(states[i] ?? null, student)]))

  const sent = new Map<string, { student: string; folded: FoldedHistory }>()
  const appends: LogAppend[] = []
  const folding = { ...parts.windows, scoring, whole: true }
  const folds: { w: Wanted; tenant: string; folded: FoldedHistory }[] = []
  for (const w of wanted) {
    const history = histories.get(w.student)
    const found = foldOf(w, history, erasures.get(w.student) ?? null, checkpoints.get(w.student) ?? null, folding)
    if (typeof found === 'string') results.set(w.student, resultOf(w.student, found, null))
    else folds.push({ w, ...found })
    // Whole histories are folded on this thread; others want it too.
    await new Promise((r) => setImmediate(r))
  }
  const scores = folds.map((f) => f.folded.scores)
  await serveFolded(scores, parts.windows.ring, scoring, parts.servers)
  for (const { w, tenant, folded } of folds) {
    const made = checkpointCommand(parts, w, tenant, folded, { scoring, after: end - 1, reason: options.reason })
    if ('refused' in made) {
      results.set(w.student, resultOf(w.student, made.refused, folded))
      continue
    }
    const timestamp = parts.now()
    sent.set(made.id, { student: w.student, folded })
    appends.push({ topic: 'learning.events', partition, key: w.student, value: made.value, timestamp })
  }
  if (appends.length === 0) return results
  const mark = await markOf(parts, scored)
  await log.append(appends)
  const until = (await log.bounds('learning.events', partition)).end
  const commands = new Map([...sent].map(([id, { student }]) => [id, student]))
  for (const [id, answer] of await answersTo(parts, mark, commands, until)) {
    const { student, folded } = sent.get(id)!
    results.set(student, resultOf(student, answer, folded))
  }
  return results
}

/** The fold of the whole history of a student, or why there is none. */
function foldOf(
  { student, tenant }: Wanted,
  history: StudentRecords | undefined,
  erasure: Erasure | null,
  checkpoint: StoredCheckpoint | null,
  options: HistoryOptions,
): Outcome | { tenant: string; folded: FoldedHistory } {
  const whose = history?.tenant ?? checkpoint?.tenant ?? tenant
  if (whose === undefined) return 'unknown'
  if (checkpoint !== null && checkpoint.kept === null) return 'expired'
  const from = keptAfter(erasure, checkpoint?.kept ?? null)
  const folded = foldHistory(student, honouring(erasure, history?.records ?? []), options, from)
  folded.windows.erasure ??= erasure
  return { tenant: whose, folded }
}

type Made = { id: string; value: Buffer } | { refused: Outcome }

/** The command that puts the fold of the whole history in the place of a student's state, or why there is none. */
function checkpointCommand(
  parts: RepairParts,
  { student, topics = [] }: Wanted,
  tenant: string,
  folded: FoldedHistory,
  given: { scoring: ScoreMeta; after: number; reason: string },
): Made {
  if (folded.windows.erasure?.floor === Number.POSITIVE_INFINITY) return { refused: 'erased' }
  const command_id = randomUUID()
  const value = parts.codec.encode(
    'student-command',
    studentCommand({
      command_id,
      tenant,
      student,
      kind: 'install_checkpoint',
      issued_at: parts.now(),
      reason: given.reason,
      after_offset: given.after,
      generation: parts.generation,
      payload: checkpointOf(folded, { ...parts.windows, scoring: given.scoring }),
      topics: [...topics],
    }),
  )
  return value.length > MAX_RECORD_BYTES ? { refused: 'too_large' } : { id: command_id, value }
}

/** The features stage has installed and the scoring stage has not: nothing else would say that a rebuild is wanted. */
async function wantLater(
  parts: RepairParts,
  partition: number,
  open: readonly Wanted[],
  results: ReadonlyMap<string, Rebuilt>,
  reason: string,
): Promise<void> {
  const students = open.map((w) => w.student).filter((s) => results.get(s)!.outcome === 'other_versions')
  if (students.length === 0) return
  const { end } = await parts.log.bounds('learning.events', partition)
  const histories = await readStudents(parts, partition, new Set(students), end)
  const timestamp = parts.now()
  const commandFor = (student: string) => ({
    command_id: randomUUID(),
    tenant: histories.get(student)!.tenant,
    student,
    kind: 'rebuild' as const,
    issued_at: timestamp,
    reason,
  })
  await parts.log.append(
    students.map((student) => ({
      topic: 'learning.events' as const,
      partition,
      key: student,
      timestamp,
      value: parts.codec.encode('student-command', studentCommand(commandFor(student))),
    })),
  )
}
