import { randomUUID } from 'node:crypto'
import type { ClickHouseGold } from '@mastery/infra/adapters/clickhouse/gold.ts'
import type { ProgressConfig } from '@mastery/infra/config/progress.ts'
import { quote } from '@mastery/infra/provision/gold/ddl.ts'
import { graphOf } from '@mastery/infra/provision/gold/topic-graph.ts'
import { runInWorker } from '@mastery/infra/runtime/worker-thread.ts'
import { USUAL_DECAY } from '@mastery/topology/recommend/view.ts'
import { rangeSql, studentRanges } from '../student-ranges.ts'
import { decaysOf } from './decays.ts'
import { OverAll } from './over-all.ts'
import { answersSql, itemsInsert, standingsSql } from './rows.ts'
import type { ProgressResult, ProgressTask } from './worker.ts'

export interface ProgressParts {
  gold: ClickHouseGold
  /** Whose scores are read. */
  generation: number
  config: ProgressConfig
  /** UTC milliseconds. */
  now(): number
  signal?: AbortSignal
}

export interface ProgressReport {
  run_id: string
  generation: number
  students: number
  answers: number
  topics: number
  /** Stretches of practice that the bandit was warmed up with. */
  stretches: number
  seconds: number
}

/** Answers that are in memory at a time. */
const RANGE_ANSWERS = 100_000
const TABLES = [
  'topic_rollups',
  'learning_velocity',
  'time_to_mastery',
  'mastery_survival',
  'retention_curves',
  'retention_fits',
  'topic_items',
]

/**
 * Computes all tables of progress anew from the scores in gold: students in ranges, each in a thread, so that memory
 * does not grow with their number, and what is over all of them from the ranges' counts. Rows of earlier runs are
 * removed at the end; a run that was cut off leaves rows of both, each right for its time, and the next one clears up.
 */
export async function computeProgress(
  parts: ProgressParts,
  progress: (fraction: number, message: string) => void = () => {},
): Promise<ProgressReport> {
  const { gold, generation, signal } = parts
  const began = performance.now()
  const startedAt = parts.now()
  const decays = await decaysOf(gold)
  progress(0, 'counting items')
  await gold.command(itemsInsert(generation, startedAt))
  const mine = `generation = ${Math.trunc(generation)}`
  const ranges = await studentRanges(gold, 'student_mastery_history_rows', mine, RANGE_ANSWERS)
  const total = ranges.reduce((n, r) => n + r.rows, 0)
  const report = { students: 0, answers: 0, topics: 0, stretches: 0 }
  let read = 0
  for (const tenant of new Set(ranges.map((r) => r.tenant))) {
    const { topics } = await graphOf(gold, tenant)
    const all = new OverAll()
    const own = decays.get(tenant) ?? { usual: USUAL_DECAY, topics: new Map<string, number>() }
    const items = await sharesOf(gold, tenant)
    for (const r of ranges.filter((x) => x.tenant === tenant)) {
      signal?.throwIfAborted()
      progress((0.95 * read) / Math.max(1, total), 'students')
      const where = rangeSql(r)
      const task: ProgressTask = {
        tenant,
        topics,
        answers: await bytesOf(gold, answersSql(where, generation)),
        standings: await bytesOf(gold, standingsSql(where, generation)),
        items,
        decays: own,
        mastered: parts.config.mastered,
        stays: parts.config.stays,
        computedAt: startedAt,
      }
      const found = await runInWorker<ProgressResult>(new URL('./worker.ts', import.meta.url), task, {
        ...(signal ? { signal } : {}),
      })
      await gold.insert(found.tables)
      all.add(found)
      read += r.rows
    }
    await gold.insert(all.rows(tenant, startedAt, own))
    report.students += all.students
    report.answers += all.answers
    report.topics += all.topics
    report.stretches += all.sums.n
  }
  progress(0.97, 'removing the rows of earlier runs')
  const before = `computed_at < fromUnixTimestamp64Milli(toInt64(${Math.trunc(startedAt)}), 'UTC')`
  for (const t of TABLES) {
    const [old] = await gold.query<{ n: number }>(`SELECT count() AS n FROM ${t} WHERE ${before}`)
    if (Number(old!.n) > 0) await gold.deleteRows(t, before)
  }
  const run_id = randomUUID()
  const seconds = (performance.now() - began) / 1000
  const { students, answers, topics, stretches } = report
  await gold.insert([
    {
      table: 'progress_runs',
      rows: [[run_id, startedAt, parts.now(), generation, students, answers, topics, stretches, seconds]],
    },
  ])
  return { run_id, generation, ...report, seconds }
}

async function bytesOf(gold: ClickHouseGold, sql: string): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = []
  for await (const chunk of gold.stream(sql, 'RowBinary')) chunks.push(new Uint8Array(chunk))
  return chunks
}

async function sharesOf(gold: ClickHouseGold, tenant: string): Promise<ProgressTask['items']> {
  const rows = await gold.query<{ item: string; p: number }>(
    `SELECT item, any(p_value) AS p FROM topic_items FINAL WHERE tenant = ${quote(tenant)} GROUP BY item ORDER BY item`,
  )
  return { names: rows.map((r) => r.item), shares: Float64Array.from(rows, (r) => r.p) }
}
