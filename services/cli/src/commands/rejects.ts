import { parseArgs } from 'node:util'
import { type Command, type Host, type Io, UsageError } from '../command.ts'
import { acceptConflict } from '../rejects/conflicts.ts'
import { chosenFix } from '../rejects/fixes.ts'
import { resend, shortId } from '../rejects/resend.ts'
import { listText, showText, summaryText } from '../rejects/show.ts'
import {
  type Filter,
  findRejects,
  isUnsettled,
  oneReject,
  type RejectRow,
  remember,
  STATUSES,
  settled,
  summarise,
  unknownNames,
} from '../rejects/store.ts'
import { positive } from './simulate.ts'

const ALL = 100_000

interface Given {
  filter: Filter
  limit: number
  id: string | undefined
  all: boolean
  json: boolean
  summary: boolean
  dryRun: boolean
  with: string | undefined
  fix: string | undefined
  reason: string | undefined
}

/** The rejects that are meant: one by its id, or all that the filter takes. */
async function chosen(host: Host, g: Given): Promise<RejectRow[]> {
  if (!g.all) return [await oneReject(host, g.id)]
  if (g.id) throw new UsageError('Give the id of one reject, or --all, not both.')
  return findRejects(host, g.filter, ALL)
}

async function list(host: Host, g: Given, io: Io): Promise<number> {
  io.err.write(await unknownNames(host, g.filter))
  if (g.summary) {
    const groups = await summarise(host, {
      ...g.filter,
      status: g.filter.status === 'unsettled' ? 'all' : g.filter.status,
    })
    io.out(g.json ? `${JSON.stringify(groups)}\n` : groups.length === 0 ? 'No rejects.\n' : summaryText(groups))
    return 0
  }
  const rows = await findRejects(host, g.filter, g.limit)
  if (g.json) {
    io.out(`${JSON.stringify(rows)}\n`)
    return 0
  }
  io.out(rows.length === 0 ? 'No rejects.\n' : listText(rows))
  const hidden = g.filter.status === 'unsettled' ? await settled(host) : 0
  if (hidden > 0) io.out(`${hidden} more are settled; --status all shows them.\n`)
  return 0
}

async function again(host: Host, g: Given, io: Io, fixed: boolean): Promise<number> {
  const fix = fixed ? chosenFix(g, io.cwd) : null
  const { sent, refused, untouched } = await resend(host, await chosen(host, g), { fix, dryRun: g.dryRun }, io)
  const verb = g.dryRun ? 'would be sent' : fixed ? 'fixed and sent' : 'sent again'
  io.out(`${sent} ${verb}, ${refused} still refused${untouched > 0 ? `, ${untouched} untouched` : ''}.\n`)
  return refused > 0 || (untouched > 0 && !g.all) ? 1 : 0
}

async function dismiss(host: Host, g: Given, io: Io): Promise<number> {
  const reason = g.reason?.trim()
  if (!reason) throw new UsageError('dismiss needs --reason TEXT: whoever looks later wants to know why.')
  const meant = await chosen(host, g)
  const rows = meant.filter(isUnsettled)
  const [only] = meant
  if (!g.all && only && rows.length === 0) {
    io.err.write(`${shortId(only.reject_id)} is ${only.status} already; nothing was changed.\n`)
    return only.status === 'dismissed' ? 0 : 1
  }
  const entries = rows.map((r) => ({
    reject_id: r.reject_id,
    action: 'dismissed' as const,
    note: reason.slice(0, 500),
    attempts: r.attempts,
  }))
  await remember(host, entries, Date.now())
  io.out(!g.all ? `${shortId(rows[0]!.reject_id)} dismissed.\n` : `${rows.length} dismissed.\n`)
  return 0
}

export const rejectsCommand: Command = {
  name: 'rejects',
  summary: 'list, show, fix and replay what could not be read or processed',
  help: `npx mastery rejects list [--summary] [--stage NAME] [--code CODE] [--status unsettled] [--limit 100] [--json]
npx mastery rejects show ID
npx mastery rejects replay ID | --all [--stage NAME] [--code CODE]
npx mastery rejects fix ID | --all [--stage NAME] [--code CODE] --with NAME | --fix FILE [--dry-run]
npx mastery rejects accept ID
npx mastery rejects dismiss ID | --all [--stage NAME] [--code CODE] --reason TEXT

list shows what is not settled, newest first; --status takes ${STATUSES.join(', ')}. --summary counts those
that are alike and says what can be done. show prints the original bytes.
replay sends them again on the way they came; what is in gold already is recognised by its ids and changes nothing.
fix changes them by a declared transform first: --with takes one of configs/fixes, --fix a file; --dry-run shows what
would change. Name the columns of the file, or the fields of the JSON, as they stand there.
accept decides an id_conflict for the later event: the first is corrected, or voided and the later one sent under an id
of its own. dismiss settles rejects without sending them; the reason is kept: no names in it.`,
  async run(host, args, io) {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        stage: { type: 'string' },
        code: { type: 'string' },
        status: { type: 'string' },
        limit: { type: 'string' },
        json: { type: 'boolean' },
        summary: { type: 'boolean' },
        all: { type: 'boolean' },
        with: { type: 'string' },
        fix: { type: 'string' },
        'dry-run': { type: 'boolean' },
        reason: { type: 'string' },
      },
    })
    const [what = 'list', id, ...more] = positionals
    if (more.length > 0) throw new UsageError(`rejects ${what} takes one id, not also "${more.join(' ')}".`)
    const status = values.status ?? 'unsettled'
    if (!(STATUSES as readonly string[]).includes(status))
      throw new UsageError(`--status is one of ${STATUSES.join(', ')}, not "${status}".`)
    const g: Given = {
      filter: { stage: values.stage ?? '', code: values.code ?? '', status },
      limit: positive('limit', values.limit, 100),
      id,
      all: values.all ?? false,
      json: values.json ?? false,
      summary: values.summary ?? false,
      dryRun: values['dry-run'] ?? false,
      with: values.with,
      fix: values.fix,
      reason: values.reason,
    }
    switch (what) {
      case 'list':
        return list(host, g, io)
      case 'show':
        io.out(await showText(host, await oneReject(host, id)))
        return 0
      case 'replay':
        return again(host, g, io, false)
      case 'fix':
        return again(host, g, io, true)
      case 'accept':
        return acceptConflict(host, await oneReject(host, id), io)
      case 'dismiss':
        return dismiss(host, g, io)
      default:
        throw new UsageError(`rejects knows list, show, replay, fix, accept and dismiss, not "${what}".`)
    }
  },
}
