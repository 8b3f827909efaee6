import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readZip, writeZip } from './archive.ts'
import { rosterFiles } from './roster-files.ts'

const dir = mkdtempSync(join(tmpdir(), 'mastery-zip-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))
const bytes = (text: string) => new TextEncoder().encode(text)
const FILES = new Map([
  ['users.csv', bytes(`sourcedId\n${'ann\n'.repeat(2000)}`)],
  ['orgs.csv', bytes('sourcedId\nö')],
])
const plain = (files: ReadonlyMap<string, Uint8Array>) =>
  Object.fromEntries([...files].sort().map(([n, b]) => [n, new TextDecoder().decode(b)]))

async function zipped(name: string, files: ReadonlyMap<string, Uint8Array>): Promise<string> {
  const path = join(dir, name)
  writeFileSync(path, await writeZip(files))
  return path
}

describe('files of a roster', () => {
  it('are the same from a folder, a ZIP and a ZIP with a folder in it', async () => {
    mkdirSync(join(dir, 'folder'))
    for (const [name, b] of FILES) writeFileSync(join(dir, 'folder', name), b)
    writeFileSync(join(dir, 'folder', 'readme.txt'), 'x')
    const folder = await rosterFiles(join(dir, 'folder'))
    expect(plain(folder.files)).toEqual(plain(FILES))
    const top = await rosterFiles(await zipped('top.zip', new Map([...FILES, ['__MACOSX/._users.csv', bytes('x')]])))
    expect([plain(top.files), top.inside]).toEqual([plain(FILES), null])
    const inside = new Map([...FILES].map(([n, b]) => [`export/${n}`, b]))
    const deep = await rosterFiles(await zipped('deep.zip', inside))
    expect([plain(deep.files), deep.inside]).toEqual([plain(FILES), 'export/'])
  })

  it('are refused from two folders of a ZIP, and from what is none', async () => {
    const two = new Map([...FILES].map(([n, b], i) => [`${i}/${n}`, b]))
    await expect(rosterFiles(await zipped('two.zip', two))).rejects.toThrow(/several folders \(0\/, 1\/\)/)
    writeFileSync(join(dir, 'no.zip'), 'sourcedId\nann')
    await expect(rosterFiles(join(dir, 'no.zip'))).rejects.toThrow(/no\.zip: It can't be read as a ZIP/)
    await expect(rosterFiles(join(dir, 'nowhere'))).rejects.toThrow(/nowhere can't be read/)
  })

  it('are refused where the archive is cut, spoiled or too large', async () => {
    const limits = { bytes: 1_000_000, files: 10 }
    const whole = await writeZip(FILES)
    expect(plain(await readZip(whole, limits))).toEqual(plain(FILES))
    await expect(readZip(whole.subarray(0, whole.length - 30), limits)).rejects.toThrow(/can't be read as a ZIP/)
    await expect(readZip(whole, { ...limits, bytes: 100 })).rejects.toThrow(/Unpacked it has \d+ bytes, more than 100/)
    await expect(readZip(whole, { ...limits, files: 1 })).rejects.toThrow(/It has 2 entries/)
    // The first file's compressed bytes begin behind its local header.
    const spoiled = Uint8Array.from(whole)
    spoiled[50]! ^= 0xff
    await expect(readZip(spoiled, limits)).rejects.toThrow()
  })
})
