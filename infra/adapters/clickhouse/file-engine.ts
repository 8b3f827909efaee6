import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Session } from 'chdb'
import { quote } from '../../provision/gold/ddl.ts'
import { ENGINE_ARGUMENTS } from './engine-arguments.ts'
import { isPattern } from './row-files.ts'
import { emptyStandardInput } from './standard-input.ts'

/** Asks files in ClickHouse's SQL: `FROM file('/path/x.parquet', Parquet)`. What it writes are files, too. */
export interface FileEngine {
  query<T>(sql: string): Promise<T[]>
  command(sql: string): Promise<void>
  close(): Promise<void>
}

/**
 * An engine of this process on a folder of its own, which goes away with it. Only where this process has no other one
 * open: `ClickHouseGold.fileEngine` gives what there is.
 */
export function openFileEngine(): FileEngine {
  emptyStandardInput()
  const folder = mkdtempSync(join(tmpdir(), 'mastery-files-'))
  const session = new Session(folder, { connectionArgs: [...ENGINE_ARGUMENTS] } as never)
  // Counts as numbers, as gold's own queries give them.
  const ready = session.queryAsync('SET output_format_json_quote_64bit_integers = 0')
  return {
    async query<T>(sql: string) {
      await ready
      const text = (await session.queryAsync(`${sql} FORMAT JSONEachRow`)).text()
      return text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as T)
    },
    async command(sql) {
      await session.queryAsync(sql)
    },
    async close() {
      await ready
      session.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/**
 * A file as a table.
 * @throws Error where the engine would take the path for a pattern
 */
export function parquetFile(path: string): string {
  if (isPattern(path))
    throw new Error(
      `${path} has one of the signs * ? { } [ ], which the engine takes for a pattern. Choose another folder.`,
    )
  return `file(${quote(path)}, Parquet)`
}
