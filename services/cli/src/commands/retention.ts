import { randomUUID } from 'node:crypto'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { loadRetention } from '@mastery/infra/config/retention.ts'
import {
  type Aged,
  agedEvents,
  type Coverage,
  type Expiring,
  expiring,
  runRetention,
} from '@mastery/infra/provision/gold/retention.ts'
import { coverAged } from '@mastery/jobs/src/retention/cover.ts'
import type { Command } from '../command.ts'
import { table } from '../tables.ts'

export const retentionCommand: Command = {
  name: 'retention',
  summary: 'remove from gold what is older than its limit',
  help: `npx mastery retention [--dry-run] [--limits FILE] [--json]

Removes rows of gold that are older than the days that configs/retention.json gives their table, and sets the tables'
TTL to match. Events go only where a checkpoint of their student stands for them: with it and what came after, rebuild,
reconcile and replay give what the whole history gives. It is written here where there is none yet; where that can't be
done, or the log still holds the events, they stay and are shown as waiting. Current scores and windows never expire.
--dry-run shows what would go and changes nothing. --limits takes the days from another file of the same form.
--json prints one object: {"dry_run": bool, "tables": [{"table", "days", "before", "rows", "bytes", "partitions", "waiting"}]};
events have "students": {"total", "covered"}, and the whole "waiting_for": [texts].`,
  async run(host, args, io) {
    const { values } = parseArgs({
      args,
      options: { 'dry-run': { type: 'boolean' }, limits: { type: 'string' }, json: { type: 'boolean' } },
    })
    const limits = values.limits === undefined ? loadRetention() : loadRetention(resolve(io.cwd, values.limits))
    const gold = await host.gold()
    const dry = values['dry-run'] ?? false
    const now = Date.now()
    let coverage: Coverage = new Map()
    const cover = async (aged: Aged) => (coverage = await coverAged(host.installation, gold, aged, { write: !dry }))
    const found = dry
      ? await expiring(gold, limits, now, await cover(await agedEvents(gold, limits, now)))
      : await runRetention(gold, limits, { runId: randomUUID(), now, cover })
    const why = [...new Set([...coverage.values()].map((c) => c.why).filter((w) => w !== ''))]
    if (values.json) {
      const tables = found.map((e) => ({ ...e, before: new Date(e.before).toISOString() }))
      io.out(`${JSON.stringify({ dry_run: dry, tables, waiting_for: why })}\n`)
    } else io.out(inWords(found, dry, why))
    return 0
  },
}

function inWords(found: readonly Expiring[], dry: boolean, why: readonly string[]): string {
  if (found.length === 0) return 'No table has a limit: configs/retention.json keeps everything.\n'
  const rows = found.map((e) => [
    e.table,
    `${e.days} d`,
    new Date(e.before).toISOString().slice(0, 10),
    e.rows.toLocaleString('en'),
    `${(e.bytes / 1e6).toFixed(1)} MB`,
    e.partitions.length === 0 ? '-' : `${e.partitions[0]} to ${e.partitions.at(-1)}`,
    e.waiting.toLocaleString('en'),
  ])
  const head = ['table', 'limit', 'older than', 'rows', 'about', 'months', 'waiting']
  const total = found.reduce((n, e) => n + e.rows, 0)
  const events = found.find((e) => e.students)
  const students =
    events?.students && events.students.total > 0
      ? `${events.students.total.toLocaleString('en')} students have events beyond their limit; ${events.students.covered.toLocaleString('en')} have a checkpoint that stands for them${dry ? ', the others get one before their events go' : ''}.\n`
      : ''
  const waiting = (events?.waiting ?? 0) > 0 && why.length > 0 ? `Events wait: ${why.join('; ')}.\n` : ''
  return `${table(head, rows)}${students}${waiting}${total.toLocaleString('en')} rows ${dry ? 'would be' : 'were'} removed.\n`
}
