import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { artifactDir, verify } from './artifacts.ts'
import { kafkaJars } from './kafka/kafka.ts'
import { registryArchive } from './registry/registry.ts'

const sum = (text: string): string => createHash('sha256').update(text).digest('hex')

describe('pinned files', () => {
  let folder: string
  let pins: { name: string; checksumsFile: string }
  const files = () => join(folder, 'files')
  const put = (name: string, text: string) => writeFileSync(join(files(), name), text)

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'pins-'))
    mkdirSync(files())
    pins = { name: 'thing-1', checksumsFile: join(folder, 'checksums.sha256') }
    writeFileSync(pins.checksumsFile, `${sum('one')}  a.jar\n${sum('two')}  b.jar\n`)
    put('a.jar', 'one')
    put('b.jar', 'two')
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('passes exactly the pinned files', async () => {
    await expect(verify(pins, files())).resolves.toBeUndefined()
  })

  it('refuses a changed, a missing and an unknown file, and says what to do', async () => {
    put('b.jar', 'tampered')
    await expect(verify(pins, files())).rejects.toThrow(/b\.jar has SHA-256 .*delete the file in Maven's own/s)
    rmSync(join(files(), 'b.jar'))
    await expect(verify(pins, files())).rejects.toThrow(/b\.jar did not arrive/)
    put('b.jar', 'two')
    put('c.jar', 'three')
    await expect(verify(pins, files())).rejects.toThrow(/c\.jar is not among the pinned files/)
  })

  it('keeps other pins in another folder', () => {
    const artifact = { ...kafkaJars, checksumsFile: pins.checksumsFile }
    const before = artifactDir(artifact, folder)
    writeFileSync(pins.checksumsFile, `${sum('one')}  a.jar\n`)
    expect(artifactDir(artifact, folder)).not.toBe(before)
  })

  it.each([kafkaJars, registryArchive])(
    '$name: every line of the committed file is a pin',
    ({ checksumsFile, name }) => {
      const lines = readFileSync(checksumsFile, 'utf8').trim().split('\n')
      for (const line of lines) expect(line).toMatch(/^[0-9a-f]{64} {2}\S+$/)
      expect(lines.some((line) => line.includes(name.split('-').at(-1)!))).toBe(true)
    },
  )
})
