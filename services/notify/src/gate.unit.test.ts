import { describe, expect, it } from 'vitest'
import { Gate } from './gate.ts'

describe('a gate', () => {
  it('never has more inside than it has places, and lets everybody in, in order', async () => {
    const gate = new Gate(3)
    let inside = 0
    let most = 0
    const order: number[] = []
    await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        const leave = await gate.enter()
        order.push(i)
        most = Math.max(most, ++inside)
        await new Promise((r) => setImmediate(r))
        inside--
        leave()
      }),
    )
    expect(most).toBe(3)
    expect(order).toEqual(Array.from({ length: 20 }, (_, i) => i))
    // All places are free again.
    await Promise.all([gate.enter(), gate.enter(), gate.enter()])
  })
})
