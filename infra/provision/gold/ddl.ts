import type { GoldTable } from './table.ts'

export function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}

function identifier(name: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_-]*$/.test(name))
    throw new Error(`CLICKHOUSE_CLUSTER is "${name}"; a cluster's name has letters, digits, _ and - only.`)
  return `\`${name}\``
}

export function onCluster(cluster: string | null): string {
  return cluster === null ? '' : ` ON CLUSTER ${identifier(cluster)}`
}

/** The table that holds the rows: ALTER and mutations go there. On a cluster its plain name is the Distributed table. */
export function stored(table: string, cluster: string | null): string {
  return cluster === null ? table : `${table}_local`
}

export const STORED_AT = "stored_at DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was stored here.'"

export function columnDdl([name, type, about]: readonly [string, string, string]): string {
  return `${name} ${type} COMMENT ${quote(about)}`
}

function body(t: GoldTable): string {
  return `(${[...t.columns.map(columnDdl), ...(t.stored ? [STORED_AT] : []), ...(t.indexes ?? [])].join(', ')})`
}

/** The hash that chooses a row's shard. Rows that replace each other have it in common, for FINAL works per shard. */
export function shardKey(t: GoldTable): string {
  return `cityHash64(${t.shard.join(', ')})`
}

/**
 * Statements that create a table where it is missing. On a cluster: a replicated table on every node and a Distributed
 * one, under the plain name, that readers and writers use. The path in the keeper holds the table's own id, so that a
 * table that is rebuilt under another name never meets its forerunner.
 */
export function createTable(t: GoldTable, cluster: string | null = null, name = t.name): string[] {
  const version = t.version === null ? [] : [t.version]
  const month = t.month === null ? '' : ` PARTITION BY toYYYYMM(${t.month})`
  const keys = `${month} ORDER BY (${t.order.join(', ')}) COMMENT ${quote(t.about)}`
  const create = `CREATE TABLE IF NOT EXISTS ${stored(name, cluster)}${onCluster(cluster)} ${body(t)}`
  if (cluster === null) {
    return [`${create} ENGINE = ReplacingMergeTree${version.length > 0 ? `(${version[0]})` : ''}${keys}`]
  }
  const path = ["'/clickhouse/tables/{uuid}/{shard}'", "'{replica}'", ...version].join(', ')
  return [`${create} ENGINE = ReplicatedReplacingMergeTree(${path})${keys}`, createDistributed(t, cluster, name)]
}

export function createDistributed(t: GoldTable, cluster: string, name = t.name): string {
  return `CREATE TABLE IF NOT EXISTS ${name}${onCluster(cluster)} AS ${stored(name, cluster)} ENGINE = Distributed(${identifier(cluster)}, currentDatabase(), ${stored(name, cluster)}, ${shardKey(t)}) COMMENT ${quote(t.about)}`
}

export function createView(v: { name: string; about: string; select: string }, cluster: string | null): string {
  return `CREATE OR REPLACE VIEW ${v.name}${onCluster(cluster)} AS ${v.select} COMMENT ${quote(v.about)}`
}
