import {
  alertRow,
  commandRow,
  eventRow,
  featureRows,
  markerRow,
  type Put,
  type Row,
  rejectRow,
  scoreRows,
  tickRow,
} from '@mastery/gold/src/rows.ts'
import { RowBuffer } from '@mastery/infra/adapters/clickhouse/row-buffer.ts'
import { goldTable } from '@mastery/infra/provision/gold/tables.ts'
import type { Alert } from '@mastery/schemas/src/generated/alert.gen.ts'
import type { FeatureRecord } from '@mastery/schemas/src/generated/feature-record.gen.ts'
import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import type { Marker } from '@mastery/schemas/src/generated/marker.gen.ts'
import type { MasteryScore } from '@mastery/schemas/src/generated/mastery-score.gen.ts'
import type { Reject } from '@mastery/schemas/src/generated/reject.gen.ts'
import type { StudentCommand } from '@mastery/schemas/src/generated/student-command.gen.ts'
import type { Tick } from '@mastery/schemas/src/generated/tick.gen.ts'
import { sourceOf } from '@mastery/topology/partition.ts'
import type { StateScope } from '@mastery/topology/ports/state-store.ts'
import { type Erase, type Fate, subjectOf } from './fate.ts'
import { readable } from './oracle.ts'
import { encodeRows, Replacing, rowOf } from './sim-gold.ts'
import type { Logged } from './sim-log.ts'
import type { World } from './world.ts'

type Readable = NonNullable<ReturnType<typeof readable>>

/** The rows that one record of a topic gives, by table. */
function rowsOf(scope: StateScope, r: Logged, read: Readable, put: Put): void {
  const place = { topic: scope.topic, partition: scope.partition, offset: r.offset }
  const { subject, value } = read
  if (subject === 'feature-record') featureRows(value as FeatureRecord, put)
  if (subject === 'mastery-score') scoreRows(value as MasteryScore, put)
  if (subject === 'alert') alertRow(value as Alert, put)
  if (subject === 'reject') rejectRow(value as Reject, place, put)
  if (scope.topic !== 'learning.events') return
  if (subject === 'learning-event') eventRow(value as LearningEvent, place, r.timestamp, put)
  if (subject === 'student-command') commandRow(value as StudentCommand, place, r.timestamp, put)
  if (subject === 'marker') markerRow(value as Marker, place, r, put)
  if (subject === 'tick') tickRow(value as Tick, place, r, put)
}

/** Where a reject stands in its topic is known only as one of the places in which it stands more than once. */
function withoutPlace(table: string, line: string): string {
  return table === 'rejects' ? JSON.stringify({ ...rowOf(table, line), log_partition: '', log_offset: '' }) : line
}

/** never: it was to be removed, or kept out, by a reader that has come that far. */
type Asked = 'must' | 'may' | 'never'

/** A row that was made, and what is asked of it. */
interface Made {
  table: string
  asked: Asked
  commit: { next: number; seq: number } | undefined
  scope: StateScope
}

/** What is asked of the rows that each of a topic's records gives. */
function askedOf(scope: StateScope, fate: Fate, records: readonly Logged[], nextOffset: number) {
  const events = scope.topic === 'learning.events'
  const originOf = (r: Logged, value: unknown) => (events ? r.offset : (value as FeatureRecord).origin_offset)
  const erases = fate.erasesFor(scope.topic)
  // In a computed topic an erase stands as the record that came of it.
  const seen = new Set<number>()
  for (const e of erases)
    for (const r of records.slice(0, nextOffset))
      if (r.key === e.student && originOf(r, readable(r.value)?.value) === e.offset) seen.add(e.offset)
  return {
    passed: erases.filter((e) => seen.has(e.offset)),
    of(r: Logged, { subject, value }: Readable): Asked {
      const read = r.offset < nextOffset
      const about = subjectOf(subject, value)
      if (about === null || about.lasting) return read ? 'must' : 'may'
      const origin = originOf(r, value)
      const over = erases.filter((e) => e.student === about.student && origin < e.offset)
      const out = events && fate.keepsOut(origin)
      if (over.some((e) => seen.has(e.offset)) || (out && read)) return 'never'
      return read && !out && over.length === 0 ? 'must' : 'may'
    },
  }
}

/**
 * Gold holds the rows of every record that its reader has committed, none that no record gives, and none of an erased
 * student from before the erase. `fates`: by generation and partition of learning.events.
 */
export function checkGold(world: World, fates: ReadonlyMap<number, readonly Fate[]>, found: string[]): void {
  const buffer = new RowBuffer()
  const made: Made[] = []
  for (const scope of world.generations.flatMap((g) => world.scopesOf('gold', g))) {
    const { nextOffset, commits } = world.state.held(scope)
    const records = world.log.everything(scope.topic, scope.partition)
    const fate = fates.get(scope.generation)![sourceOf(scope.partition, world.log.partitions)]!
    const asked = askedOf(scope, fate, records, nextOffset)
    let at = 0
    for (const r of records) {
      while (at < commits.length && commits[at]!.next <= r.offset) at++
      const read = readable(r.value)
      if (read === null) continue
      const given = { asked: asked.of(r, read), commit: commits[at], scope }
      const put = (table: string, row: Row) => {
        encodeRows(table, [row], buffer)
        made.push({ table, ...given })
      }
      const latest = (table: string, _key: string, _version: number, row: () => Row) => put(table, row())
      rowsOf(scope, r, read, Object.assign(put, { latest }))
    }
    checkAccount(world, scope, asked.passed, nextOffset, found)
  }
  const must = new Replacing()
  const may = new Replacing()
  const lines = buffer.take().toString('utf8').split('\n')
  for (const [i, { table, asked, commit, scope }] of made.entries()) {
    const line = lines[i]!
    // Nothing fences an insert: rows that a replaced process brings after the removal stay until a receipt is asked for,
    // whose check removes them.
    if (asked === 'never' && !world.gold.strays.has(`${table}\t${line}`)) continue
    may.insert(table, [line], 0)
    if (asked !== 'must') continue
    must.insert(table, [line], 0)
    const since = world.gold.since(table, line)
    if (commit && Number.isFinite(since) && since > commit.seq)
      found.push(
        `gold: offset ${commit.next} of ${scope.topic} partition ${scope.partition} was committed before its row in ${table}`,
      )
  }
  for (const [table, rows] of world.gold.tables) compare(table, rows, must, may, found)
}

/** Every erase that was passed is accounted for. */
function checkAccount(
  world: World,
  { topic }: StateScope,
  passed: readonly Erase[],
  nextOffset: number,
  found: string[],
): void {
  if (topic === 'learning.rejects' || topic === 'mastery.control') return
  for (const { student, id, readmittedAt } of passed) {
    const noted = world.erasures.rows.get(`school/${student}/${id}/${topic}`)
    if (!noted) found.push(`gold: erasures lacks ${id} of ${student} in ${topic}`)
    else if (!noted.verified && !noted.stray)
      found.push(`gold: erasures has ${id} of ${student} in ${topic} as not verified`)
    else if (
      topic === 'learning.events' &&
      readmittedAt !== null &&
      readmittedAt < nextOffset &&
      noted.readmitted_ms === null
    )
      found.push(`gold: erasures does not know that ${student} was readmitted after ${id}`)
  }
}

function compare(
  table: string,
  rows: ReadonlyMap<string, { line: string; version: number }>,
  must: Replacing,
  may: Replacing,
  found: string[],
): void {
  const wanted = must.tables.get(table)!
  const about = (line: string) => {
    const row = rowOf(table, line)
    return goldTable(table)
      .order.map((c) => `${c} ${row[c]}`)
      .join(', ')
  }
  for (const [key, { line, version }] of wanted) {
    const there = rows.get(key)
    if (!there) found.push(`gold: ${table} lacks the row of ${about(line)}`)
    else if (there.version < version) found.push(`gold: ${table} has an old row of ${about(line)}`)
    else if (there.version === version && withoutPlace(table, there.line) !== withoutPlace(table, line))
      found.push(`gold: ${table} has another row of ${about(line)}: ${there.line} instead of ${line}`)
  }
  for (const [key, { line }] of rows) {
    if (!may.tables.get(table)!.has(key)) found.push(`gold: ${table} has a row too many: ${about(line)}`)
    else if (!wanted.has(key) && !may.seen.has(`${table}\t${line}`))
      found.push(`gold: ${table} has a row that no record gives: ${about(line)}`)
  }
}
