import { openCodec } from '@mastery/infra/adapters/schema-registry/registry.ts'
import type { Delivery } from '@mastery/schemas/src/generated/delivery.gen.ts'
import { PermanentJobError } from '@mastery/topology/ports/job-queue.ts'
import { MemoryLog } from '@mastery/topology/testing/memory.ts'
import { describe, expect, it, vi } from 'vitest'
import { KnownDeliveries } from './known.ts'

const codec = await openCodec({ url: 'mock://' })
const TOPIC = 'mastery.deliveries'
const idOf = (n: number) => n.toString(16).padStart(32, '0')
const delivery = (n: number): Delivery => ({
  ...{ origin_partition: 0, origin_offset: n, ordinal: 0, generation: 0, tenant: 'school', delivery_id: idOf(n) },
  ...{
    recipient: 'r',
    role: 'teacher',
    kind: 'urgent',
    school: null,
    policy: 'p',
    now: 1,
    items: [],
    more: 0,
    muted: 0,
  },
})
const place = (n: number) => ({ topic: TOPIC, partition: 0, offset: n, delivery: idOf(n) }) as const

async function logOf(count: number) {
  const log = new MemoryLog()
  await log.ensureTopics([TOPIC], 1)
  await log.append(
    Array.from({ length: count }, (_, n) => ({
      ...{ topic: TOPIC, partition: 0, key: 'r', timestamp: 0 },
      value: codec.encode('delivery', delivery(n)),
    })),
  )
  return { log, codec, reads: vi.spyOn(log, 'read') }
}

describe('the deliveries that a process knows', () => {
  it('are not read again: neither those handed over nor those beside one that was read', async () => {
    const from = await logOf(20)
    const known = new KnownDeliveries()
    known.put(TOPIC, 0, 3, delivery(3))
    expect((await known.at(from, place(3))).delivery_id).toBe(idOf(3))
    expect(from.reads).toHaveBeenCalledTimes(0)
    const all = await Promise.all(Array.from({ length: 15 }, (_, n) => known.at(from, place(n + 4))))
    expect(all.map((d) => d.delivery_id)).toEqual(Array.from({ length: 15 }, (_, n) => idOf(n + 4)))
    expect(from.reads).toHaveBeenCalledTimes(1)
  })

  it('are forgotten one after the other, and read where they are asked for again', async () => {
    const from = await logOf(6)
    const known = new KnownDeliveries(2)
    for (const n of [0, 1, 2]) known.put(TOPIC, 0, n, delivery(n))
    await known.at(from, place(2))
    expect(from.reads).toHaveBeenCalledTimes(0)
    expect((await known.at(from, place(5))).delivery_id).toBe(idOf(5))
    expect(from.reads).toHaveBeenCalledTimes(1)
  })

  it('are refused for good where something else stands at their place, or nothing', async () => {
    const from = await logOf(3)
    const known = new KnownDeliveries()
    const wrong = { ...place(1), delivery: idOf(9) }
    await expect(known.at(from, wrong)).rejects.toBeInstanceOf(PermanentJobError)
    await expect(known.at(from, place(7))).rejects.toThrow(/partition 0 offset 7, and the log has it no longer/)
    expect((await known.at(from, place(1))).delivery_id).toBe(idOf(1))
  })

  it('are read by whoever waited where the read that was waited for failed', async () => {
    const from = await logOf(3)
    from.reads.mockRejectedValueOnce(new Error('no broker'))
    const known = new KnownDeliveries()
    const [first, second] = await Promise.allSettled([known.at(from, place(0)), known.at(from, place(1))])
    expect([first.status, second.status]).toEqual(['rejected', 'fulfilled'])
  })

  it('are read though a record beside them can not be, which fails only for whoever asks for it', async () => {
    const from = await logOf(2)
    await from.log.append([{ topic: TOPIC, partition: 0, key: 'r', timestamp: 0, value: Buffer.from('odd') }])
    const known = new KnownDeliveries()
    expect((await known.at(from, place(0))).delivery_id).toBe(idOf(0))
    await expect(known.at(from, place(2))).rejects.toThrow(/wire format/)
  })
})
