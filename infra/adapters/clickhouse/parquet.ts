import { createWriteStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ClickHouseClient } from '@clickhouse/client'
import { Session } from 'chdb'
import { parquetFile } from './file-engine.ts'

/**
 * By the engine that this process has open on a folder. A session of its own: on another's, whoever stores events would
 * wait until the file is done.
 */
export async function writeFromFolder(folder: string, sql: string, path: string): Promise<void> {
  const session = new Session(folder)
  try {
    await session.queryAsync(`INSERT INTO FUNCTION ${parquetFile(path)} ${sql}`)
  } finally {
    session.close()
  }
}

/** A join over all answers sends nothing for longer than a client waits; headers of progress keep the connection. */
const ALIVE = { send_progress_in_http_headers: 1, http_headers_progress_interval_ms: '60000' } as const

/** What the server sends. A failure in the midst of it leaves a file without its end, which no reader takes. */
export async function writeFromServer(client: ClickHouseClient, sql: string, path: string): Promise<void> {
  const { stream } = await client.exec({ query: `${sql} FORMAT Parquet`, clickhouse_settings: ALIVE })
  await pipeline(stream as Readable, createWriteStream(path, { flags: 'wx', mode: 0o600 }))
}
