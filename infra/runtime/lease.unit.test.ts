import { MemoryState } from '@mastery/topology/testing/memory.ts'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { LeaseHeld, takeLease } from './lease.ts'

/** Time passes only here, however busy the machine is. */
const wait = (ms: number) => vi.advanceTimersByTimeAsync(ms)
const scope = { stage: 'lease-night', generation: 0, topic: 'mastery.control' as const, partition: 0 }

/** Puts another holder's entry into the store. */
async function heldBy(state: MemoryState, pid: number, host: string, until: number, at = 0) {
  const { epoch } = await state.claim(scope, 'other')
  const meta = Buffer.from(JSON.stringify({ holder: 'x', host, pid, until, since: 0 }))
  await state.commit(scope, { epoch, expectedOffset: at, nextOffset: at + 1, meta, changes: [], outputs: [] })
}

describe('a lease', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('has one holder, until it is released', async () => {
    const state = new MemoryState()
    const lease = await takeLease(state, 'night')
    await expect(takeLease(state, 'night')).rejects.toThrow(LeaseHeld)
    await (await takeLease(state, 'another')).release()
    await lease.release()
    await (await takeLease(state, 'night')).release()
  })

  it('is given to one of many who ask at the same moment', async () => {
    const state = new MemoryState()
    const asked = await Promise.allSettled(Array.from({ length: 8 }, () => takeLease(state, 'night')))
    const given = asked.flatMap((a) => (a.status === 'fulfilled' ? [a.value] : []))
    expect(given).toHaveLength(1)
    await given[0]!.release()
  })

  it('is renewed while its holder lives', async () => {
    const state = new MemoryState()
    const lease = await takeLease(state, 'night', 90)
    await wait(250)
    expect(lease.signal.aborted).toBe(false)
    await expect(takeLease(state, 'night')).rejects.toThrow('is running already')
    await lease.release()
  })

  it('dies with a holder on this machine at once, with one on another when its time is up', async () => {
    const { hostname } = await import('node:os')
    const here = new MemoryState()
    await heldBy(here, 2 ** 22 + 1, hostname(), Date.now() + 60_000)
    await (await takeLease(here, 'night')).release()
    const there = new MemoryState()
    await heldBy(there, 1, 'elsewhere', Date.now() + 60_000)
    await expect(takeLease(there, 'night')).rejects.toThrow('on elsewhere')
    const later = new MemoryState()
    await heldBy(later, 1, 'elsewhere', Date.now() - 1)
    await (await takeLease(later, 'night')).release()
  })

  it('says so when somebody else took it over', async () => {
    const state = new MemoryState()
    const lease = await takeLease(state, 'night', 60)
    // A claim alone, of one who then sees that it is held, changes nothing.
    await state.claim(scope, 'too late')
    await wait(60)
    expect(lease.signal.aborted).toBe(false)
    await heldBy(state, 1, 'elsewhere', Date.now() + 60_000, (await state.peek(scope))!.nextOffset)
    await wait(60)
    expect(lease.signal.aborted).toBe(true)
    await lease.release()
  })
})
