import { randomUUID } from 'node:crypto'
import { KEPT, PERSONAL } from '@mastery/infra/provision/gold/personal.ts'
import type { CommandKind } from '@mastery/schemas/src/generated/student-command.gen.ts'
import { studentCommand } from '@mastery/topology/events/command.ts'
import { FIRST } from '@mastery/topology/generations/generation.ts'
import { partitionOf } from '@mastery/topology/partition.ts'
import { DAY_MS } from '@mastery/topology/stages/windowing/windows.ts'
import { TOPICS, type TopicName, topicAt } from '@mastery/topology/topics.ts'
import { goldEntries, type Noted, newestOf, notedBy } from './gold-check.ts'
import { purgeLog } from './log-purge.ts'
import type { PrivacyParts, Subject } from './parts.ts'
import { Passage } from './passage.ts'
import type { ErasureReceipt, ModelsEntry, TopicEntry } from './receipt.ts'
import { rosterEntry } from './roster-check.ts'
import { erasureOf, stateEntries } from './state-check.ts'

/** Kafka drops whole segments, which are closed after a day at the latest. */
const SEGMENT_DAYS = 1

async function send(parts: PrivacyParts, of: Subject, kind: CommandKind, reason: string | null): Promise<string> {
  const command_id = randomUUID()
  const issued_at = parts.now()
  await parts.log.append([
    {
      topic: 'learning.events',
      partition: partitionOf(of.student, parts.partitions),
      key: of.student,
      value: parts.codec.encode('student-command', studentCommand({ ...of, command_id, kind, issued_at, reason })),
      timestamp: issued_at,
    },
  ])
  return command_id
}

const activeOf = (parts: PrivacyParts) => parts.generations().find((g) => g.status === 'active') ?? FIRST

/** Generations that follow the log; one that is being built comes to the erasure in its own time, and honours it. */
const following = (parts: PrivacyParts) => parts.generations().filter((g) => g.status !== 'building')

/**
 * Erases a student, or finds that this was done: appends the command, waits until every stage and gold have carried it
 * out, and checks each store. Asked again after a kill at any point, it ends in the same state.
 */
export async function eraseStudent(parts: PrivacyParts, of: Subject, reason: string | null): Promise<ErasureReceipt> {
  const passage = new Passage(parts, of.student)
  const generations = following(parts)
  // A readmission that no stage has seen yet would make an erased student of one who is not.
  const caughtUp = await Promise.all(generations.map((g) => passage.reached('features', g.id, 'learning.events')))
  const stand = await Promise.all(generations.map((g) => erasureOf(parts, of.student, g)))
  const done = caughtUp.every((c) => c) && stand.every((e) => e?.floor === Number.POSITIVE_INFINITY)
  let id: string | null = null
  if (done) {
    await passage.reached('gold', 0, 'learning.events')
    id = (await newestOf(parts, of))?.command_id ?? null
  }
  id ??= await send(parts, of, 'erase', reason)
  return settle(parts, of, id)
}

/** Waits for the erasure's passage, checks all stores, keeps the receipt. */
async function settle(parts: PrivacyParts, of: Subject, id: string): Promise<ErasureReceipt> {
  const passage = new Passage(parts, of.student)
  await passage.through(following(parts))
  const receipt = await check(parts, of, id, passage.behind)
  await keep(parts, receipt)
  return receipt
}

/** How long a look at a receipt waits for what is under way. */
const LOOK_MS = 5_000

/** The receipt of an erasure as the stores stand now; null where gold knows of none. */
export async function receiptOf(
  parts: PrivacyParts,
  id: string,
  tenant: string | null,
): Promise<ErasureReceipt | null> {
  const noted = await notedBy(parts, id)
  const one = noted.find((n) => tenant === null || n.tenant === tenant)
  if (!one) return null
  // Ticks and other students' records are always on their way: what stands there now is passed within a moment.
  const passage = new Passage({ ...parts, waitMs: Math.min(parts.waitMs, LOOK_MS) }, one.student_id)
  await passage.through(following(parts))
  const receipt = await check(parts, { tenant: one.tenant, student: one.student_id }, id, passage.behind)
  await keep(parts, receipt)
  return receipt
}

async function check(parts: PrivacyParts, of: Subject, id: string, behind: readonly string[]): Promise<ErasureReceipt> {
  const generations = following(parts)
  const known = await notedBy(parts, id)
  const noted = known.filter((n) => n.part !== 'receipt')
  const events = noted.find((n) => n.part === 'learning.events')
  const waiting = [...new Set(behind)]
  // Before gold is counted: an older version's rows must not come back behind the count.
  const roster = await rosterEntry(parts, of, known, events?.readmitted_ms != null, waiting)
  const [state, gold, jobs, models, late] = await Promise.all([
    stateEntries(parts, of.student, generations),
    goldEntries(parts, of, noted, generations),
    jobsEntry(parts, of.student),
    modelsEntry(parts),
    lateDropped(parts, of, events),
  ])
  for (const g of gold) if (g.left > 0) waiting.push(`gold: ${g.left} rows are left in ${g.table}`)
  for (const s of state) if (s.found === 'data') waiting.push(`state of ${s.store}, generation ${s.generation}`)
  if (!events) waiting.push('gold has not noted the erasure yet')
  for (const g of parts.generations())
    if (g.status === 'building')
      waiting.push(`generation ${g.id}, which is being built and has not come to the erasure`)
  const erasedAt = events?.erased_ms ?? parts.now()
  const purged =
    waiting.length === 0 && events
      ? await purgeLog(parts, of, generations, Number(events.src_offset), events.readmitted_ms != null)
      : null
  return {
    receipt_id: id,
    tenant: of.tenant,
    student_id: of.student,
    status: waiting.length === 0 ? 'complete' : 'pending',
    waiting_for: waiting,
    erased_at: iso(erasedAt),
    readmitted_at: events?.readmitted_ms == null ? null : iso(Number(events.readmitted_ms)),
    checked_at: iso(parts.now()),
    state,
    gold,
    kept: KEPT.map(({ table, why }) => ({ table, why })),
    roster,
    jobs,
    topics: topicEntries(parts, erasedAt, purged),
    models,
    late_dropped: late,
  }
}

const iso = (ms: number) => new Date(ms).toISOString()

/** Keys of topics whose records name students. */
const WITH_STUDENTS = ['student pseudonym', 'recipient pseudonym']
const TOLD_WITH_OTHERS =
  'Messages about this student alone are removed. Those that name others, too, stay with the pseudonym: what they say of this student is neither sent nor stored.'

function topicEntries(
  parts: PrivacyParts,
  erasedAt: number,
  purged: ReadonlyMap<TopicName, number> | null,
): TopicEntry[] {
  const personal = TOPICS.filter(
    (t) => WITH_STUDENTS.includes(t.key) || t.name === 'learning.intake' || t.name === 'learning.rejects',
  )
  return personal
    .flatMap((t) => [...new Set(parts.generations().map((g) => topicAt(t.name, g.id)))].map((name) => ({ t, name })))
    .map(({ t, name }) => {
      const sealed = t.name === 'learning.rejects' ? ' Bytes of rejects stay sealed until then.' : ''
      const removed = purged?.get(name)
      if (removed !== undefined && t.name === 'mastery.deliveries')
        return { topic: name, gone_by: null, removed, note: TOLD_WITH_OTHERS }
      if (removed !== undefined)
        return {
          topic: name,
          gone_by: iso(parts.now()),
          removed,
          note: 'Its records are removed from the log. The freed pages of the file are overwritten as it goes on.',
        }
      if (!parts.logExpires)
        return {
          topic: name,
          gone_by: null,
          removed: 0,
          note: `The embedded log keeps its records; every reader drops those of before the erasure.${sealed}`,
        }
      return {
        topic: name,
        removed: 0,
        gone_by: iso(erasedAt + (t.retentionDays + SEGMENT_DAYS) * DAY_MS),
        note: `Kept for ${t.retentionDays} days; every reader drops what is from before the erasure.${sealed}`,
      }
    })
}

async function jobsEntry(parts: PrivacyParts, student: string): Promise<ErasureReceipt['jobs']> {
  if (parts.jobs === null)
    return { checked: false, with_the_pseudonym: 0, note: 'This process does not reach the queue of jobs.' }
  const jobs = await (await parts.jobs()).list({ limit: 100_000 })
  const n = jobs.filter((j) => JSON.stringify([j.payload, j.result, j.lastError]).includes(student)).length
  return {
    checked: true,
    with_the_pseudonym: n,
    note: 'Jobs carry pseudonyms and relations, never learning data; they go with the memory of the queue.',
  }
}

async function modelsEntry(parts: PrivacyParts): Promise<ModelsEntry> {
  const rows = await parts.gold.query<{ name: string; version: string }>(
    "SELECT DISTINCT toString(name) AS name, version FROM markers FINAL WHERE subject IN ('model', 'policy') AND action IN ('prepare', 'activate') AND payload IS NOT NULL ORDER BY name, version",
  )
  return {
    trained_on_subject: [],
    not_recorded: rows.map((r) => `${r.name} ${r.version}`),
    note:
      rows.length === 0
        ? 'Only built-in parameters have been in force; no student of this installation had a part in them.'
        : 'Markers do not say whose data made the parameters of these versions; ask whoever trained them.',
  }
}

async function lateDropped(parts: PrivacyParts, of: Subject, events: Noted | undefined): Promise<number> {
  if (!events) return 0
  const [row] = await parts.gold.query<{ n: number }>(
    `SELECT uniqExact(src_offset) AS n FROM event_dispositions WHERE tenant = {tenant:String} AND student_id = {student:String}
     AND generation = {active:UInt16} AND disposition = 'erased' AND event_id = '' AND src_offset > {after:UInt64}`,
    { ...of, active: activeOf(parts).id, after: events.src_offset },
  )
  return Number(row?.n ?? 0)
}

async function keep(parts: PrivacyParts, receipt: ErasureReceipt): Promise<void> {
  const noted = (await notedBy(parts, receipt.receipt_id)).find((n) => n.part === 'learning.events')
  const erasedAt = Date.parse(receipt.erased_at)
  const counts = Object.fromEntries(receipt.gold.map((g) => [g.table, g.removed]))
  const row = [
    receipt.tenant,
    receipt.student_id,
    receipt.receipt_id,
    'receipt',
    erasedAt,
    erasedAt,
    receipt.readmitted_at === null ? null : Date.parse(receipt.readmitted_at),
    counts,
    receipt.status === 'complete',
    JSON.stringify(receipt),
    parts.now(),
    partitionOf(receipt.student_id, parts.partitions),
    noted?.src_offset ?? 0,
  ]
  await parts.gold.insert([{ table: 'erasures', rows: [row] }])
}

/** What a readmission came to. */
export interface Readmission {
  tenant: string
  student_id: string
  /** readmitted: events from `from` on count. not_erased: there is nothing to readmit. */
  status: 'readmitted' | 'not_erased' | 'pending'
  from: string | null
}

/** Lets events after now count again. What was erased stays erased. */
export async function readmitStudent(parts: PrivacyParts, of: Subject, reason: string | null): Promise<Readmission> {
  const passage = new Passage(parts, of.student)
  const active = activeOf(parts)
  const caughtUp = await passage.reached('features', active.id, 'learning.events')
  const before = await erasureOf(parts, of.student, active)
  const about = { tenant: of.tenant, student_id: of.student }
  if (caughtUp && before === null) return { ...about, status: 'not_erased', from: null }
  if (before === null || before.floor === Number.POSITIVE_INFINITY) await send(parts, of, 'readmit', reason)
  await passage.through(following(parts))
  const after = await erasureOf(parts, of.student, active)
  if (after === null || after.floor === Number.POSITIVE_INFINITY) return { ...about, status: 'pending', from: null }
  return { ...about, status: 'readmitted', from: iso(after.floor) }
}

/** Tables that an erasure empties; for help texts. */
export const EMPTIED: readonly string[] = PERSONAL.map((t) => t.table)
