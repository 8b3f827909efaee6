import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Session } from 'chdb'
import { ENGINE_ARGUMENTS } from './engine-arguments.ts'

/** Name under which the engine's configuration asks for the key, for the moment of its start. */
const VARIABLE = 'MASTERY_ENGINE_KEY'

/** Tables without a policy of their own get the encrypted disk. */
function config(path: string): string {
  return `<clickhouse>
  <storage_configuration>
    <disks>
      <under><type>local</type><path>${path.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}/sealed/</path></under>
      <sealed><type>encrypted</type><disk>under</disk><path>data/</path><algorithm>AES_256_CTR</algorithm><key_hex from_env="${VARIABLE}"/></sealed>
    </disks>
    <policies><sealed><volumes><main><disk>sealed</disk></main></volumes></sealed></policies>
  </storage_configuration>
  <merge_tree><storage_policy>sealed</storage_policy></merge_tree>
</clickhouse>
`
}

/**
 * Starts the engine of this process on a folder. Whoever opens the folder in this process afterwards shares the engine,
 * as long as what this gives is open.
 */
export function startPlain(path: string): { close(): void } {
  const folder = resolve(path)
  mkdirSync(folder, { recursive: true })
  return new Session(folder, { connectionArgs: [...ENGINE_ARGUMENTS] } as never)
}

/**
 * Starts the engine of this process on a folder with an encrypted disk for all tables. Whoever opens the folder in this
 * process afterwards shares the engine, as long as what this gives is open. The key stands in no file.
 */
export function startEncrypted(path: string, key: Buffer): { close(): void } {
  const folder = resolve(path)
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'engine.xml')
  writeFileSync(file, config(folder), { mode: 0o600 })
  process.env[VARIABLE] = key.toString('hex')
  try {
    return new Session(folder, { connectionArgs: [...ENGINE_ARGUMENTS, `--config-file=${file}`] } as never)
  } finally {
    delete process.env[VARIABLE]
  }
}
