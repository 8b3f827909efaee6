import { createHmac } from 'node:crypto'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigError } from './profile.ts'

/** Keys of the embedded stores, derived from the installation's data key. */
export interface DataKeys {
  /** 32 ASCII characters, 192 bits: LMDB's binding takes text only. */
  log: string
  /** 32 bytes. */
  gold: Buffer
}

const derived = (key: Buffer, use: string) => createHmac('sha256', key).update(use).digest()

function readKey(file: string): Buffer {
  let text: string
  try {
    text = readFileSync(file, 'utf8').trim()
  } catch (e) {
    throw new ConfigError(
      `The data key ${file} can't be read: ${(e as Error).message}. MASTERY_DATA_KEY_FILE names it.`,
    )
  }
  const { mode, uid } = statSync(file)
  if (process.getuid?.() === uid && (mode & 0o077) !== 0)
    throw new ConfigError(
      `The data key ${file} can be read by others (mode ${(mode & 0o777).toString(8)}). Run "chmod 600 ${file}".`,
    )
  if (!/^[0-9a-f]{64}$/i.test(text))
    throw new ConfigError(
      `The data key ${file} must hold 64 hexadecimal digits and nothing else: openssl rand -hex 32 > ${file}`,
    )
  return Buffer.from(text, 'hex')
}

/**
 * The keys under which a data folder's log, states and gold are encrypted; null: they are not. The folder remembers
 * which key it was made with, since the stores themselves answer a wrong one with a crash.
 * @throws ConfigError where folder and key do not belong together
 */
export function dataKeys(dataDir: string, keyFile: string | null): DataKeys | null {
  const note = join(dataDir, 'encryption.json')
  const made = existsSync(join(dataDir, 'log'))
  const noted = existsSync(note) ? (JSON.parse(readFileSync(note, 'utf8')) as { key: string }) : null
  if (keyFile === null) {
    if (noted) throw new ConfigError(`${dataDir} is encrypted. MASTERY_DATA_KEY_FILE must name its key.`)
    return null
  }
  const key = readKey(keyFile)
  const name = derived(key, 'name').toString('hex').slice(0, 16)
  if (noted && noted.key !== name)
    throw new ConfigError(`${dataDir} was encrypted with the key ${noted.key}; ${keyFile} holds ${name}.`)
  if (!noted && made)
    throw new ConfigError(
      `${dataDir} was made without encryption, and is not encrypted afterwards. Choose another folder with --data and import into it, or leave MASTERY_DATA_KEY_FILE out.`,
    )
  if (!noted) writeFileSync(note, `${JSON.stringify({ key: name })}\n`, { mode: 0o600 })
  return { log: derived(key, 'log').toString('base64url').slice(0, 32), gold: derived(key, 'gold') }
}
