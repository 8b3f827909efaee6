import { readCheckpoints } from '@mastery/infra/provision/gold/checkpoints.ts'
import { readScoreMeta } from '@mastery/infra/runtime/artefacts.ts'
import { foldAsOf, rowsAsOf, type ScoreAsOf } from '@mastery/topology/history/as-of.ts'
import type { FoldedHistory } from '@mastery/topology/history/fold.ts'
import { partitionOf, sourceOf } from '@mastery/topology/partition.ts'
import { retained } from '@mastery/topology/progress/forgetting.ts'
import { type Decays, USUAL_DECAY } from '@mastery/topology/recommend/view.ts'
import type { ScoreMeta } from '@mastery/topology/stages/scoring/meta.ts'
import { serveFolded } from '@mastery/topology/stages/scoring/together.ts'
import { topicAt } from '@mastery/topology/topics.ts'
import { decaysOf } from '../progress/decays.ts'
import type { RepairParts } from '../rebuild/parts.ts'
import { among, erasureOf, honouring, keptAfter, readStudents } from '../rebuild/read.ts'
import { rangeSql, studentRanges } from '../student-ranges.ts'

export interface BatchOptions {
  /** UTC milliseconds. */
  asOf: number
  /** Null: every tenant's. */
  tenant: string | null
  /** Pseudonyms; null: everybody with a score. */
  students: readonly string[] | null
  /** Only students without an event in so many days before `asOf`. */
  inactiveDays: number
  progress?(students: number): void
}

export interface BatchRow {
  tenant: string
  student_id: string
  topic_id: string
  as_of: number
  last_answer_at: number
  opportunities: number
  /** Blended, right after the last answer. */
  mastery: number
  /** The same with what was forgotten since taken off. */
  mastery_now: number
  uncertainty: number
  standing: string
  /** Chance that an answer now would be right: the blend's, with forgetting taken off. */
  p_next: number
  models: { model: string; version: string; mastery: number; p_next: number | null }[]
  windows: { days: number; attempts: number; correct: number }[]
  /** Events of a window are gone from every store: it counts too few. */
  approximate: boolean
}

export interface BatchOutcome {
  students: number
  rows: number
  /** Students whose events of before `asOf` can't be told from later ones any more, or whose checkpoint can't be read. */
  refused: string[]
  /** Students that were named and of whom nothing is known up to then, or who were erased. */
  unknown: string[]
}

/** Students whose histories are in memory at a time. */
const GROUP = 100
/** Students that one query names. */
const NAMED = 1000
/** Rows of history per query for students. */
const RANGE = 200_000
const DAY = 86_400_000

/**
 * Scores students who may have been away for long, as of a time: the whole history through the stages' own fold, with
 * the versions that are in force. Nothing is stored. Rows are given in groups of students.
 */
export async function* scoreBatch(
  parts: RepairParts,
  options: BatchOptions,
): AsyncGenerator<BatchRow[], BatchOutcome, undefined> {
  const out: BatchOutcome = { students: 0, rows: 0, refused: [], unknown: [] }
  const decays = await decaysOf(parts.gold)
  const metas = new Map<number, ScoreMeta>()
  for await (const students of groupsOf(parts, options)) {
    const byPartition = Map.groupBy(students, (s) => partitionOf(s, parts.partitions.output))
    for (const [scored, own] of byPartition) {
      let scoring = metas.get(scored)
      if (!scoring) metas.set(scored, (scoring = await scoringAt(parts, scored)))
      for (let i = 0; i < own.length; i += GROUP) {
        parts.signal?.throwIfAborted()
        const rows = await ofPartition(parts, own.slice(i, i + GROUP), scored, scoring, options, decays, out)
        if (rows.length > 0) yield rows
        options.progress?.(out.students)
      }
    }
  }
  return out
}

async function scoringAt(parts: RepairParts, partition: number): Promise<ScoreMeta> {
  const { state, generation } = parts
  const at = { stage: 'scoring', generation, topic: topicAt('learning.features', generation), partition }
  return readScoreMeta((await state.peek(at))?.meta, parts.provide)
}

async function ofPartition(
  parts: RepairParts,
  students: readonly string[],
  scored: number,
  scoring: ScoreMeta,
  options: BatchOptions,
  decays: ReadonlyMap<string, Decays>,
  out: BatchOutcome,
): Promise<BatchRow[]> {
  const { generation } = parts
  const partition = sourceOf(scored, parts.partitions.input)
  const { end } = await parts.log.bounds('learning.events', partition)
  const [histories, states] = await Promise.all([
    readStudents(parts, partition, new Set(students), end),
    parts.state.load({ stage: 'features', generation, topic: 'learning.events', partition }, [...students]),
  ])
  // After the histories: whichever of their events expired meanwhile are in a checkpoint then.
  const checkpoints = await readCheckpoints(parts.gold, students, generation)
  const folding = { ...parts.windows, scoring, whole: true }
  const folds: { tenant: string; student: string; folded: FoldedHistory }[] = []
  for (const [i, student] of students.entries()) {
    const history = histories.get(student)
    const checkpoint = checkpoints.get(student)
    const tenant = history?.tenant ?? checkpoint?.tenant
    const erasure = erasureOf(states[i] ?? null, student)
    if (tenant === undefined || erasure?.floor === Number.POSITIVE_INFINITY) {
      if (options.students) out.unknown.push(student)
      continue
    }
    const records = honouring(erasure, history?.records ?? [])
    const from = keptAfter(erasure, checkpoint?.kept ?? null)
    const unreadable = checkpoint !== undefined && checkpoint.kept === null
    const folded = unreadable ? null : foldAsOf(student, records, folding, from, options.asOf)
    if (folded === null) out.refused.push(student)
    else folds.push({ tenant, student, folded })
    // Whole histories are folded on this thread; others want it too.
    await new Promise((r) => setImmediate(r))
  }
  const scores = folds.map((f) => f.folded.scores)
  await serveFolded(scores, parts.windows.ring, scoring, parts.servers)
  const rows: BatchRow[] = []
  for (const { tenant, student, folded } of folds) {
    const found = rowsAsOf(folded, folding, options.asOf)
    if (found.length === 0) {
      if (options.students) out.unknown.push(student)
      continue
    }
    out.students++
    for (const s of found) rows.push(rowOf(tenant, student, s, options.asOf, decays.get(tenant)))
  }
  out.rows += rows.length
  return rows
}

function rowOf(tenant: string, student: string, s: ScoreAsOf, asOf: number, decays: Decays | undefined): BatchRow {
  const { score, next, features } = s
  const decay = decays?.topics.get(score.topic) ?? decays?.usual ?? USUAL_DECAY
  const left = retained(decay, (asOf - score.as_of) / DAY)
  const blend = score.scores.at(-1)!
  return {
    tenant,
    student_id: student,
    topic_id: score.topic,
    as_of: asOf,
    last_answer_at: score.as_of,
    opportunities: score.opportunities,
    mastery: blend.mastery,
    mastery_now: blend.mastery * left,
    uncertainty: score.uncertainty,
    standing: score.standing,
    p_next: next.get(blend.model)! * left,
    models: score.scores.map((m) => ({ ...m, p_next: next.get(m.model) ?? null })),
    windows: (features?.windows ?? []).map(({ days, attempts, correct }) => ({ days, attempts, correct })),
    approximate: features?.approximate ?? true,
  }
}

/** Pseudonyms in lists that fit into memory: those named, or everybody with a score, in the order of the tables. */
async function* groupsOf(parts: RepairParts, options: BatchOptions): AsyncGenerator<string[], void, undefined> {
  const away = (where: string) => awayAmong(parts, where, options)
  if (options.students !== null) {
    const named = [...new Set(options.students)]
    for (let i = 0; i < named.length; i += NAMED) {
      const list = named.slice(i, i + NAMED)
      // Of whom gold has nothing is asked for all the same: the log may be ahead of it.
      yield options.inactiveDays === 0 ? list : await away(among(list))
    }
    return
  }
  const mine = `generation = ${Math.trunc(parts.generation)}`
  for (const range of await studentRanges(parts.gold, 'student_mastery_history_rows', mine, RANGE)) {
    if (options.tenant !== null && range.tenant !== options.tenant) continue
    const where = rangeSql(range)
    yield options.inactiveDays === 0 ? await withScore(parts, where) : await away(where)
  }
}

async function withScore({ gold, generation }: RepairParts, where: string): Promise<string[]> {
  const rows = await gold.query<{ s: string }>(
    `SELECT DISTINCT student_id AS s FROM student_mastery_rows WHERE ${where} AND generation = ${Math.trunc(generation)} ORDER BY s`,
  )
  return rows.map((r) => r.s)
}

/** Those without any event in the days before. Whose events have expired is away, too. */
async function awayAmong(parts: RepairParts, where: string, options: BatchOptions): Promise<string[]> {
  const instant = (ms: number) => `fromUnixTimestamp64Milli(toInt64(${Math.trunc(ms)}), 'UTC')`
  const since = options.asOf - options.inactiveDays * DAY
  const rows = await parts.gold.query<{ s: string }>(
    `SELECT DISTINCT student_id AS s FROM student_mastery_rows WHERE ${where} AND generation = ${Math.trunc(parts.generation)}
       AND student_id NOT IN (SELECT student_id FROM learning_events WHERE ${where} AND occurred_at > ${instant(since)} AND occurred_at <= ${instant(options.asOf)})
     ORDER BY s`,
  )
  return rows.map((r) => r.s)
}
