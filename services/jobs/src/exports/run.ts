import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type FileEngine, parquetFile } from '@mastery/infra/adapters/clickhouse/file-engine.ts'
import type { ClickHouseGold } from '@mastery/infra/adapters/clickhouse/gold.ts'
import type { Column } from '@mastery/infra/provision/gold/table.ts'
import { behaviourReport } from '@mastery/topology/effort/slices.ts'
import type { ArtefactStore } from '@mastery/topology/ports/artefact-store.ts'
import { behaviourSlices } from '../behaviour/slices.ts'
import type { AttentionOptions } from './attention.ts'
import { writeAttention } from './attention-file.ts'
import { ATTENTION, ATTENTION_COLUMNS } from './attention-table.ts'
import { BEHAVIOUR, EXPORT_NAMES, EXPORT_TABLES, fileOf } from './catalog.ts'
import { type ExportedFile, type ExportManifest, MANIFEST, readManifest, sha256Of } from './manifest.ts'
import { type ExportCut, exportSql, plainType } from './table.ts'

export interface ExportParts {
  gold: ClickHouseGold
  artefacts: ArtefactStore
  generation: number
  /** UTC milliseconds. */
  now(): number
}

export interface ExportOptions {
  tenant: string
  /** Folder; made where it is missing. */
  out: string
  tables: readonly string[]
  from: number | null
  to: number | null
  /** Version of sakt; left out: the one that was trained last. */
  sakt?: string
  attention: AttentionOptions
  /** Model whose mastery divides students for the report of behaviour. */
  behaviour: string
  progress?(done: number, total: number, name: string): void
}

/** A file that was written, under the name that it has until all are. */
interface Draft {
  path: string
  rows: number | null
  columns: readonly Column[]
  about: string
  settings: Record<string, string | number>
}

const NO_SAKT = 'No version of sakt has been trained; "npx mastery train --models sakt" does.'
const NO_GROUPS = 'Fewer than three students have 20 answers: there is nothing to divide.'

/**
 * Writes tables as Parquet files. Everything is written under other names first; files appear, and what an earlier
 * export left there goes, once all are complete, the manifest last.
 */
export async function exportTables(parts: ExportParts, options: ExportOptions): Promise<ExportManifest> {
  const { gold } = parts
  const { out } = options
  mkdirSync(out, { recursive: true, mode: 0o700 })
  const madeAt = parts.now()
  const cut = await cutOf(parts, options)
  const drafts = new Map<string, Draft>()
  const leftOut: ExportManifest['left_out'] = []
  const files = gold.fileEngine()
  const names = EXPORT_NAMES.filter((n) => options.tables.includes(n))
  try {
    for (const [i, name] of names.entries()) {
      options.progress?.(i, names.length, name)
      const path = join(out, `.${name}.${process.pid}.part`)
      rmSync(path, { force: true })
      drafts.set(name, { path, rows: null, columns: [], about: '', settings: {} })
      const made = await draft(parts, files, options, cut, name, path)
      if (typeof made !== 'string') drafts.set(name, made)
      else {
        drafts.delete(name)
        leftOut.push({ name, why: made })
      }
    }
    const manifest: ExportManifest = {
      schema: 1,
      made_at: madeAt,
      tenant: options.tenant,
      generation: parts.generation,
      from: options.from,
      to: options.to,
      offsets: cut.offsets,
      offsets_after: await offsetsOf(gold),
      files: await Promise.all([...drafts].map(([name, d]) => described(name, d))),
      left_out: leftOut,
    }
    place(out, drafts, manifest)
    return manifest
  } finally {
    for (const { path } of drafts.values()) rmSync(path, { force: true })
    await files.close()
  }
}

/** The file's draft, or why there is none. */
async function draft(
  { gold, artefacts }: ExportParts,
  files: FileEngine,
  options: ExportOptions,
  cut: ExportCut,
  name: string,
  path: string,
): Promise<Draft | string> {
  if (name === BEHAVIOUR) {
    const found = await behaviourSlices(gold, options.tenant, options.behaviour)
    if (found === null) return NO_GROUPS
    writeFileSync(path, behaviourReport(found))
    return {
      path,
      rows: null,
      columns: [],
      about: 'How students work, by ability.',
      settings: { source: options.behaviour },
    }
  }
  const count = async () => (await files.query<{ n: number }>(`SELECT count() AS n FROM ${parquetFile(path)}`))[0]!.n
  if (name === ATTENTION.name) {
    const version = await writeAttention({ gold, artefacts, files }, cut, options, path)
    if (version === null) return NO_SAKT
    const settings = { sakt: version, ...options.attention }
    return { path, rows: Number(await count()), columns: ATTENTION_COLUMNS, about: ATTENTION.about, settings }
  }
  const table = EXPORT_TABLES.find((t) => t.name === name)!
  await gold.writeParquet(exportSql(table, cut), path)
  return { path, rows: Number(await count()), columns: table.columns(cut), about: table.about, settings: {} }
}

async function described(name: string, d: Draft): Promise<ExportedFile> {
  chmodSync(d.path, 0o600)
  return {
    name,
    file: fileOf(name),
    about: d.about,
    bytes: statSync(d.path).size,
    sha256: await sha256Of(d.path),
    rows: d.rows,
    columns: d.columns.map(([column, type, about]) => ({ name: column, type: plainType(type), about })),
    settings: d.settings,
  }
}

/** A kill in between leaves a manifest whose checksums say that the files are not its own. */
function place(out: string, drafts: ReadonlyMap<string, Draft>, manifest: ExportManifest): void {
  const before = existsSync(join(out, MANIFEST)) ? readManifest(out).files.map((f) => f.file) : []
  const known = new Set(EXPORT_NAMES.map(fileOf))
  for (const file of before) if (known.has(file)) rmSync(join(out, file), { force: true })
  for (const [name, { path }] of drafts) renameSync(path, join(out, fileOf(name)))
  const path = join(out, `.${MANIFEST}.${process.pid}.part`)
  writeFileSync(path, `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600 })
  renameSync(path, join(out, MANIFEST))
}

async function offsetsOf(gold: ClickHouseGold): Promise<Record<string, number>> {
  const places = await gold.query<{ p: number; next: number }>(
    'SELECT src_partition AS p, max(src_offset) + 1 AS next FROM learning_events GROUP BY p ORDER BY p',
  )
  return Object.fromEntries(places.map(({ p, next }) => [String(p), Number(next)]))
}

/** Everything that gold has now. */
export async function cutOf(
  { gold, generation }: Pick<ExportParts, 'gold' | 'generation'>,
  { tenant, from, to }: Pick<ExportOptions, 'tenant' | 'from' | 'to'>,
): Promise<ExportCut & { offsets: Record<string, number> }> {
  const models = await gold.query<{ m: string }>(
    `SELECT DISTINCT arrayJoin(score_sources) AS m FROM student_mastery_rows WHERE generation = {generation:UInt16} AND m != 'blend' ORDER BY m`,
    { generation },
  )
  return { tenant, generation, from, to, offsets: await offsetsOf(gold), models: models.map((r) => r.m) }
}
