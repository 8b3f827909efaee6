import type { GoldRows, GoldStore } from '@mastery/topology/ports/gold-store.ts'
import { SILENT, type Telemetry } from '@mastery/topology/ports/telemetry.ts'
import { describe, expect, it } from 'vitest'
import { AccessLog } from '../src/access.ts'

/** Gold that stores when it is told to, or refuses. */
class SlowGold implements GoldStore {
  batches: (readonly unknown[])[][] = []
  refuse = 0
  hold: Promise<void> = Promise.resolve()
  async insert(rows: readonly GoldRows[]) {
    await this.hold
    if (this.refuse-- > 0) throw new Error('gold is away')
    this.batches.push([...rows[0]!.rows])
  }
  async migrate() {}
  async query<T>(): Promise<T[]> {
    return []
  }
  async queryText() {
    return ''
  }
  async close() {}
  get ids() {
    return this.batches.flat().map((r) => r.at(-1))
  }
}

const entry = (student: string) => ({
  tenant: 't',
  who: 'k',
  role: 'read',
  action: 'read mastery',
  student,
  purpose: '',
})

describe('the access log', () => {
  it('keeps no caller waiting, and stores in batches', async () => {
    const gold = new SlowGold()
    let go = () => {}
    gold.hold = new Promise((r) => {
      go = r
    })
    const log = new AccessLog(gold, SILENT, () => 5)
    for (let i = 0; i < 2500; i++) log.note(entry(`s${i}`))
    expect(gold.batches).toEqual([])
    go()
    await log.close()
    expect(gold.batches.map((b) => b.length)).toEqual([1000, 1000, 500])
    expect(new Set(gold.ids).size).toBe(2500)
    expect(gold.batches.flat().map((r) => r[5])).toEqual(Array.from({ length: 2500 }, (_, i) => `s${i}`))
  })

  it('keeps what gold did not take, and stores it when it is closed', async () => {
    const gold = new SlowGold()
    gold.refuse = 2
    const log = new AccessLog(gold, SILENT, () => 5)
    log.note(entry('a'))
    await expect(log.flush()).rejects.toThrow('gold is away')
    log.note(entry('b'))
    await log.close()
    expect(gold.batches.flat().map((r) => r[5])).toEqual(['a', 'b'])
  })

  it('says how many entries are lost where gold never answers', async () => {
    const gold = new SlowGold()
    gold.refuse = 99
    const errors: string[] = []
    const telemetry: Telemetry = { ...SILENT, error: (m) => void errors.push(m) }
    const log = new AccessLog(gold, telemetry, () => 5)
    log.note(entry('a'))
    await log.close(2)
    expect(errors).toEqual(['1 entries of the access log were lost: gold did not answer'])
  })
})
