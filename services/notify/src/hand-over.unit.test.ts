import { type DeliveryConfig, UNSENT } from '@mastery/infra/config/delivery.ts'
import type { Decoded } from '@mastery/infra/runtime/logic.ts'
import { FIRST, type Generation } from '@mastery/topology/generations/generation.ts'
import { TransientError } from '@mastery/topology/ports/failure.ts'
import type { JobSpec } from '@mastery/topology/ports/job-queue.ts'
import { exampleDelivery } from '@mastery/topology/testing/notifier-contract.ts'
import { describe, expect, it } from 'vitest'
import { HandOver, isHeard } from './hand-over.ts'
import { Pace } from './pace.ts'

const mail = {} as NonNullable<ReturnType<DeliveryConfig['of']>['mail']>
const CONFIG: DeliveryConfig = { ...UNSENT, perHour: 2, of: () => ({ language: 'en', mail, webhook: null }) }
const HOUR = 3_600_000

function record(n: number, logged = 0, given: Parameters<typeof exampleDelivery>[1] = {}): Decoded {
  return {
    record: {
      subject: 'delivery',
      key: 'r',
      value: exampleDelivery(n, given),
      origin: { topic: 'mastery.deliveries', partition: 3, offset: n },
    },
    raw: { offset: n, key: 'r', value: Buffer.alloc(0), timestamp: logged },
  }
}

function world(g: Generation = FIRST) {
  const jobs: JobSpec[] = []
  let failures = 0
  let now = 1_000_000
  const logic = new HandOver(g.id, {
    queue: async () => ({
      async add(spec) {
        if (failures-- > 0) throw new TransientError('the queue is away')
        const known = jobs.some((j) => j.name === spec.name && j.id === spec.id)
        if (!known) jobs.push(spec)
        return { id: `${spec.name}/${spec.id}`, added: !known }
      },
    }),
    generations: { get: () => g },
    config: CONFIG,
    now: () => now,
  })
  logic.reset(null)
  return { logic, jobs, fail: (n: number) => void (failures = n), at: (t: number) => void (now = t) }
}

describe('handing deliveries over', () => {
  it('makes one job per channel, with nothing about anybody in it', async () => {
    const { logic, jobs } = world()
    await logic.fold([record(7)])
    expect(jobs).toEqual(
      ['deliver-inbox', 'deliver-mail'].map((name) => ({
        name,
        id: exampleDelivery(7).delivery_id,
        payload: { topic: 'mastery.deliveries', partition: 3, offset: 7, delivery: exampleDelivery(7).delivery_id },
        ...(name === 'deliver-mail' ? { notBefore: 1_000_000 } : {}),
      })),
    )
  })

  it('puts into the inbox only what has nothing to say', async () => {
    const { logic, jobs } = world()
    const [item] = exampleDelivery(1).items
    await logic.fold([record(1, 0, { items: [{ ...item!, place: 'muted' }], muted: 1 })])
    expect(jobs.map((j) => j.name)).toEqual(['deliver-inbox'])
  })

  it('hands over again what a failing queue did not take, once', async () => {
    const { logic, jobs, fail } = world()
    const records = [record(1), record(2)]
    fail(1)
    await expect(logic.fold(records)).rejects.toThrow(TransientError)
    await logic.fold(records)
    await logic.fold(records)
    expect(jobs).toHaveLength(4)
  })

  it('gives a reader no more messages in an hour than allowed; the others wait, also over a restart', async () => {
    const { logic, jobs, at } = world()
    await logic.fold([1, 2, 3].map((n) => record(n)))
    const { meta } = await logic.finish()
    logic.reset(meta)
    at(1_060_000)
    await logic.fold([4, 5].map((n) => record(n)))
    const mails = jobs.filter((j) => j.name === 'deliver-mail').map((j) => j.notBefore)
    expect(mails).toEqual([1_000_000, 1_000_000, 1_000_000 + HOUR, 1_000_000 + HOUR, 1_000_000 + 2 * HOUR])
  })

  it('forgets the pace of readers who have had nothing for an hour', () => {
    const pace = new Pace(1)
    pace.slot('a', 'd1', 0)
    expect(Buffer.from(pace.write(HOUR - 1)).toString()).toContain('d1')
    expect(Buffer.from(pace.write(HOUR)).toString()).toBe('[]')
  })
})

describe('what a generation decided', () => {
  const g = (status: Generation['status'], changedAt: number) => ({ ...FIRST, status, changedAt })

  it('is heard where its cause came while the generation was the one that readers see', () => {
    expect(isHeard(FIRST, 0)).toBe(true)
    expect(isHeard(g('active', 100), 99)).toBe(false)
    expect(isHeard(g('active', 100), 100)).toBe(true)
    expect(isHeard(g('standby', 100), 99)).toBe(true)
    expect(isHeard(g('standby', 100), 100)).toBe(false)
    for (const status of ['building', 'ready', 'dropped'] as const) expect(isHeard(g(status, 0), 50)).toBe(false)
    expect(isHeard(undefined, 0)).toBe(false)
  })

  it('is handed over by one of two generations at a switch, whatever is late', async () => {
    const [old, young] = [world({ ...g('standby', 100), id: 0 }), world({ ...g('active', 100), id: 1 })]
    const records = [record(1, 50), record(2, 100), record(3, 150)]
    await old.logic.fold(records)
    await young.logic.fold(records)
    const handed = [...old.jobs, ...young.jobs].filter((j) => j.name === 'deliver-mail').map((j) => j.id)
    expect(handed).toEqual(records.map((_, n) => exampleDelivery(n + 1).delivery_id))
  })
})
