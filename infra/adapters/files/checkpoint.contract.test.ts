import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { FileCheckpoint } from './checkpoint.ts'

const root = mkdtempSync(join(tmpdir(), 'checkpoint-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

it('keeps the newest place, and takes nothing half-written for one', async () => {
  const checkpoint = new FileCheckpoint(join(root, 'run', 'dkt.bin'))
  expect(await checkpoint.load()).toBeNull()
  await checkpoint.save(Buffer.from('first'))
  writeFileSync(join(root, 'run', 'dkt.bin.killed.part'), 'ha')
  await checkpoint.save(Buffer.from('second'))
  expect(Buffer.from((await new FileCheckpoint(join(root, 'run', 'dkt.bin')).load())!).toString()).toBe('second')
  expect(readdirSync(join(root, 'run')).sort()).toEqual(['dkt.bin', 'dkt.bin.killed.part'])
})
