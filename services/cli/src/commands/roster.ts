import { readFileSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { type DenyFile, importRoster } from '@mastery/api/src/roster/import.ts'
import { rosterVersions } from '@mastery/api/src/roster/in-force.ts'
import { type RosterParts, withRoster } from '@mastery/api/src/roster/parts.ts'
import { rosterFiles } from '@mastery/infra/adapters/zip/roster-files.ts'
import { ensureVaultKey } from '@mastery/infra/config/vault-keys.ts'
import { parseInstant } from '@mastery/topology/importers/clock.ts'
import { RosterRefused } from '@mastery/topology/roster/problem.ts'
import { type Command, type Host, type Io, UsageError } from '../command.ts'
import { shownRecipients, shownText } from '../roster-show.ts'
import { importedText, problemsText } from '../roster-tables.ts'
import { noteAccess, operator, subjectOf } from '../subject.ts'
import { table } from '../tables.ts'

const OPTIONS = {
  deny: { type: 'string' },
  'dry-run': { type: 'boolean' },
  warnings: { type: 'boolean' },
  student: { type: 'string' },
  topic: { type: 'string' },
  at: { type: 'string' },
  version: { type: 'string' },
  relatives: { type: 'boolean' },
  pseudonyms: { type: 'boolean' },
  tenant: { type: 'string' },
  json: { type: 'boolean' },
} as const
type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values']

export const rosterCommand: Command = {
  name: 'roster',
  summary: 'import a OneRoster: who teaches whom, who is whose guardian; who is told of a student',
  help: `npx mastery roster import PATH [--deny FILE] [--dry-run] [--warnings] [--tenant T] [--json]
npx mastery roster check PATH [--deny FILE] [--warnings]      every error and warning; exit code 1 where it would be refused
npx mastery roster show --student ID [--topic T] [--at DATE] [--relatives] [--version V] [--pseudonyms] [--json]
npx mastery roster versions [--tenant T] [--json]

PATH is a folder or a ZIP with the CSV files of OneRoster 1.1 or 1.2, bulk or delta; a delta is applied onto the version in
force. A roster is taken or refused as a whole. FILE is a CSV with the columns student and user: pairs that are never told
of one another. It stays in force until another one is given.
show says who would be told of a student, as what and why. Names are read from the identity vault, and the reading is in
the access log; --pseudonyms leaves them out. --at is a day, now if it is left out.
docs/roster.md says what is read, and where it is kept.`,
  async run(host, args, io) {
    const { values, positionals } = parseArgs({ args, allowPositionals: true, options: OPTIONS })
    const [what, path, ...more] = positionals
    if (more.length > 0) throw new UsageError(`roster ${what} does not take "${more.join(' ')}".`)
    if (what === 'import' || what === 'check') {
      if (path === undefined) throw new UsageError(`Say which: npx mastery roster ${what} PATH, a folder or a ZIP.`)
      return bring(host, io, values, what, resolve(io.cwd, path))
    }
    if (path !== undefined) throw new UsageError(`roster ${what} does not take "${path}".`)
    if (what === 'show') return show(host, io, values)
    if (what === 'versions') return versions(host, io, values)
    throw new UsageError(`roster knows import, check, show and versions, not "${what ?? ''}".`)
  },
}

async function onRoster<T>(host: Host, values: Values, why: string, work: (parts: RosterParts) => Promise<T>) {
  const check = await host.stages()
  const tenant = host.tenant(values.tenant)
  const who = { tenant, reader: `${operator()}: ${why}`, role: 'operator', check }
  return withRoster(host.installation, await host.gold(), who, work)
}

function denyFile(io: Io, path: string | undefined): DenyFile | null {
  if (path === undefined) return null
  try {
    return { file: basename(path), bytes: readFileSync(resolve(io.cwd, path)) }
  } catch (e) {
    throw new UsageError(`--deny ${path} can't be read: ${(e as Error).message}`)
  }
}

async function bring(host: Host, io: Io, values: Values, what: 'import' | 'check', path: string): Promise<number> {
  const { files, inside } = await rosterFiles(path)
  const deny = denyFile(io, values.deny)
  if (inside !== null)
    io.err.write(`warning: the files lie in ${inside} of the ZIP; the standard wants them at its top.\n`)
  const tenant = host.tenant(values.tenant)
  const dry = what === 'check' || values['dry-run'] === true
  if (!dry) ensureVaultKey(host.profile.tenantsFile, host.installation.secrets, tenant.id, Date.now())
  try {
    const done = await onRoster(host, values, `roster ${what}`, (parts) => importRoster(parts, files, deny, dry))
    if (values.json) io.out(`${JSON.stringify(done)}\n`)
    else {
      io.err.write(problemsText(done.warnings, values.warnings))
      io.out(what === 'check' ? `No errors, ${done.warnings.length} warnings.\n` : importedText(done))
    }
    return done.status === 'sent' ? 1 : 0
  } catch (e) {
    if (!(e instanceof RosterRefused)) throw e
    if (values.json) io.out(`${JSON.stringify({ problems: e.problems })}\n`)
    else io.out(problemsText(e.problems, values.warnings))
    io.err.write(`${e.message}\n`)
    return 1
  }
}

async function show(host: Host, io: Io, values: Values): Promise<number> {
  const of = subjectOf(host, values.student, values.tenant)
  const at = values.at === undefined ? Date.now() : parseInstant(values.at)
  if (at === null) throw new UsageError(`--at ${values.at} is no day; give it as 2026-09-01.`)
  const names = values.pseudonyms !== true
  const shown = await onRoster(host, values, 'roster show', (parts) =>
    shownRecipients(parts, {
      student: of.student,
      version: values.version,
      topic: values.topic ?? null,
      at,
      relatives: values.relatives === true,
      names,
    }),
  )
  if (names) await noteAccess(host, of, 'roster show')
  io.out(values.json ? `${JSON.stringify(shown)}\n` : shownText(shown, names))
  return 0
}

async function versions(host: Host, io: Io, values: Values): Promise<number> {
  await host.stages()
  const rows = await rosterVersions(await host.gold(), host.tenant(values.tenant).id)
  if (values.json) io.out(`${JSON.stringify(rows)}\n`)
  else if (rows.length === 0) io.out('No roster was imported yet: "npx mastery roster import PATH" brings one.\n')
  else
    io.out(
      table(
        ['version', 'in force', 'made at (UTC)', 'from', 'classes', 'students', 'teachers', 'guardians', 'warnings'],
        rows.map((r) => [
          ...[r.version, r.in_force ? 'yes' : '', r.made_at.slice(0, 19), `${r.kind} ${r.one_roster}`],
          ...[r.classes, r.students, r.teachers, r.guardians, r.warnings].map((n) => n.toLocaleString('en')),
        ]),
      ),
    )
  return 0
}
