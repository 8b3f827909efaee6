import { resolve } from 'node:path'
import { Readable } from 'node:stream'
import {
  type ClickHouseClient,
  ClickHouseError,
  ClickHouseLogLevel,
  type ClickHouseSettings,
  createClient,
} from '@clickhouse/client'
import { TransientError } from '@mastery/topology/ports/failure.ts'
import type { GoldRows, GoldStore } from '@mastery/topology/ports/gold-store.ts'
import { Session } from 'chdb'
import { type ChdbConnection, createChdbConnection } from 'chdb/connection'
import { ANSWER_TABLES } from '../../provision/gold/answer-tables.ts'
import { onCluster, quote, stored } from '../../provision/gold/ddl.ts'
import { migrateGold } from '../../provision/gold/migrate.ts'
import { TABLES } from '../../provision/gold/tables.ts'
import { startEncrypted, startPlain } from './engine.ts'
import { type FileEngine, openFileEngine } from './file-engine.ts'
import { writeFromFolder, writeFromServer } from './parquet.ts'
import { RowBuffer } from './row-buffer.ts'
import { addBinary, binaryEncoderOf } from './row-encoder.ts'
import { isPattern, RowFiles } from './row-files.ts'
import { emptyStandardInput } from './standard-input.ts'
import { addLine, type Encoder, encoderOf } from './tab-separated.ts'

/** Server errors that say "not now" rather than "never". */
const PASSING = new Set(['159', '202', '209', '210', '241', '243', '252', '319', '425', '999'])

const SETTINGS = {
  // On by default since 26; an acknowledged insert must be stored, not queued.
  async_insert: 0,
  // A file of history touches as many months as it has.
  max_partitions_per_insert_block: '0',
  // Rows that replace each other meet in merges and in FINAL; looking for them in every block costs a tenth of the insert.
  optimize_on_insert: 0,
  // Made by the first merge, which reads the rows anyway.
  materialize_statistics_on_insert: 0,
} as const

const INSERT_SETTINGS = Object.entries(SETTINGS)
  .map(([name, value]) => `${name}=${value}`)
  .join(', ')

export interface GoldOptions {
  /** Folder of the in-process engine, or the URL of a server. Exactly one. */
  path?: string
  url?: string
  database?: string
  /** Cluster of the server: tables are replicated and distributed over it. */
  cluster?: string | null
  /** Encrypts the folder of the in-process engine, 32 bytes. A folder keeps to what it was made with. */
  key?: Buffer | null
}

/** Gold on ClickHouse through @clickhouse/client: the engine inside this process, or a server. The same calls on both. */
export class ClickHouseGold implements GoldStore {
  private readonly client: ClickHouseClient
  private readonly engine: ChdbConnection | null
  private readonly path: string | null
  private readonly started: { close(): void } | null
  readonly cluster: string | null
  private readonly settings: ClickHouseSettings
  private readonly encoders = new Map<string, { names: string[]; columns: Encoder[] }>()
  private readonly format: 'RowBinary' | 'TabSeparated'
  /** How binary rows reach the engine in this process; null: a server takes them, or they go as text. */
  private readonly files: RowFiles | null

  constructor(options: GoldOptions) {
    if ((options.path === undefined) === (options.url === undefined))
      throw new Error('Gold needs either a folder for the in-process engine or the URL of a ClickHouse server.')
    this.path = options.path ?? null
    this.cluster = options.cluster ?? null
    if (this.cluster !== null && this.path !== null)
      throw new Error(
        'CLICKHOUSE_CLUSTER names a cluster, but gold is the engine in this process. Use a profile with servers.',
      )
    // Acknowledged means stored on the shard, not queued for it.
    this.settings = this.cluster === null ? SETTINGS : { ...SETTINGS, distributed_foreground_insert: 1 }
    if (options.path !== undefined) emptyStandardInput()
    const key = options.key ?? null
    if (options.path === undefined) this.started = null
    else this.started = key === null ? startPlain(options.path) : startEncrypted(options.path, key)
    this.engine = options.path === undefined ? null : createChdbConnection({ path: options.path })
    this.client = this.engine
      ? createClient({ connection: this.engine } as never)
      : createClient({
          url: options.url!,
          ...(options.database ? { database: options.database } : {}),
          request_timeout: 120_000,
          // Every failure is thrown; its own log writes them a second time, in many lines that are no JSON.
          log: { level: ClickHouseLogLevel.OFF },
          keep_alive: { enabled: true, idle_socket_ttl: 2000 },
        })
    // Rows of an encrypted engine stand in no file outside of it.
    const asText = options.path !== undefined && (key !== null || isPattern(options.path))
    this.format = asText ? 'TabSeparated' : 'RowBinary'
    this.files = options.path === undefined || asText ? null : new RowFiles(`${resolve(options.path)}-rows`)
    const encoder = asText ? encoderOf : binaryEncoderOf
    for (const t of TABLES)
      this.encoders.set(t.name, { names: t.columns.map((c) => c[0]), columns: t.columns.map((c) => encoder(c[1])) })
  }

  /** Creates or upgrades the schema; throws MigrationError where the database is not one that this build can use. */
  async migrate(): Promise<void> {
    await migrateGold({
      cluster: this.cluster,
      exclusive: this.engine !== null,
      command: (sql, settings) => this.command(sql, settings),
      query: (sql) => this.query(sql),
    })
  }

  /** Encodes rows into a buffer of the table; the sink collects them until a flush. */
  encode(table: string, rows: readonly (readonly unknown[])[], into: RowBuffer): void {
    const { columns } = this.encoders.get(table)!
    const add = this.format === 'RowBinary' ? addBinary : addLine
    for (const row of rows) add(columns, row, into)
  }

  async insertEncoded(table: string, bytes: Buffer): Promise<void> {
    const { names } = this.encoders.get(table)!
    const into = `INSERT INTO ${table} (${names.join(', ')})`
    await this.guarded(async () => {
      if (this.files)
        await this.files.with(bytes, async (path) => {
          const query = `${into} FROM INFILE ${quote(path)} COMPRESSION 'none' SETTINGS ${INSERT_SETTINGS} FORMAT RowBinary`
          await this.client.command({ query })
        })
      else if (this.engine)
        await this.engine.chdb.rawInsert({
          table,
          columns: names,
          values: bytes,
          format: 'TabSeparated',
          settings: SETTINGS,
        })
      else {
        const { stream } = await this.client.exec({
          query: `${into} FORMAT RowBinary`,
          values: Readable.from([bytes], { objectMode: false }),
          clickhouse_settings: this.settings,
        })
        for await (const _ of stream);
      }
    })
  }

  async insert(batch: readonly GoldRows[]): Promise<void> {
    for (const { table, rows } of batch) {
      if (rows.length === 0) continue
      const buffer = new RowBuffer()
      this.encode(table, rows, buffer)
      await this.insertEncoded(table, buffer.take())
    }
  }

  /** A statement without a result. */
  async command(query: string, settings: Record<string, string | number> = {}): Promise<void> {
    // Views compare columns of low cardinality, and the engine types the outcome as one too.
    const all = { allow_suspicious_low_cardinality_types: 1, ...settings }
    await this.guarded(() => this.client.command({ query, clickhouse_settings: all as ClickHouseSettings }))
  }

  /**
   * Deletes what a generation computed; resolves when it is gone. Checkpoints stay: they stand for events that no other
   * generation can be computed from any more.
   */
  async dropGeneration(id: number): Promise<void> {
    for (const t of ANSWER_TABLES)
      if (t.name !== 'student_checkpoints') await this.deleteRows(t.name, `generation = ${Math.trunc(id)}`)
  }

  /**
   * Removes rows from the disk: every part that holds one is written anew without it, on all replicas, before this
   * resolves. A lightweight DELETE costs the same and only hides them. Cut off, the server goes on by itself.
   */
  async deleteRows(table: string, condition: string): Promise<void> {
    const name = `${stored(table, this.cluster)}${onCluster(this.cluster)}`
    await this.command(`ALTER TABLE ${name} DELETE WHERE ${condition}`, { mutations_sync: 2 })
  }

  async query<T>(sql: string, params: Record<string, unknown> = {}): Promise<T[]> {
    return this.guarded(async () => {
      const r = await this.client.query({
        query: sql,
        query_params: params,
        format: 'JSONEachRow',
        clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
      })
      return (await r.json()) as T[]
    })
  }

  /** As queryText, and the server refuses whatever would change something; limits and other settings may be set. */
  async ask(sql: string, format: string): Promise<string> {
    if (this.path === null) return this.queryText(sql, format, { readonly: '2' })
    // A session of its own: what is set on the client's would hold for all that it does afterwards.
    const session = new Session(this.path)
    try {
      return await this.guarded(async () => {
        await session.queryAsync('SET readonly = 2')
        return (await session.queryAsync(`${sql.replace(/;\s*$/, '')} FORMAT ${format}`)).text()
      })
    } finally {
      session.close()
    }
  }

  async queryText(sql: string, format: string, settings: ClickHouseSettings = {}): Promise<string> {
    return this.guarded(async () => {
      const query = `${sql.replace(/;\s*$/, '')} FORMAT ${format}`
      const r = await this.client.exec({ query, clickhouse_settings: settings })
      const chunks: Buffer[] = []
      for await (const chunk of r.stream) chunks.push(Buffer.from(chunk as Uint8Array))
      return Buffer.concat(chunks).toString('utf8')
    })
  }

  /**
   * The result's bytes in `format`, as they are made: memory holds a block, whatever the result's size. Values are part
   * of the text: quote them. Leaving the loop early ends the query.
   */
  async *stream(sql: string, format: 'RowBinary' | 'TabSeparated'): AsyncGenerator<Uint8Array, void, undefined> {
    // A session runs one stream at a time; several on one folder share the engine.
    const session = this.path === null ? null : new Session(this.path)
    try {
      if (session) for await (const chunk of session.queryStream(sql, { format })) yield chunk.raw()
      else yield* (await this.client.exec({ query: `${sql} FORMAT ${format}` })).stream as AsyncIterable<Uint8Array>
    } catch (e) {
      throw translated(e, this.path === null)
    } finally {
      session?.close()
    }
  }

  /** Writes a query's result as one Parquet file, as it is made: memory holds a few blocks. The path must be free. */
  async writeParquet(sql: string, path: string): Promise<void> {
    const folder = this.path
    await this.guarded(() =>
      folder === null ? writeFromServer(this.client, sql, path) : writeFromFolder(folder, sql, path),
    )
  }

  /** The engine of this process over files, whatever the profile: gold's own, or another one where gold is a server. */
  fileEngine(): FileEngine {
    if (this.path === null) return openFileEngine()
    return { query: (sql) => this.query(sql), command: (sql) => this.command(sql), close: async () => {} }
  }

  private async guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (e) {
      throw translated(e, this.path === null)
    }
  }

  async close(): Promise<void> {
    await this.client.close()
    this.started?.close()
  }
}

/** A failure that passes becomes a TransientError; all others stay as they are. */
function translated(e: unknown, byUrl: boolean): unknown {
  // The engine in the process throws errors of another copy of the client, so that their code counts, not their class.
  const code = (e as { code?: unknown }).code
  const fromEngine = e instanceof ClickHouseError || (typeof code === 'string' && /^\d+$/.test(code))
  const line = (e as Error).message.split('\n')[0]
  if (fromEngine ? PASSING.has(String(code)) : isConnectionError(e))
    return new TransientError(`ClickHouse is not available: ${line}`)
  // The client makes a bare error of an answer without ClickHouse's code: the text of a proxy, a balancer, another server.
  if (byUrl && (e as Error).constructor === Error && code === undefined)
    return new Error(
      `What answers at CLICKHOUSE_URL is not ClickHouse; it said "${line!.slice(0, 200)}". Check the URL and what stands before the server.`,
      { cause: e },
    )
  return e
}

function isConnectionError(e: unknown): boolean {
  const code = (e as { code?: string }).code ?? ''
  return (
    /ECONN|ETIMEDOUT|EPIPE|ENOTFOUND|EAI_AGAIN|ENOSPC|EDQUOT/.test(code) ||
    /timeout|socket hang up|Timeout/.test((e as Error).message ?? '')
  )
}
