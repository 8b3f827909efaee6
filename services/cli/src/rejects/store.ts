import { sealer } from '@mastery/infra/config/reject-keys.ts'
import type { Installation } from '@mastery/infra/runtime/installation.ts'
import type { Reject } from '@mastery/schemas/src/generated/reject.gen.ts'
import { type Host, UsageError } from '../command.ts'

/** A reject as gold lists it; times are text, UTC. */
export interface RejectRow {
  reject_id: string
  stage: string
  code: string
  message: string
  tenant: string | null
  origin_topic: string
  origin_partition: number
  origin_offset: number
  content_type: string
  observed_at: string
  size: number
  attempts: number
  status: string
  status_note: string
  /** Rejects of the same stage, code and origin, this one included. */
  alike: number
  log_partition: number
  log_offset: number
}

export interface Filter {
  stage: string
  code: string
  /** `unsettled`, `all`, or one status. */
  status: string
}

export const STATUSES = ['unsettled', 'all', 'open', 'refused', 'resent', 'fixed', 'accepted', 'dismissed'] as const

const COLUMNS = `reject_id, stage, code, message, tenant, origin_topic, origin_partition, origin_offset, content_type,
  toString(observed_at) AS observed_at, size, attempts, status, status_note, log_partition, log_offset`
const WHERE = `(stage = {stage:String} OR {stage:String} = '') AND (code = {code:String} OR {code:String} = '')
  AND ({status:String} = 'all' OR status = {status:String} OR ({status:String} = 'unsettled' AND status IN ('open', 'refused')))`

/** Whether somebody still has to decide. */
export const isUnsettled = (r: Pick<RejectRow, 'status'>) => r.status === 'open' || r.status === 'refused'

/** Newest first. */
export async function findRejects(host: Host, filter: Filter, limit: number): Promise<RejectRow[]> {
  const gold = await host.gold()
  return gold.query<RejectRow>(
    `SELECT ${COLUMNS}, count() OVER (PARTITION BY stage, code, origin_topic) AS alike
     FROM v_rejects WHERE ${WHERE} ORDER BY v_rejects.observed_at DESC, origin_topic, origin_offset, reject_id LIMIT {limit:UInt32}`,
    { ...filter, limit },
  )
}

export interface Group {
  stage: string
  code: string
  origin_topic: string
  n: number
  unsettled: number
  newest: string
  example: string
}

/** Rejects that are alike, the most first. */
export async function summarise(host: Host, filter: Filter): Promise<Group[]> {
  const gold = await host.gold()
  return gold.query<Group>(
    `SELECT stage, code, origin_topic, count() AS n, countIf(status IN ('open', 'refused')) AS unsettled,
     toString(max(v_rejects.observed_at)) AS newest, argMax(reject_id, v_rejects.observed_at) AS example
     FROM v_rejects WHERE ${WHERE} GROUP BY stage, code, origin_topic ORDER BY unsettled DESC, n DESC, stage, code, origin_topic`,
    { ...filter },
  )
}

/**
 * What there is in the place of a stage or code that no reject has, settled ones included, a line for each; empty where
 * the filter names what exists.
 */
export async function unknownNames(host: Host, filter: Filter): Promise<string> {
  const gold = await host.gold()
  const [row] = await gold.query<{ stages: string[]; codes: string[] }>(
    `SELECT arraySort(groupUniqArray(toString(stage))) AS stages, arraySort(groupUniqArray(toString(code))) AS codes
     FROM v_rejects`,
  )
  const line = (what: string, given: string, there: readonly string[]) =>
    given === '' || there.includes(given)
      ? ''
      : `No reject has the ${what} "${given}". ${there.length === 0 ? 'There are none at all.' : `There are rejects with ${there.join(', ')}.`}\n`
  return line('stage', filter.stage, row?.stages ?? []) + line('code', filter.code, row?.codes ?? [])
}

/** How many are settled, and so left out of a list of what is not. */
export async function settled(host: Host): Promise<number> {
  const gold = await host.gold()
  const [row] = await gold.query<{ n: number }>(
    "SELECT count() AS n FROM v_rejects WHERE status NOT IN ('open', 'refused')",
  )
  return row?.n ?? 0
}

/** The one reject whose id begins so. Throws UsageError where there is none, or several. */
export async function oneReject(host: Host, id: string | undefined): Promise<RejectRow> {
  if (!id) throw new UsageError('Give the id of a reject; "npx mastery rejects list" shows them.')
  const gold = await host.gold()
  const rows = await gold.query<RejectRow>(
    `SELECT ${COLUMNS}, 1 AS alike FROM v_rejects WHERE startsWith(reject_id, {id:String}) LIMIT 2`,
    { id },
  )
  if (rows.length === 0) throw new UsageError(`No reject begins with "${id}".`)
  if (rows.length > 1) throw new UsageError(`"${id}" fits several rejects; give more of the id.`)
  return rows[0]!
}

/** A reject with its bytes unsealed; `gone` says why they are not to be had. */
export type Loaded = { row: RejectRow; reject: Reject; bytes: Buffer } | { row: RejectRow; gone: string }

const PAGE = 500

/** The records themselves, from the log, in the order of `rows`. Bytes that retention has removed are said to be gone. */
export async function loadAll(installation: Installation, rows: readonly RejectRow[]): Promise<Loaded[]> {
  const loaded = new Map<RejectRow, Loaded>()
  const unseal = sealer(installation.secrets).unseal
  for (const [partition, wanted] of byPartition(rows)) {
    const { start } = await installation.log.bounds('learning.rejects', partition)
    for (const row of wanted.filter((r) => r.log_offset < start)) loaded.set(row, { row, gone: goneMessage(row) })
    const left = wanted.filter((r) => r.log_offset >= start)
    while (left.length > 0) {
      const from = left[0]!.log_offset
      const page = await installation.log.read('learning.rejects', partition, from, PAGE)
      const end = Math.max(from, page.at(-1)?.offset ?? from)
      const at = new Map(page.map((r) => [r.offset, r]))
      while (left.length > 0 && left[0]!.log_offset <= end) {
        const row = left.shift()!
        const record = at.get(row.log_offset)
        const reject = record ? (installation.codec.decode(record.value).value as Reject) : null
        loaded.set(
          row,
          reject?.reject_id === row.reject_id
            ? { row, reject, bytes: unseal(reject.bytes, reject.encryption) }
            : { row, gone: goneMessage(row) },
        )
      }
    }
  }
  return rows.map((r) => loaded.get(r)!)
}

function byPartition(rows: readonly RejectRow[]): Map<number, RejectRow[]> {
  const out = new Map<number, RejectRow[]>()
  for (const r of [...rows].sort((a, b) => a.log_offset - b.log_offset)) {
    const list = out.get(r.log_partition)
    if (list) list.push(r)
    else out.set(r.log_partition, [r])
  }
  return out
}

function goneMessage(row: RejectRow): string {
  const where = row.origin_topic.startsWith('file:')
    ? `${row.origin_topic}, line ${row.origin_offset}`
    : row.origin_topic
  return `its bytes are gone: learning.rejects keeps them for 30 days, and gold has only this row about them. Send the record again from its source (${where}), then "npx mastery rejects dismiss ${row.reject_id.slice(0, 12)} --reason TEXT".`
}

export type Action = 'resent' | 'fixed' | 'accepted' | 'dismissed' | 'refused'

export interface ActionEntry {
  reject_id: string
  action: Action
  /** No names, no ids of students or events. */
  note: string
  /** How often the bytes were refused by now. */
  attempts: number
}

/** Remembers what was done; v_rejects shows the newest per reject. `at` is UTC milliseconds. */
export async function remember(host: Host, entries: readonly ActionEntry[], at: number): Promise<void> {
  if (entries.length === 0) return
  const gold = await host.gold()
  await gold.insert([
    {
      table: 'reject_actions',
      rows: entries.map((e) => [e.reject_id, e.action, at, 'command line', e.note, e.attempts]),
    },
  ])
}
