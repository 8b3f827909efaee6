import { FencedError, TransientError } from '@mastery/topology/ports/failure.ts'
import { type JobContext, type JobHandler, PermanentJobError } from '@mastery/topology/ports/job-queue.ts'
import { beforeEach, describe, expect, it } from 'vitest'
import { type Call, ClientGone, HttpError } from '../../http/call.ts'
import { measuredRoutes } from '../../http/measured.ts'
import type { Route } from '../../http/router.ts'
import { RunnerWorld, recordsFrom } from '../testing/runner-world.ts'
import { measuredJobs } from './measured-jobs.ts'
import { Meters } from './meters.ts'

let meters: Meters
beforeEach(() => {
  meters = new Meters()
})
const countOf = (bins: readonly number[]) => bins.reduce((a, b) => a + b, 0)

describe('a partition that is measured', () => {
  it('tells of its records once they are committed, of dead letters and of retries', async () => {
    const world = await RunnerWorld.make()
    const meter = meters.part('counting', 1)
    const commit = world.state.commit.bind(world.state)
    let failures = 2
    world.state.commit = async (scope, c) => {
      expect(meter.tally.take().operations).toBe(0)
      if (failures-- > 0) throw new TransientError('away')
      return commit(scope, c)
    }
    const r = world.runner({ meter })
    await r.claim('a')
    expect(r.isClaimed).toBe(true)
    const records = recordsFrom(0, 1, 'poison', 2).map((x, i) => ({ ...x, timestamp: i === 0 ? 5 : Date.now() }))
    await r.batch(records, world.fetchFrom(0))
    const told = meter.tally.take()
    expect(told).toMatchObject({ operations: 3, dead_letters: 1, errors: 0 })
    expect([countOf(told.latency), countOf(told.age)]).toEqual([3, 2])
  })

  it('has counted every attempt that was made again', async () => {
    const world = await RunnerWorld.make()
    const meter = meters.part('counting', 1)
    const load = world.state.load.bind(world.state)
    let failures = 3
    world.state.load = async (scope, keys, fence) => {
      if (failures-- > 0) throw new TransientError('away')
      return load(scope, keys, fence)
    }
    const r = world.runner({ meter })
    await r.claim('a')
    await r.batch(recordsFrom(0, 1), world.fetchFrom(0))
    expect(meter.tally.take()).toMatchObject({ operations: 1, retries: 3 })
  })

  it('tells nothing of what another process has taken over', async () => {
    const world = await RunnerWorld.make()
    const meter = meters.part('counting', 1)
    const r = world.runner({ meter })
    await r.claim('a')
    await world.runner().claim('b')
    await expect(r.batch(recordsFrom(0, 1), world.fetchFrom(0))).rejects.toThrow(FencedError)
    expect(meter.tally.take().operations).toBe(0)
  })
})

describe('a part', () => {
  it('is the same until it has ended and that was told', () => {
    const meter = meters.part('scoring', 2)
    meter.ended = true
    expect(meters.part('scoring', 2)).toBe(meter)
    expect(meter.ended).toBe(false)
    expect(meters.part('scoring', 3)).not.toBe(meter)
    meters.forget(meter)
    expect(meters.part('scoring', 2)).not.toBe(meter)
  })
})

describe('a job', () => {
  const run = async (attempt: number, work: () => Promise<null>, aborted = false) => {
    const job: JobHandler = { name: 'x', about: '', exclusive: false, attempts: 2, parse: (p) => p, run: work }
    const meter = meters.part('jobs')
    const controller = new AbortController()
    if (aborted) controller.abort()
    const [measured] = measuredJobs([job], meter)
    await measured!.run(null, { attempt, signal: controller.signal } as unknown as JobContext).catch(() => {})
    const { operations, errors, retries } = meter.tally.take()
    return { operations, errors, retries }
  }
  const fails = (e: Error) => () => Promise.reject(e)

  it('is done once it is done, or dead', async () => {
    expect(await run(1, async () => null)).toEqual({ operations: 1, errors: 0, retries: 0 })
    expect(await run(1, fails(new Error('away')))).toEqual({ operations: 0, errors: 0, retries: 1 })
    expect(await run(2, fails(new Error('away')))).toEqual({ operations: 1, errors: 1, retries: 0 })
    expect(await run(1, fails(new PermanentJobError('no use')))).toEqual({ operations: 1, errors: 1, retries: 0 })
  })

  it('counts nowhere where it was handed back or called off', async () => {
    expect(await run(2, fails(new Error('stopped')), true)).toEqual({ operations: 0, errors: 0, retries: 0 })
  })

  it('with a payload that is wrong is dead at once', () => {
    const meter = meters.part('jobs')
    const parse = () => {
      throw new Error('It takes no payload.')
    }
    const job: JobHandler = { name: 'x', about: '', exclusive: false, parse, run: async () => null }
    expect(() => measuredJobs([job], meter)[0]!.parse(1)).toThrow('no payload')
    expect(meter.tally.take()).toMatchObject({ operations: 1, errors: 1 })
  })
})

describe('a route', () => {
  const call = { request: { socket: { destroyed: false } } } as unknown as Call
  const ask = async (handle: Route['handle'], id = 'mastery') => {
    const meter = meters.part('api')
    const [route] = measuredRoutes([{ id, handle } as Route], meter)
    await route!.handle(call).catch(() => {})
    const { operations, errors, latency } = meter.tally.take()
    return [operations, errors, countOf(latency)]
  }
  const replies = (status: number) => async () => ({ status, body: null })
  const throws = (e: Error) => () => Promise.reject(e)

  it('fails with 500 and more, whether answered or thrown, and not by what askers do wrong', async () => {
    expect(await ask(replies(200))).toEqual([1, 0, 1])
    expect(await ask(replies(503))).toEqual([1, 1, 1])
    expect(await ask(throws(new HttpError(404, 'none', 'There is none.')))).toEqual([1, 0, 1])
    expect(await ask(throws(new HttpError(503, 'away', 'Later.')))).toEqual([1, 1, 1])
    expect(await ask(throws(new TransientError('away')))).toEqual([1, 1, 1])
    expect(await ask(throws(new Error('a mistake of ours')))).toEqual([1, 1, 1])
  })

  it('answers nobody where the asker is gone, and machines that ask for its health do not count', async () => {
    expect(await ask(throws(new ClientGone('gone')))).toEqual([0, 0, 0])
    expect(await ask(replies(503), 'ready')).toEqual([0, 0, 0])
  })
})
