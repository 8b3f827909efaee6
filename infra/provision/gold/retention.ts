import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'
import type { Retention } from '../../config/retention.ts'
import type { StudentKey } from './checkpoints.ts'
import { onCluster, quote, stored } from './ddl.ts'
import type { GoldTable } from './table.ts'
import { goldTable, TABLES } from './tables.ts'

/** Gold with the statements that retention needs; ClickHouseGold is one. */
export interface RetainedGold extends Pick<GoldStore, 'insert' | 'query'> {
  readonly cluster: string | null
  command(sql: string, settings?: Record<string, string | number>): Promise<void>
  deleteRows(table: string, condition: string): Promise<void>
}

/** What is older than a table's limit. */
export interface Expiring {
  table: string
  days: number
  /** Rows before this time, UTC milliseconds. */
  before: number
  rows: number
  /** About how many bytes they take, compressed. */
  bytes: number
  /** Months that have such rows, as YYYYMM; empty for tables that are not cut by month. */
  partitions: string[]
  /** Rows that are older but stay: no checkpoint stands for them yet. */
  waiting: number
  /** Of events: students with such rows, and those whose checkpoint stands for all that go. */
  students?: { total: number; covered: number }
}

const DAY = 86_400_000
/** Events are what everything else is computed from: they go only when checkpoints hold what they said. */
const EVENTS = 'learning_events'

const instant = (ms: number) => `fromUnixTimestamp64Milli(toInt64(${Math.trunc(ms)}), 'UTC')`

/** Which events of one partition of learning.events checkpoints stand for. */
export interface Covered {
  /** Those before this offset may go ... */
  before: number
  /** ... but for those of these students, who have no checkpoint that reaches so far, by pseudonym. */
  without: readonly string[]
  /** Students whose checkpoint stands for every event of theirs that goes. */
  covered: number
  /** Why events stay, for people; empty where none does. */
  why: string
}

/** By partition; partitions that are not there keep their events. */
export type Coverage = ReadonlyMap<number, Covered>

/** Students of one partition with events that are older than the limit, and the newest offset of these events. */
export type Aged = ReadonlyMap<number, readonly (StudentKey & { newest: number })[]>

/** SQL condition: a checkpoint stands for the event. */
function coveredBy(coverage: Coverage): string {
  const some = [...coverage].filter(([, c]) => c.before > 0).sort(([a], [b]) => a - b)
  if (some.length === 0) return '0'
  const each = some.map(([partition, { before, without }]) => {
    const place = `src_partition = ${partition} AND src_offset < ${before}`
    return without.length === 0 ? `(${place})` : `(${place} AND student_id NOT IN (${without.map(quote).join(', ')}))`
  })
  return `(${each.join(' OR ')})`
}

/**
 * SQL condition: the row is older than a time. What happened long ago and was brought in lately, an imported year, is as
 * young as its coming.
 */
function older(t: GoldTable, before: number): string {
  const storedBefore = `stored_at < toDateTime(${Math.floor(before / 1000)}, 'UTC')`
  if (t.age === 'stored_at') return storedBefore
  return `${t.age} < ${instant(before)}${t.stored ? ` AND ${storedBefore}` : ''}`
}

function limited(limits: Retention): { table: GoldTable; days: number }[] {
  return TABLES.flatMap((table) => {
    const days = limits.get(table.name) ?? null
    return table.age === null || days === null ? [] : [{ table, days }]
  })
}

/** What is older than its table's limit at `now`, without removing it. Tables without such rows are listed with none. */
export async function expiring(
  gold: Pick<RetainedGold, 'query' | 'cluster'>,
  limits: Retention,
  now: number,
  coverage: Coverage | null = null,
): Promise<Expiring[]> {
  const found: Expiring[] = []
  for (const { table, days } of limited(limits)) {
    const before = now - days * DAY
    const where = older(table, before)
    const month = table.month === null ? "''" : `toString(toYYYYMM(${table.month}))`
    const goes = table.name === EVENTS && coverage !== null ? coveredBy(coverage) : '1'
    const rows = await gold.query<{ month: string; n: number; goes: number }>(
      `SELECT ${month} AS month, count() AS n, countIf(${goes}) AS goes FROM ${table.name} WHERE ${where} GROUP BY month ORDER BY month`,
    )
    const [size] = await gold.query<{ each: number }>(
      `SELECT if(sum(rows) = 0, 0, sum(bytes_on_disk) / sum(rows)) AS each FROM system.parts
       WHERE database = currentDatabase() AND table = '${stored(table.name, gold.cluster)}' AND active`,
    )
    const n = rows.reduce((sum, r) => sum + Number(r.goes), 0)
    found.push({
      table: table.name,
      days,
      before,
      rows: n,
      bytes: Math.round(n * Number(size!.each)),
      partitions: rows.flatMap((r) => (r.month === '' ? [] : [r.month])),
      waiting: rows.reduce((sum, r) => sum + Number(r.n) - Number(r.goes), 0),
      ...(table.name === EVENTS ? { students: await studentsOf(gold, where, coverage) } : {}),
    })
  }
  return found
}

/**
 * The TTL that a table should have, in the form in which ClickHouse gives it back; null: none. Only a run removes events,
 * since the server does not know whose checkpoint has been written, and rows that may be young by their coming.
 */
function wantedTtl(t: GoldTable, days: number | null): string | null {
  if (t.age === null || days === null) return null
  return t.age !== 'stored_at' && t.stored ? null : `${t.age} + toIntervalDay(${days})`
}

/** Gives every table the TTL of its limit, so that the server removes rows between runs. Changes nothing a second time. */
export async function applyTtl(gold: RetainedGold, limits: Retention): Promise<string[]> {
  const changed: string[] = []
  for (const t of TABLES) {
    const name = stored(t.name, gold.cluster)
    const [row] = await gold.query<{ engine: string }>(
      `SELECT engine_full AS engine FROM system.tables WHERE database = currentDatabase() AND name = '${name}'`,
    )
    const has = /\sTTL (.*?)(?: SETTINGS .*)?$/s.exec(row?.engine ?? '')?.[1] ?? null
    const wanted = wantedTtl(t, limits.get(t.name) ?? null)
    if (has === wanted) continue
    const alter = `ALTER TABLE ${name}${onCluster(gold.cluster)}`
    if (wanted === null) await gold.command(`${alter} REMOVE TTL`)
    // Rows that are there already were removed by the run itself.
    else await gold.command(`${alter} MODIFY TTL ${wanted}`, { materialize_ttl_after_modify: 0 })
    changed.push(t.name)
  }
  return changed
}

async function studentsOf(gold: Pick<RetainedGold, 'query'>, where: string, coverage: Coverage | null) {
  const [row] = await gold.query<{ n: number }>(
    `SELECT uniqExact(tenant, student_id) AS n FROM ${EVENTS} WHERE ${where}`,
  )
  const covered = [...(coverage?.values() ?? [])].reduce((n, c) => n + c.covered, 0)
  return { total: Number(row!.n), covered }
}

/** Whose events are older than the limit of learning_events; nobody's where it has none. */
export async function agedEvents(gold: Pick<RetainedGold, 'query'>, limits: Retention, now: number): Promise<Aged> {
  const days = limits.get(EVENTS) ?? null
  const found = new Map<number, (StudentKey & { newest: number })[]>()
  if (days === null) return found
  const rows = await gold.query<{ tenant: string; student_id: string; src_partition: number; newest: number }>(
    `SELECT tenant, student_id, src_partition, max(src_offset) AS newest FROM ${EVENTS}
     WHERE ${older(goldTable(EVENTS), now - days * DAY)} GROUP BY tenant, student_id, src_partition
     ORDER BY src_partition, tenant, student_id`,
  )
  for (const r of rows) {
    const list = found.get(r.src_partition) ?? []
    if (list.length === 0) found.set(r.src_partition, list)
    list.push({ tenant: r.tenant, student: r.student_id, newest: Number(r.newest) })
  }
  return found
}

export interface RetentionRun {
  runId: string
  /** UTC milliseconds. */
  now: number
  /** Writes checkpoints of these students, and says for which events there are some then. */
  cover(aged: Aged): Promise<Coverage>
}

/**
 * Removes what is older than its limit and notes it in retention_runs. Events go where a checkpoint of their student
 * stands for them; the others stay and are counted as waiting. May be cut off and run again.
 */
export async function runRetention(gold: RetainedGold, limits: Retention, run: RetentionRun): Promise<Expiring[]> {
  const coverage = await run.cover(await agedEvents(gold, limits, run.now))
  const found = await expiring(gold, limits, run.now, coverage)
  for (const e of found) {
    if (e.rows === 0) continue
    const where = older(goldTable(e.table), e.before)
    await gold.deleteRows(e.table, e.table === EVENTS ? `${where} AND ${coveredBy(coverage)}` : where)
  }
  await applyTtl(gold, limits)
  const rows = found
    .filter((e) => e.rows > 0)
    .map((e) => [run.runId, run.now, e.table, e.days, e.rows, e.bytes, e.partitions])
  if (rows.length > 0) await gold.insert([{ table: 'retention_runs', rows }])
  return found
}
