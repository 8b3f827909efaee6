import type { LogRecord } from '@mastery/topology/ports/event-log.ts'
import { SILENT } from '@mastery/topology/ports/telemetry.ts'
import { MemoryState } from '@mastery/topology/testing/memory.ts'
import { beforeEach, describe, expect, it } from 'vitest'
import { FencedError, type PartitionRunner, type RunnerParts } from './partition-runner.ts'
import { RunnerWorld, recordsFrom, SCOPE } from './testing/runner-world.ts'

let world: RunnerWorld
let errors: string[]
beforeEach(async () => {
  world = await RunnerWorld.make()
  errors = []
})

const ALL = recordsFrom(0, ...Array.from({ length: 20 }, (_, i) => i))
const part = (from: number, to: number) => ALL.slice(from, to)

async function runner(change: Partial<RunnerParts> = {}): Promise<PartitionRunner> {
  const telemetry = { ...SILENT, error: (m: string) => void errors.push(m) }
  const r = world.runner({ telemetry, ...change })
  await r.claim('a')
  return r
}

/** Bytes of everything that the store holds of the partition. */
async function held(): Promise<unknown> {
  const at = await world.state.peek(SCOPE)
  const states = await world.state.load(SCOPE, ['s0', 's1'])
  return [at?.nextOffset, at && Buffer.from(at.meta).toString(), states.map((b) => b && Buffer.from(b).toString())]
}

/** Outputs as a reader with a mark sees them. */
async function seenOnce(): Promise<{ n: number; from: number }[]> {
  let mark = -1
  return (await world.outputs()).filter((o) => {
    const fresh = o.from > mark
    if (fresh) mark = o.from
    return fresh
  })
}

describe('a state store that was emptied', () => {
  it('is noticed by what the group was told, and folded again to the same bytes and visible outputs', async () => {
    const before = await runner()
    await before.batch(part(0, 20), world.fetchFrom(0))
    const [states, outputs] = [await held(), await world.outputs()]
    world.state = new MemoryState()
    const after = await runner({ reported: async () => 20 })
    expect(errors[0]).toMatch(
      /^rebuilding: the state store has nothing of counting for learning\.events partition 1.*up to offset 20.*flushed or replaced/,
    )
    expect(after.rebuilding).toBe(errors[0])
    expect(after.nextOffset).toBe(0)
    const fetch = { ...world.fetchFrom(0), highWatermark: 20 }
    await after.batch(part(0, 12), fetch)
    expect(after.rebuilding).not.toBeNull()
    await after.batch(part(12, 20), { ...fetch, requested: 12 })
    expect(after.rebuilding).toBeNull()
    expect(await held()).toEqual(states)
    expect(await seenOnce()).toEqual(outputs)
    expect((await world.outputs()).length).toBe(40)
  })

  it('gives no output that was folded on missing states', async () => {
    const r = await runner()
    await r.batch(part(0, 2), world.fetchFrom(0))
    // A student whose state is in the store only, and the store is emptied.
    const other = await runner()
    world.state = Object.assign(world.state, new MemoryState())
    const before = (await world.outputs()).length
    await expect(other.batch(part(2, 6), world.fetchFrom(2))).rejects.toThrow(FencedError)
    expect((await world.outputs()).length).toBe(before)
  })

  it('is told apart from a partition that was never read', async () => {
    const r = await runner({ reported: async () => null })
    expect([r.rebuilding, errors]).toEqual([null, []])
  })

  it('is not suspected where the state is at what was reported, or beyond', async () => {
    await (await runner()).batch(part(0, 9), world.fetchFrom(0))
    for (const told of [0, 5, 9]) expect((await runner({ reported: async () => told })).rebuilding).toBeNull()
    expect(errors).toEqual([])
  })
})

describe('a state store that was set back', () => {
  it('is noticed, and what it lost is folded again', async () => {
    await (await runner()).batch(part(0, 6), world.fetchFrom(0))
    const r = await runner({ reported: async () => 15 })
    expect(errors[0]).toMatch(
      /set back: counting had read learning\.events partition 1 up to offset 15, its state ends at 6/,
    )
    await r.batch(part(6, 20), { ...world.fetchFrom(6), highWatermark: 20 })
    expect(r.rebuilding).toBeNull()
    expect(await world.seen()).toBe(20)
  })
})

describe('a log that begins after the state', () => {
  const history = (kept: readonly LogRecord[], asked: number[] = []) => ({
    history: async (_topic: string, _partition: number, from: number, max: number) => {
      asked.push(from)
      return kept.filter((r) => r.offset >= from).slice(0, Math.min(max, 5))
    },
  })

  it('is filled up from history in batches, alive meanwhile, to the same bytes as from the log', async () => {
    await (await runner()).batch(part(0, 20), world.fetchFrom(0))
    const [states, outputs] = [await held(), await world.outputs()]
    world.state = new MemoryState()
    world.beats = 0
    const asked: number[] = []
    const r = await runner({ reported: async () => 20, ...history(part(0, 14), asked) })
    // As the consumer announces it, with nothing of the log yet.
    await r.batch([], world.fetchFrom(14))
    expect(asked).toEqual([0, 5, 10])
    expect(world.beats).toBeGreaterThanOrEqual(3)
    expect(await world.committed()).toBe(14)
    await r.batch(part(14, 20), { ...world.fetchFrom(14), highWatermark: 20 })
    expect([r.stopped, r.rebuilding]).toEqual([null, null])
    expect(await held()).toEqual(states)
    expect(await seenOnce()).toEqual(outputs)
  })

  it('goes on from history where a kill broke it off', async () => {
    const asked: number[] = []
    const r = await runner(history(part(0, 14), asked))
    const cut = {
      ...world.fetchFrom(14),
      heartbeat: () => (asked.length > 1 ? Promise.reject(new Error('killed')) : Promise.resolve()),
    }
    await expect(r.batch(part(14, 16), cut)).rejects.toThrow('killed')
    const next = await runner(history(part(0, 14), asked))
    expect(next.nextOffset).toBe(5)
    await next.batch(part(14, 16), world.fetchFrom(14))
    expect(await world.seen()).toBe(16)
  })

  it('may end in a hole', async () => {
    const r = await runner(history(part(0, 9)))
    await r.batch(part(14, 16), world.fetchFrom(14))
    expect([r.stopped, await world.seen(), await world.committed()]).toEqual([null, 11, 16])
  })

  it('stops the partition where history has nothing, and where there is none', async () => {
    for (const parts of [history([]), {}]) {
      const r = await runner({ reported: async () => 20, ...parts })
      await r.batch(part(14, 16), world.fetchFrom(14))
      expect(r.stopped).toMatch(/Records 0 to 13 are gone.*its lost state again.*npx mastery replay/)
      expect(await world.committed()).toBe(0)
    }
  })

  it('is no loss for a sink that had stored what is gone, and is one where it had not', async () => {
    const behind = await runner({ sink: true, reported: async () => 10 })
    await behind.batch(part(14, 16), world.fetchFrom(14))
    expect(behind.stopped).toMatch(/Records 0 to 13 are gone/)
    const r = await runner({ sink: true, reported: async () => 14 })
    await r.batch([], world.fetchFrom(14))
    await r.batch(part(14, 16), world.fetchFrom(14))
    await r.batch(part(16, 20), world.fetchFrom(16))
    expect([r.stopped, await world.committed(), await world.seen()]).toEqual([null, 20, 6])
  })
})
