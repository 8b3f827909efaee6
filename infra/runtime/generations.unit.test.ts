import { EVERYTHING, FIRST, type Generation, selects } from '@mastery/topology/generations/generation.ts'
import { TransientError } from '@mastery/topology/ports/failure.ts'
import { answer, DAY, DAY_ZERO } from '@mastery/topology/testing/learner-log.ts'
import { MemoryLog } from '@mastery/topology/testing/memory.ts'
import { describe, expect, it } from 'vitest'
import { openCodec } from '../adapters/schema-registry/registry.ts'
import { Generations } from './generations.ts'

const generation = (id: number, status: Generation['status'], changedAt: number): Generation => ({
  ...FIRST,
  id,
  status,
  reason: 'a test',
  createdAt: 1,
  changedAt,
})

async function opened() {
  const log = new MemoryLog()
  await log.ensureTopics(['mastery.control', 'learning.events', 'ops.metrics'], 3)
  const codec = await openCodec({ url: 'mock://' })
  return { log, codec, generations: new Generations(log, codec) }
}

describe('the registry of generations', () => {
  it('begins with the first one, and tells every reader the newest status of each', async () => {
    const { log, codec, generations } = await opened()
    expect(generations.active.id).toBe(0)
    await generations.set(generation(1, 'building', 5))
    await generations.set(generation(0, 'standby', 9), generation(1, 'active', 9))
    const other = new Generations(log, codec)
    expect(await other.refresh()).toBe(true)
    expect(await other.refresh()).toBe(false)
    expect(other.all().map((g) => [g.id, g.status])).toEqual([
      [0, 'standby'],
      [1, 'active'],
    ])
    expect(other.active.id).toBe(1)
  })

  it('puts one marker with one id into every partition of the events', async () => {
    const { log, codec, generations } = await opened()
    await generations.mark('activate', generation(2, 'active', 7), 7)
    const markers = await Promise.all([0, 1, 2].map((p) => log.read('learning.events', p, 0, 10)))
    const ids = markers.flatMap((m) => m.map((r) => (codec.decode(r.value).value as { marker_id: string }).marker_id))
    expect(ids).toHaveLength(3)
    expect(new Set(ids).size).toBe(1)
  })

  it('tells again of news that could not be acted on', async () => {
    const { log, codec, generations } = await opened()
    const failures: Error[] = []
    let calls = 0
    let done: () => void = () => {}
    const acted = new Promise<void>((resolve) => {
      done = resolve
    })
    const stop = generations.watch(
      1,
      () => {
        calls++
        if (calls < 3) throw new TransientError('the broker is away')
        done()
      },
      (e) => void failures.push(e),
    )
    await new Generations(log, codec).set(generation(1, 'building', 5))
    await acted
    await stop()
    expect([calls, failures.length]).toEqual([3, 2])
  })
})

describe('a selection', () => {
  const record = (offset: number, occurred_at: number, key = 'student-1') => ({
    subject: 'learning-event' as const,
    value: answer(`e${offset}`, { occurred_at, student: key }),
    key,
    origin: { topic: 'learning.events' as const, partition: 1, offset },
  })

  it.each([
    [{}, true],
    [{ fromTime: DAY_ZERO + 1 }, false],
    [{ fromTime: DAY_ZERO, toTime: DAY_ZERO + 1 }, true],
    [{ toTime: DAY_ZERO }, false],
    [{ fromOffsets: [0, 8] }, false],
    [{ fromOffsets: [9, 7], toOffsets: [0, 8] }, true],
    [{ toOffsets: [9, 7] }, false],
    [{ students: ['student-1'] }, true],
    [{ students: ['student-2'] }, false],
  ])('%j takes offset 7 of day zero: %s', (limits, taken) => {
    expect(selects({ ...EVERYTHING, ...limits }, record(7, DAY_ZERO))).toBe(taken)
  })

  it('takes erasures whatever the time, and markers and ticks always', () => {
    const s = { ...EVERYTHING, fromTime: DAY_ZERO + 10 * DAY }
    const at = { origin: record(1, 0).origin, key: 'student-1' }
    const erase = { subject: 'student-command' as const, value: { kind: 'erase', issued_at: DAY_ZERO }, ...at }
    const correction = { subject: 'student-command' as const, value: { kind: 'void', issued_at: DAY_ZERO }, ...at }
    expect([selects(s, erase), selects(s, correction)]).toEqual([true, false])
    expect(selects(s, { subject: 'tick', value: { at: 1 }, ...at })).toBe(true)
  })
})
