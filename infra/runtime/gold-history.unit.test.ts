import { MemoryLog } from '@mastery/topology/testing/memory.ts'
import { describe, expect, it } from 'vitest'
import { openCodec } from '../adapters/schema-registry/registry.ts'
import { historyFromGold } from './gold-history.ts'
import { HistoryGap } from './history.ts'

/** Gold that has no record left to give, and knows of offsets up to `next`. */
const exhausted = (next: number) => ({
  async *stream() {},
  query: async <T>(sql: string) => (sql.includes('student_checkpoints') ? [] : [{ next }]) as T[],
})

/** A log that begins at offset 40. */
class Truncated extends MemoryLog {
  override async bounds() {
    return { start: 40, end: 90 }
  }
}

describe('history from gold', () => {
  const read = async (next: number, topic: 'learning.events' | 'learning.features' = 'learning.events') => {
    const history = historyFromGold(async () => exhausted(next), new Truncated(), await openCodec({ url: 'mock://' }))
    return history(topic, 0, 12, 100)
  }

  it('ends where gold reaches up to what the log still has', async () => {
    expect(await read(40)).toEqual([])
    expect(await read(55)).toEqual([])
  })

  it('refuses to pass over records that gold never got and the log no longer has', async () => {
    await expect(read(30)).rejects.toThrow(HistoryGap)
    await expect(read(30)).rejects.toThrow('records 30 to 39 are in neither')
    await expect(read(0)).rejects.toThrow('records 12 to 39 are in neither')
  })

  it('knows learning.events only', async () => {
    expect(await read(0, 'learning.features')).toEqual([])
  })
})
