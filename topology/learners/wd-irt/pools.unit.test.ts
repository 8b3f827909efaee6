import { describe, expect, it } from 'vitest'
import { Pools } from './pools.ts'

const POOLS = [
  { scope: 'all', keep: 0.5 },
  { scope: 'topic', keep: 1 },
] as const

describe('pools', () => {
  const pools = new Pools(POOLS, 2)
  pools.learn(1, [4, 8], 0)
  pools.learn(2, [0, 0, 2, 6], 2)
  const read = (p: number, topic: number) => {
    const { sums, at } = pools.of(p, topic)
    return [...sums.subarray(at, at + 3)]
  }

  it('forget by the answer, over all topics', () => {
    expect(read(0, 1)).toEqual([4 * 0.5 + 2, 8 * 0.5 + 6, 1.5])
    expect(read(0, 9)).toEqual(read(0, 1))
  })

  it('keep topics apart', () => {
    expect(read(1, 1)).toEqual([4, 8, 1])
    expect(read(1, 2)).toEqual([2, 6, 1])
    expect(read(1, 9)).toEqual([0, 0, 0])
  })
})
