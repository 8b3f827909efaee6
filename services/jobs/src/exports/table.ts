import { quote } from '@mastery/infra/provision/gold/ddl.ts'
import type { Column } from '@mastery/infra/provision/gold/table.ts'

/** Which rows are exported. */
export interface ExportCut {
  tenant: string
  generation: number
  /** Per partition of learning.events: one beyond the last offset; null: all there are. */
  offsets: Readonly<Record<string, number>> | null
  /** Event time in UTC milliseconds, from inclusive, to exclusive; null: no limit. */
  from: number | null
  to: number | null
  /** Models that scored in the generation, without the blend. */
  models: readonly string[]
}

/** A table that analysts get as a file. */
export interface ExportTable {
  name: string
  about: string
  columns(cut: Pick<ExportCut, 'models'>): readonly Column[]
  /** Gives every column by its name; types are those of `columns`. */
  sql(cut: ExportCut): string
}

/** A query over many answers goes on on the disk beyond this many bytes. */
const MEMORY = 200_000_000
/** Rows that are held until a part of the file is written. */
const ROW_GROUP = 200_000
export const BOUNDED = `join_algorithm = 'grace_hash', max_bytes_in_join = ${MEMORY}, max_bytes_before_external_sort = ${MEMORY}, max_bytes_before_external_group_by = ${MEMORY}`

/** Rows within the offsets of the cut, of a table with src_partition and src_offset. */
export function within({ offsets }: Pick<ExportCut, 'offsets'>): string {
  if (offsets === null) return '1'
  const parts = Object.entries(offsets).map(([p, next]) => `(src_partition = ${p} AND src_offset < ${next})`)
  return parts.length === 0 ? '0' : `(${parts.join(' OR ')})`
}

/** The same, and within the time that was asked for. */
export function withinTime(cut: ExportCut): string {
  const { from, to } = cut
  const at = (ms: number) => `fromUnixTimestamp64Milli(${Math.trunc(ms)})`
  return [
    within(cut),
    ...(from === null ? [] : [`occurred_at >= ${at(from)}`]),
    ...(to === null ? [] : [`occurred_at < ${at(to)}`]),
  ].join(' AND ')
}

/** Rows of the cut's organisation and generation. */
export function ofCut({ tenant, generation }: Pick<ExportCut, 'tenant' | 'generation'>): string {
  return `generation = ${Math.trunc(generation)} AND tenant = ${quote(tenant)}`
}

/** Types as files have them: a dictionary of frequent values is the file format's own business. */
export const plainType = (type: string) => type.replace(/LowCardinality\((Nullable\(\w+\)|\w+)\)/g, '$1')

/** What is written: the columns in their order, with their types. */
export function exportSql(table: ExportTable, cut: ExportCut): string {
  const list = table.columns(cut).map(([name, type]) => `CAST(\`${name}\` AS ${plainType(type)}) AS \`${name}\``)
  return `SELECT ${list.join(', ')} FROM (${table.sql(cut)}) SETTINGS ${BOUNDED}, output_format_parquet_row_group_size = ${ROW_GROUP}`
}
