import { resolve } from 'node:path'
import { ATTENTION_OPTIONS } from '@mastery/jobs/src/exports/attention.ts'
import { EXPORT_NAMES } from '@mastery/jobs/src/exports/catalog.ts'
import type { ExportManifest } from '@mastery/jobs/src/exports/manifest.ts'
import { exportTables } from '@mastery/jobs/src/exports/run.ts'
import { type Host, type Io, UsageError } from './command.ts'
import { positive } from './commands/simulate.ts'
import { Progress } from './progress.ts'
import { noteAccess } from './subject.ts'
import { table } from './tables.ts'

export interface TableFlags {
  tables: string
  out?: string | undefined
  from?: string | undefined
  to?: string | undefined
  sakt?: string | undefined
  predictions?: string | undefined
  looks?: string | undefined
  source?: string | undefined
  tenant?: string | undefined
  json?: boolean | undefined
}

/** Names as they were given: a comma between, a file's ending left out or not. */
function chosen(text: string): string[] {
  if (text === 'all') return [...EXPORT_NAMES]
  const names = text.split(',').map((n) => n.trim().replace(/\.(parquet|md)$/, ''))
  for (const n of names)
    if (!EXPORT_NAMES.includes(n))
      throw new UsageError(`There is no table "${n}" to export; give all, or some of ${EXPORT_NAMES.join(', ')}.`)
  return names
}

function instant(name: string, text: string | undefined): number | null {
  if (text === undefined) return null
  const at = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(at))
    throw new UsageError(`--${name} "${text}" is no instant; give 2026-09-01 or 2026-09-01T08:00:00Z.`)
  return at
}

export function manifestTable(m: ExportManifest): string {
  const n = (x: number | null) => (x === null ? '-' : x.toLocaleString('en'))
  const files = table(
    ['file', 'rows', 'columns', 'bytes'],
    m.files.map((f) => [f.file, n(f.rows), f.rows === null ? '-' : n(f.columns.length), n(f.bytes)]),
  )
  return `${files}${m.left_out.map((l) => `\nNot written: ${l.name}. ${l.why}\n`).join('')}`
}

export async function exportAnalystsTables(host: Host, io: Io, flags: TableFlags): Promise<number> {
  if (flags.out === undefined) throw new UsageError('Name a folder for the files: --out DIR.')
  const tables = chosen(flags.tables)
  const [from, to] = [instant('from', flags.from), instant('to', flags.to)]
  if (from !== null && to !== null && to <= from) throw new UsageError('--to lies before --from: nothing is between.')
  const tenant = host.tenant(flags.tenant).id
  const attention = {
    predictions: positive('predictions', flags.predictions, ATTENTION_OPTIONS.predictions),
    looks: positive('looks', flags.looks, ATTENTION_OPTIONS.looks),
  }
  const out = resolve(io.cwd, flags.out)
  const { artefacts, generations } = host.installation
  const progress = new Progress(flags.json, io.err)
  const manifest = await exportTables(
    { gold: await host.gold(), artefacts, generation: generations.active.id, now: Date.now },
    {
      ...{ tenant, out, tables, from, to, attention, behaviour: flags.source ?? 'elo' },
      ...(flags.sakt === undefined || flags.sakt === 'latest' ? {} : { sakt: flags.sakt }),
      progress: (done, total, name) => progress.show(name, done, total),
    },
  )
  await noteAccess(host, { tenant, student: '' }, 'export tables')
  progress.end()
  if (flags.json) io.out(`${JSON.stringify(manifest)}\n`)
  else io.out(`${manifestTable(manifest)}\nWritten to ${out}; manifest.json says what every column is.\n`)
  return 0
}
