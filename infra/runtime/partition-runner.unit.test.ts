import { TransientError } from '@mastery/topology/ports/failure.ts'
import type { CommitResult } from '@mastery/topology/ports/state-store.ts'
import { SILENT } from '@mastery/topology/ports/telemetry.ts'
import { MemoryState } from '@mastery/topology/testing/memory.ts'
import { beforeEach, describe, expect, it } from 'vitest'
import { FencedError } from './partition-runner.ts'
import { RunnerWorld, recordsFrom } from './testing/runner-world.ts'

let world: RunnerWorld
beforeEach(async () => {
  world = await RunnerWorld.make()
})

describe('the order of a commit', () => {
  it('is claim, take, decode, fold, produce, commit, report', async () => {
    const reported: number[] = []
    const r = world.runner({ report: async (next) => void reported.push(next) })
    expect(await r.claim('a')).toBe(0)
    await r.batch(recordsFrom(0, 1, 2, 3), world.fetchFrom(0))
    expect(world.steps).toEqual(['1 claim', '2 take', '3 decode', '4 fold', '5 produce', '6 commit', '7 report'])
    expect(reported).toEqual([3])
    expect(r.nextOffset).toBe(3)
  })

  it('has outputs in the log before the state moves', async () => {
    let inLog = -1
    const commit = world.state.commit.bind(world.state)
    world.state.commit = async (scope, c) => {
      inLog = (await world.outputs()).length
      expect(await world.committed()).toBe(0)
      return commit(scope, c)
    }
    const r = world.runner()
    await r.claim('a')
    await r.batch(recordsFrom(0, 1, 2), world.fetchFrom(0))
    expect(inLog).toBe(2)
  })

  it('leaves producing to the commit where the store carries outputs', async () => {
    world.state = new MemoryState(world.log)
    const r = world.runner()
    await r.claim('a')
    await r.batch(recordsFrom(0, 1, 2), world.fetchFrom(0))
    expect(world.steps).not.toContain('5 produce')
    expect((await world.outputs()).map((o) => o.from)).toEqual([0, 1])
  })
})

describe('a batch that takes long', () => {
  it('is committed in parts, each record once and in order, in smaller slices each time', async () => {
    let now = 0
    const reported: number[] = []
    const r = world.runner({ clock: () => (now += 900), report: async (next) => void reported.push(next) })
    await r.claim('a')
    await r.batch(recordsFrom(0, ...Array.from({ length: 700 }, (_, i) => i)), world.fetchFrom(0))
    // 256, then 128, then 64, and so on down to 16: two or three of them to a commit.
    expect(reported.length).toBeGreaterThan(5)
    expect(reported.at(-1)).toBe(700)
    expect((await world.outputs()).map((o) => o.from)).toEqual(Array.from({ length: 700 }, (_, i) => i))
    expect(await world.committed()).toBe(700)
  })

  it('is left between two commits by a process that stops', async () => {
    let now = 0
    let stop = false
    const r = world.runner({
      clock: () => (now += 3000),
      stopping: () => stop,
      report: async () => {
        stop = true
      },
    })
    await r.claim('a')
    await r.batch(recordsFrom(0, ...Array.from({ length: 700 }, (_, i) => i)), world.fetchFrom(0))
    expect(await world.committed()).toBe(256)
    expect((await world.outputs()).map((o) => o.from)).toHaveLength(256)
  })
})

describe('a commit that does not simply work', () => {
  it('goes on when only the acknowledgement was lost', async () => {
    const commit = world.state.commit.bind(world.state)
    const results: CommitResult[] = []
    world.state.commit = async (scope, c) => {
      results.push(await commit(scope, c))
      if (results.length === 1) throw new TransientError('connection broke')
      return results.at(-1)!
    }
    const r = world.runner()
    await r.claim('a')
    await r.batch(recordsFrom(0, 1, 2), world.fetchFrom(0))
    await r.batch(recordsFrom(2, 3), world.fetchFrom(2))
    expect(results).toEqual(['committed', 'already', 'committed'])
    expect(await world.seen()).toBe(3)
  })

  it('is fenced after another claim: stores nothing, and never writes again', async () => {
    const old = world.runner()
    await old.claim('old')
    const young = world.runner()
    await young.claim('young')
    await young.batch(recordsFrom(0, 1), world.fetchFrom(0))
    await expect(old.batch(recordsFrom(0, 1, 2), world.fetchFrom(0))).rejects.toThrow(FencedError)
    expect(await world.committed()).toBe(1)
    expect(await world.seen()).toBe(1)
    const before = (await world.outputs()).length
    await old.batch(recordsFrom(2, 3), world.fetchFrom(2))
    expect(world.stopped).toBe(true)
    expect((await world.outputs()).length).toBe(before)
  })

  it.each(['claim', 'load', 'append', 'commit'] as const)(
    'tries %s again until it passes, alive meanwhile',
    async (what) => {
      let failures = 0
      const failing =
        <A extends unknown[], R>(work: (...args: A) => Promise<R>) =>
        async (...args: A): Promise<R> => {
          if (failures++ < 3) throw new TransientError('down')
          return work(...args)
        }
      if (what === 'claim') world.state.claim = failing(world.state.claim.bind(world.state))
      if (what === 'load') world.state.load = failing(world.state.load.bind(world.state))
      if (what === 'append') world.log.append = failing(world.log.append.bind(world.log))
      if (what === 'commit') world.state.commit = failing(world.state.commit.bind(world.state))
      const attempts: number[] = []
      const r = world.runner({ backoff: (attempt) => attempts.push(attempt) * 0 })
      await r.claim('a')
      await r.batch(recordsFrom(0, 1, 2, 3), world.fetchFrom(0))
      expect(attempts).toEqual([1, 2, 3])
      expect(await world.seen()).toBe(3)
      expect((await world.outputs()).map((o) => o.from)).toEqual([0, 1, 2])
      if (what !== 'claim') expect(world.beats).toBeGreaterThanOrEqual(3)
    },
  )

  it('gives up what passes only when the process stops', async () => {
    let stopping = false
    world.state.commit = async () => {
      stopping = true
      throw new TransientError('down')
    }
    const r = world.runner({ stopping: () => stopping })
    await r.claim('a')
    await expect(r.batch(recordsFrom(0, 1), world.fetchFrom(0))).rejects.toThrow(TransientError)
  })

  it('does not try again what is final', async () => {
    let calls = 0
    world.state.commit = async () => {
      calls++
      throw new Error('broken for good')
    }
    const r = world.runner()
    await r.claim('a')
    await expect(r.batch(recordsFrom(0, 1), world.fetchFrom(0))).rejects.toThrow('broken for good')
    expect(calls).toBe(1)
  })

  it('folds again from the store after a batch that was broken off', async () => {
    const r = world.runner()
    await r.claim('a')
    const cut = { ...world.fetchFrom(0), heartbeat: () => Promise.reject(new Error('rebalance')) }
    await expect(r.batch(recordsFrom(0, 1, 2), cut)).rejects.toThrow('rebalance')
    await r.claim('a')
    await r.batch(recordsFrom(0, 1, 2), world.fetchFrom(0))
    expect(await world.seen()).toBe(2)
  })
})

describe('offsets', () => {
  it('skips what the state holds already', async () => {
    const r = world.runner()
    await r.claim('a')
    await r.batch(recordsFrom(0, 1, 2, 3), world.fetchFrom(0))
    await r.batch(recordsFrom(1, 2, 3, 4), world.fetchFrom(1))
    await r.batch(recordsFrom(0, 1), world.fetchFrom(0))
    expect(r.nextOffset).toBe(4)
    expect(await world.seen()).toBe(4)
  })

  it('takes holes inside a fetch as normal', async () => {
    const r = world.runner()
    await r.claim('a')
    await r.batch([...recordsFrom(2, 1), ...recordsFrom(9, 2)], world.fetchFrom(0))
    expect(r.nextOffset).toBe(10)
    expect(r.stopped).toBeNull()
  })

  it('begins where the log begins, where it may and was never here before', async () => {
    const r = world.runner({ joinsLate: true })
    await r.claim('a')
    await r.batch(recordsFrom(7, 1, 2), world.fetchFrom(7))
    expect([world.stopped, await world.seen(), await world.committed()]).toEqual([false, 2, 9])
    // Once it has been here, a hole is a loss.
    await r.batch(recordsFrom(12, 3), world.fetchFrom(12))
    expect(world.stopped).toBe(true)
    expect(r.stopped).not.toBeNull()
  })

  it.each([
    ['with records', 1],
    ['with none', 0],
  ] as const)('stops the partition at a gap, %s, and says so', async (_n, count) => {
    const errors: string[] = []
    const r = world.runner({ telemetry: { ...SILENT, error: (m) => void errors.push(m) } })
    await r.claim('a')
    await r.batch(recordsFrom(0, 1), world.fetchFrom(0))
    await r.batch(recordsFrom(41, ...Array(count).fill(1)), world.fetchFrom(41))
    expect(world.stopped).toBe(true)
    expect(r.stopped).toMatch(
      /stopped reading learning\.events partition 1.*Records 1 to 40 are gone.*rebuild this stage/,
    )
    expect(errors).toEqual([r.stopped])
    expect(await world.committed()).toBe(1)
    await r.batch(recordsFrom(42, 1), world.fetchFrom(42))
    expect(await world.committed()).toBe(1)
  })
})
