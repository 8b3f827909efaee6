import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { ConfigError } from './profile.ts'
import { loadProgress } from './progress.ts'

const dir = mkdtempSync(join(tmpdir(), 'progress-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))
const load = (value: unknown) => {
  const path = join(dir, 'progress.json')
  writeFileSync(path, JSON.stringify(value))
  return loadProgress(path)
}
const good = { mastered: 0.8, stays: 2, ready: 0.6, success: 0.75 }

describe('the configuration of progress', () => {
  it('is read, and the shipped one is sound', () => {
    expect(load(good)).toEqual(good)
    expect(loadProgress().stays).toBeGreaterThan(0)
  })

  it('is refused with every mistake, and where nothing could begin', () => {
    expect(() => load({ ...good, stays: 0, success: 1, more: 1 })).toThrow(ConfigError)
    expect(() => load({ ...good, stays: 0, success: 1 })).toThrow(/stays[\s\S]*success/)
    expect(() => load({ ...good, ready: 0.9 })).toThrow(/ready is 0.9, above mastered/)
  })
})
