import { type RowCursor, rowsOf } from '@mastery/infra/adapters/clickhouse/row-binary.ts'
import type { WorkerContext } from '@mastery/infra/runtime/worker-thread.ts'
import { type GraphTopic, topicGraph } from '@mastery/topology/progress/graph.ts'
import type { RetentionBin, RetentionTally } from '@mastery/topology/progress/retention.ts'
import { rollUp, type TopicStanding } from '@mastery/topology/progress/roll-up.ts'
import { progressOf, type TopicAnswer, tallyRetention } from '@mastery/topology/progress/student.ts'
import { DIMENSION } from '@mastery/topology/recommend/context.ts'
import { stretchesOf } from '@mastery/topology/recommend/history.ts'
import { addReward, type LinearSums, noSums } from '@mastery/topology/recommend/linear.ts'
import type { Decays } from '@mastery/topology/recommend/view.ts'
import { type RowOf, readAnswerRow, readStanding } from './rows.ts'

/** Students of one tenant, as query results in RowBinary. */
export interface ProgressTask {
  tenant: string
  topics: readonly GraphTopic[]
  answers: readonly Uint8Array[]
  standings: readonly Uint8Array[]
  items: { names: readonly string[]; shares: Float64Array }
  decays: Decays
  mastered: number
  stays: number
  /** UTC milliseconds. */
  computedAt: number
}

/** How often mastery was reached, or a history ended without, after so many opportunities or days. */
export type Times = Map<number, [reached: number, censored: number]>

export interface ProgressResult {
  students: number
  answers: number
  tables: { table: string; rows: unknown[][] }[]
  times: Map<string, { opportunities: Times; days: Times }>
  retention: Map<string, RetentionBin[]>
  sums: LinearSums
}

function* grouped<T>(chunks: readonly Uint8Array[], read: (c: RowCursor) => RowOf<T>): Generator<[string, T[]]> {
  const rows = rowsOf(chunks, read)
  for (let i = 0; i < rows.length; ) {
    const { student } = rows[i]!
    const of: T[] = []
    for (; i < rows.length && rows[i]!.student === student; i++) of.push(rows[i]!.row)
    yield [student, of]
  }
}

function count(times: Times, at: number, reached: boolean): void {
  const known = times.get(at)
  if (known) known[reached ? 0 : 1]++
  else times.set(at, reached ? [1, 0] : [0, 1])
}

/** Everything that is computed per student, and the partial counts of what is computed over all of them. */
export function work(task: ProgressTask, _context: WorkerContext): ProgressResult {
  const graph = topicGraph(task.topics)
  const { tenant, computedAt } = task
  const shares = new Map(task.items.names.map((name, i) => [name, task.items.shares[i]!]))
  const out: ProgressResult = {
    students: 0,
    answers: 0,
    tables: [],
    times: new Map(),
    retention: new Map(),
    sums: noSums(DIMENSION),
  }
  const rollups: unknown[][] = []
  for (const [student, standings] of grouped<TopicStanding>(task.standings, readStanding)) {
    out.students++
    for (const r of rollUp(graph, standings, task.mastered))
      rollups.push([
        tenant,
        student,
        r.node.level,
        r.node.id,
        r.node.name,
        r.mastery,
        r.uncertainty,
        r.topics,
        r.seen,
        r.mastered,
        r.coverage,
        r.evidence,
        r.opportunities,
        r.asOf,
        computedAt,
      ])
  }
  const velocity: unknown[][] = []
  const reached: unknown[][] = []
  const retention = new Map<string, RetentionTally>()
  for (const [student, answers] of grouped<TopicAnswer>(task.answers, readAnswerRow)) {
    out.answers += answers.length
    for (const p of progressOf(answers, task)) {
      const { perOpportunity: o, perWeek: w, first, last, time } = p
      if (o)
        velocity.push([
          tenant,
          student,
          p.topic,
          p.opportunities,
          o.slope,
          o.se,
          w?.slope ?? null,
          w?.se ?? null,
          first.mastery,
          last.mastery,
          first.at,
          last.at,
          computedAt,
        ])
      reached.push([
        tenant,
        student,
        p.topic,
        task.mastered,
        task.stays,
        time.reached,
        time.opportunities,
        time.days,
        computedAt,
      ])
      let times = out.times.get(p.topic)
      if (!times) out.times.set(p.topic, (times = { opportunities: new Map(), days: new Map() }))
      count(times.opportunities, time.opportunities, time.reached)
      count(times.days, Math.ceil(time.days), time.reached)
    }
    tallyRetention(answers, retention)
    for (const s of stretchesOf(answers, graph, task.decays, (item) => shares.get(item) ?? 0.5))
      addReward(out.sums, s.context, s.reward.gain, s.reward.weight)
  }
  for (const [topic, { bins }] of retention) out.retention.set(topic, bins)
  out.tables.push(
    { table: 'topic_rollups', rows: rollups },
    { table: 'learning_velocity', rows: velocity },
    { table: 'time_to_mastery', rows: reached },
  )
  return out
}
