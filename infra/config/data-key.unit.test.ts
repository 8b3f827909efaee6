import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { dataKeys } from './data-key.ts'
import { loadProfile } from './profile.ts'

const root = mkdtempSync(join(tmpdir(), 'data-key-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
let n = 0
const folder = () => {
  const dir = join(root, `data-${n++}`)
  mkdirSync(dir)
  return dir
}
const keyFile = (text: string, mode = 0o600) => {
  const file = join(root, `key-${n++}`)
  writeFileSync(file, text, { mode })
  return file
}
const KEY = 'ab'.repeat(32)

describe('the data key', () => {
  it('gives each store a key of its own, the same each time', () => {
    const dir = folder()
    const file = keyFile(`${KEY}\n`)
    const keys = dataKeys(dir, file)!
    expect([keys.log.length, keys.gold.length]).toEqual([32, 32])
    expect(keys.log).not.toBe(keys.gold.toString('base64url').slice(0, 32))
    expect(dataKeys(dir, file)).toEqual(keys)
    expect(readFileSync(join(dir, 'encryption.json'), 'utf8')).not.toContain(KEY)
    expect(dataKeys(folder(), null)).toBeNull()
  })

  it('is refused where the folder was made with another, with none, or needs one', () => {
    const dir = folder()
    dataKeys(dir, keyFile(KEY))
    expect(() => dataKeys(dir, keyFile('cd'.repeat(32)))).toThrow(/was encrypted with the key/)
    expect(() => dataKeys(dir, null)).toThrow(/is encrypted\. MASTERY_DATA_KEY_FILE/)
    const plain = folder()
    mkdirSync(join(plain, 'log'))
    expect(() => dataKeys(plain, keyFile(KEY))).toThrow(/made without encryption/)
  })

  it('must be a file that nobody else reads, with a key in it', () => {
    const dir = folder()
    expect(() => dataKeys(dir, join(root, 'none'))).toThrow(/can't be read/)
    expect(() => dataKeys(dir, keyFile('short'))).toThrow(/64 hexadecimal digits.*openssl rand/)
    const open = keyFile(KEY)
    chmodSync(open, 0o644)
    expect(() => dataKeys(dir, open)).toThrow(/chmod 600/)
  })

  it('is for the embedded profile', () => {
    const file = keyFile(KEY)
    expect(loadProfile({ MASTERY_DATA_KEY_FILE: file, MASTERY_DATA: root }).dataKeyFile).toBe(file)
    expect(() => loadProfile({ MASTERY_DATA_KEY_FILE: file, MASTERY_PROFILE: 'compose', MASTERY_DATA: root })).toThrow(
      /embedded profile only/,
    )
  })
})
