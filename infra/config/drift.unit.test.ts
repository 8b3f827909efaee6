import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { POLICY } from '@mastery/topology/drift/testing/policy.ts'
import { afterAll, describe, expect, it } from 'vitest'
import { loadDrift } from './drift.ts'

const dir = mkdtempSync(join(tmpdir(), 'mastery-drift-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

function written(change: Record<string, unknown>): string {
  const file = join(dir, 'drift.json')
  writeFileSync(file, JSON.stringify({ ...loadDrift(), ...change }))
  return file
}

describe('configs/drift.json', () => {
  it('is what the tests take for it', () => {
    const { countWindow: _, retraining: _r, ...tested } = POLICY
    expect(loadDrift()).toMatchObject(tested)
    expect(loadDrift().retraining.enqueue).toBe(false)
  })

  it('is refused with everything that is wrong', () => {
    const file = written({ falseDiscovery: 2, leastRows: 1, term: [] })
    expect(() => loadDrift(file)).toThrow(/falseDiscovery.*leastRows.*term/s)
  })

  it('is refused with buckets that no day is made of, and with terms of one name', () => {
    expect(() => loadDrift(written({ bucketHours: 7 }))).toThrow(/a day must hold a whole number of buckets/)
    const term = { name: 'autumn', from: 901, to: 1219 }
    expect(() => loadDrift(written({ terms: [term, term] }))).toThrow(/two terms are called "autumn"/)
  })
})
