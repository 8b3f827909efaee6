import { parseArgs } from 'node:util'
import { eraseStudent, receiptOf } from '@mastery/api/src/privacy/erase.ts'
import type { ErasureReceipt } from '@mastery/api/src/privacy/receipt.ts'
import { PERSONAL } from '@mastery/infra/provision/gold/personal.ts'
import { type Command, type Host, type Io, UsageError } from '../command.ts'
import { noteAccess, privacyOf, subjectOf } from '../subject.ts'
import { table } from '../tables.ts'

function report(r: ErasureReceipt): string {
  const lines = [
    `${r.status === 'complete' ? 'Erased' : 'Being erased'}: student ${r.student_id} of tenant ${r.tenant}, at ${r.erased_at}`,
    `Receipt ${r.receipt_id}; "npx mastery erase --receipt ${r.receipt_id}" shows it again.`,
  ]
  if (r.readmitted_at) lines.push(`Readmitted: events after ${r.readmitted_at} count again.`)
  for (const w of r.waiting_for) lines.push(`Waiting for ${w}.`)
  if ([...r.gold, ...r.topics].every((x) => x.removed === 0) && r.state.every((s) => s.found !== 'readmitted'))
    lines.push(
      'Nothing was held of this student, or it was erased before. If that is a surprise, check the id and --tenant.',
    )
  const state = table(
    ['state of', 'generation', 'holds'],
    r.state.map((s) => [s.store, String(s.generation), s.found === 'none' ? 'nothing' : s.found]),
  )
  const gold = table(
    ['table of gold', 'removed', 'left', 'checked'],
    r.gold.map((g) => [g.table, String(g.removed), String(g.left), g.verified ? 'yes' : 'not yet']),
  )
  const topics = table(
    ['topic', 'removed', 'last old record gone by'],
    r.topics.map((t) => [t.topic, String(t.removed), t.gone_by?.slice(0, 10) ?? 'kept, and ignored']),
  )
  const rest = [
    `Kept: ${r.kept.map((k) => `${k.table} (${k.why})`).join(' ')}`,
    `Bytes of rejects stay sealed in learning.rejects as long as that topic keeps them.`,
    `Roster: ${r.roster.person ? `the person was taken out of the identity vault${r.roster.guardians > 0 ? `, and ${r.roster.guardians} guardians without another child here` : ''}. ` : ''}${r.roster.version === null ? '' : `Version ${r.roster.version} is without them. `}${r.roster.former_versions > 0 ? `Former versions that name the pseudonym: ${r.roster.former_versions}. ` : ''}${r.roster.note}`,
    `Jobs: ${r.jobs.checked ? `${r.jobs.with_the_pseudonym} name the pseudonym. ` : ''}${r.jobs.note}`,
    `Models: ${r.models.note}${r.models.not_recorded.length > 0 ? ` (${r.models.not_recorded.join(', ')})` : ''}`,
    `Dropped since, because they came late: ${r.late_dropped}.`,
  ]
  return `${lines.join('\n')}\n\n${state}\n${gold}\n${topics}\n${rest.join('\n')}\n`
}

/** What an erasure would remove; nothing is changed. */
async function preview(host: Host, of: { tenant: string; student: string }, json: boolean, io: Io): Promise<number> {
  const gold = await host.gold()
  const rows: { table: string; rows: number }[] = []
  for (const { table: name } of PERSONAL) {
    const [found] = await gold.query<{ n: number }>(
      `SELECT count() AS n FROM ${name} FINAL WHERE student_id = {student:String} AND ifNull(toNullable(toString(tenant)), {tenant:String}) = {tenant:String}`,
      { ...of },
    )
    rows.push({ table: name, rows: Number(found?.n ?? 0) })
  }
  if (json)
    io.out(`${JSON.stringify({ erased: false, tenant: of.tenant, student_id: of.student, would_remove: rows })}\n`)
  else
    io.out(
      table(
        ['table of gold', 'rows'],
        rows.map((r) => [r.table, r.rows.toLocaleString('en')]),
      ),
    )
  if (rows.every((r) => r.rows === 0))
    io.err.write('Gold has no row of this student. If that is a surprise, check the id and --tenant.\n')
  io.err.write(
    'Nothing was erased: it cannot be undone. Say --yes to erase these rows, the states behind them, and whatever comes late.\n',
  )
  return 1
}

export const eraseCommand: Command = {
  name: 'erase',
  summary: 'erase a student for good, with a receipt per store',
  help: `npx mastery erase --student ID --yes [--tenant T] [--reason TEXT] [--json] [--profile NAME] [--data DIR]
npx mastery erase --receipt ID [--json]

Removes what state and gold hold of the student, and makes every stage, replay, rebuild and import drop what comes late.
Without --yes it shows what would go, and ends with exit code 1. Erasing again changes nothing and gives the same receipt; it is kept in gold.
ID is the tenant's own id (32 hexadecimal digits are taken for a pseudonym). Exit code 1 while a store is not done.`,
  async run(host, args, io) {
    const { values } = parseArgs({
      args,
      options: {
        student: { type: 'string' },
        tenant: { type: 'string' },
        reason: { type: 'string' },
        receipt: { type: 'string' },
        yes: { type: 'boolean' },
        json: { type: 'boolean' },
      },
    })
    let receipt: ErasureReceipt | null
    if (values.receipt !== undefined) {
      receipt = await receiptOf(await privacyOf(host), values.receipt, values.tenant ?? null)
      if (!receipt) throw new UsageError(`No erasure has the id "${values.receipt}". "npx mastery erase" gives it.`)
    } else {
      const of = subjectOf(host, values.student, values.tenant)
      if (!values.yes) return preview(host, of, values.json === true, io)
      const parts = await privacyOf(host)
      receipt = await eraseStudent(parts, of, values.reason ?? null)
      await noteAccess(host, of, 'erase')
    }
    io.out(values.json ? `${JSON.stringify(receipt)}\n` : report(receipt))
    return receipt.status === 'complete' ? 0 : 1
  },
}
