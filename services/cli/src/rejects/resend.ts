import type { LogAppend } from '@mastery/topology/ports/event-log.ts'
import { contentOf, edit } from '@mastery/topology/rejects/content.ts'
import type { Fix } from '@mastery/topology/rejects/fix.ts'
import type { Change } from '@mastery/topology/rejects/transform.ts'
import type { Host, Io } from '../command.ts'
import { readAgain } from './read-again.ts'
import { sendAll } from './send.ts'
import { type ActionEntry, isUnsettled, type Loaded, loadAll, type RejectRow, remember } from './store.ts'

/** Rejects that are read, sent and waited for together. */
const BATCH = 500

export interface ResendTotals {
  sent: number
  refused: number
  /** The fix is not for them, or finds nothing to change. */
  untouched: number
}

/** What becomes of one reject before anything is sent. */
type Plan =
  | { type: 'send'; row: RejectRow; records: LogAppend[]; changes: Change[] }
  | { type: 'untouched'; row: RejectRow; why: string }
  /** `again`: its bytes were read once more and refused, which counts as an attempt. */
  | { type: 'refused'; row: RejectRow; why: string; again: boolean }

export const shortId = (id: string) => id.slice(0, 12)

/**
 * Sends rejects again on the way they came, after a fix where one is given, and remembers what came of each. What is in
 * gold already is recognised by its ids. With `dryRun` nothing is sent, and what would be is printed.
 */
export async function resend(
  host: Host,
  rows: readonly RejectRow[],
  how: { fix: Fix | null; dryRun: boolean },
  io: Io,
): Promise<ResendTotals> {
  const totals: ResendTotals = { sent: 0, refused: 0, untouched: 0 }
  const check = how.dryRun ? () => {} : await host.stages()
  for (let i = 0; i < rows.length; i += BATCH) {
    const loaded = await loadAll(host.installation, rows.slice(i, i + BATCH))
    const plans = loaded.map((l) => plan(host, l, how.fix))
    for (const p of plans) {
      if (p.type === 'untouched') totals.untouched++
      if (p.type === 'refused') totals.refused++
      if (p.type !== 'send') io.err.write(`${shortId(p.row.reject_id)}: ${p.why}\n`)
      else if (how.dryRun) io.out(preview(p))
    }
    const sending = plans.filter((p) => p.type === 'send')
    if (how.dryRun) totals.sent += sending.length
    else await send(host, plans, sending, how.fix, totals, check, io)
  }
  return totals
}

function plan(host: Host, loaded: Loaded, fix: Fix | null): Plan {
  const { row } = loaded
  if ('gone' in loaded) return { type: 'refused', row, why: loaded.gone, again: false }
  const { reject, bytes } = loaded
  let content = contentOf(reject, bytes, host.installation.codec)
  let changes: Change[] = []
  if (fix !== null) {
    const edited = edit(content, fix, reject)
    if (edited.type === 'untouched') return { type: 'untouched', row, why: edited.why }
    if (edited.type === 'failed') return { type: 'refused', row, why: edited.problems.join(' '), again: false }
    content = edited.content
    changes = edited.changes
  } else if (reject.code === 'id_conflict') {
    const why = `two events claim one id: "npx mastery rejects accept ${shortId(row.reject_id)}" if this one is right, "rejects dismiss" if the first is.`
    return { type: 'refused', row, why, again: false }
  }
  const again = readAgain(host.installation, reject, content)
  return again.type === 'records'
    ? { type: 'send', row, records: again.records, changes }
    : { type: 'refused', row, why: `${again.code}: ${again.message}`, again: true }
}

async function send(
  host: Host,
  plans: readonly Plan[],
  sending: readonly Extract<Plan, { type: 'send' }>[],
  fix: Fix | null,
  totals: ResendTotals,
  check: () => void,
  io: Io,
): Promise<void> {
  const entries: ActionEntry[] = []
  // One that was fixed, or accepted, stays so: that its old bytes are no better does not bring it back.
  for (const p of plans)
    if (p.type === 'refused' && p.again && isUnsettled(p.row))
      entries.push({ reject_id: p.row.reject_id, action: 'refused', note: p.why, attempts: p.row.attempts + 1 })

  const records = sending.flatMap((p) => p.records)
  const { refused, waited } = await sendAll(host, records, check)
  if (!waited) io.err.write('The stages have not come to all of it yet; what they refuse becomes a new reject.\n')
  let at = 0
  for (const p of sending) {
    const again = refused.slice(at, at + p.records.length).find((r) => r !== null)
    at += p.records.length
    const what = `${fix === null ? 'sent again' : `fix ${fix.name}, sent`} as ${p.records.length} ${p.records.length === 1 ? 'record' : 'records'}`
    const action = fix === null ? 'resent' : 'fixed'
    const { reject_id, attempts } = p.row
    if (!again) {
      entries.push({ reject_id, action, note: waited ? what : `${what}, not processed yet`, attempts })
      totals.sent++
      continue
    }
    totals.refused++
    io.err.write(`${shortId(reject_id)}: ${again.code}: ${again.message} It goes on as ${shortId(again.rejectId)}.\n`)
    entries.push({ reject_id, action, note: `${what}; goes on as ${shortId(again.rejectId)}`, attempts })
    entries.push({
      reject_id: again.rejectId,
      action: 'refused',
      note: `refused again; came from ${shortId(reject_id)}`,
      attempts: attempts + 1,
    })
  }
  await remember(host, entries, Date.now())
}

function preview(p: Extract<Plan, { type: 'send' }>): string {
  const shown = (v: unknown) => (v === undefined ? '(nothing)' : JSON.stringify(v).slice(0, 300))
  const lines = p.changes.map((c) => `  ${c.path || '(text)'}  ${shown(c.before)}  ->  ${shown(c.after)}\n`)
  return `${shortId(p.row.reject_id)}  ${p.row.stage}  ${p.row.code}\n${lines.join('')}  would be sent as ${p.records.length} ${p.records.length === 1 ? 'record' : 'records'}\n`
}
