import type { LogAppend } from '@mastery/topology/ports/event-log.ts'
import type { StateCommit } from '@mastery/topology/ports/state-store.ts'
import { COUNTING, JSON_CODEC } from '@mastery/topology/testing/counting-stage.ts'
import { beforeEach, describe, expect, it } from 'vitest'
import { deadLetterId, deadLetterRecord } from './logic.ts'
import { RunnerWorld, recordsFrom } from './testing/runner-world.ts'

let world: RunnerWorld
beforeEach(async () => {
  world = await RunnerWorld.make()
})

describe('records that cannot be used', () => {
  const rejects = async () =>
    (await world.log.read('learning.rejects', 1, 0, 100)).map((r) => ({
      key: r.key,
      timestamp: r.timestamp,
      ...(JSON_CODEC.decode(r.value).value as { code: string; origin_offset: number; bytes: { data: number[] } }),
    }))

  it('become dead letters with their bytes, origin and a fixed id, and the others go on', async () => {
    const r = world.runner()
    await r.claim('a')
    const garbage = Buffer.from([0xff, 0x00, 0x01])
    await r.batch(recordsFrom(0, 1, garbage, 'poison', 2), world.fetchFrom(0))
    const found = await rejects()
    expect(found.map((d) => [d.code, d.origin_offset, d.key])).toEqual([
      ['bad_magic', 1, deadLetterId('counting', 'learning.events', 1, 1)],
      ['wrong_subject', 2, deadLetterId('counting', 'learning.events', 1, 2)],
    ])
    expect(Buffer.from(found[0]!.bytes.data).equals(garbage)).toBe(true)
    expect(found[0]).toMatchObject({
      origin_topic: 'learning.events',
      origin_partition: 1,
      timestamp: 1_700_000_000_001,
    })
    expect(await world.seen()).toBe(2)
    expect(await world.committed()).toBe(4)
  })

  it('stand in a partition that there is where the topic that was read has more', async () => {
    const d = {
      topic: 'learning.features.g1',
      partition: 7,
      raw: recordsFrom(5, 'poison')[0]!,
      code: 'wrong_subject',
    } as const
    const sealer = { seal: (_: string, bytes: Uint8Array) => ({ bytes: Buffer.from(bytes), encryption: null }) }
    const letter = { ...d, message: '', student: null }
    const record = deadLetterRecord(letter, 4, 'scoring', '1', JSON_CODEC, sealer)
    expect([record.partition, record.key]).toEqual([3, deadLetterId('scoring', 'learning.features.g1', 7, 5)])
    expect(JSON_CODEC.decode(record.value).value).toMatchObject({ origin_partition: 7, origin_offset: 5 })
  })

  it('give the same dead letter again after a restart before the commit', async () => {
    const commit = world.state.commit.bind(world.state)
    world.state.commit = () => Promise.reject(new Error('killed'))
    const first = world.runner()
    await first.claim('a')
    await expect(first.batch(recordsFrom(0, 'poison'), world.fetchFrom(0))).rejects.toThrow('killed')
    world.state.commit = commit
    const second = world.runner()
    await second.claim('b')
    await second.batch(recordsFrom(0, 'poison'), world.fetchFrom(0))
    const [a, b] = await rejects()
    expect(a).toEqual(b)
  })

  it('name the student by the record key only where that is a pseudonym', async () => {
    const pseudonym = '0123456789abcdef0123456789abcdef'
    const garbage = Buffer.from([0xff])
    const r = world.runner()
    await r.claim('a')
    const records = recordsFrom(0, garbage, garbage, 'poison').map((x, i) => ({
      ...x,
      key: [pseudonym, 'ada.lovelace@school.example', 'ada.lovelace'][i]!,
    }))
    await r.batch(records, world.fetchFrom(0))
    expect((await rejects()).map((d) => (d as unknown as { student: string | null }).student)).toEqual([
      pseudonym,
      null,
      null,
    ])
  })

  it('are dropped where the stage says so, without output or change', async () => {
    const commits: StateCommit[] = []
    const commit = world.state.commit.bind(world.state)
    world.state.commit = (scope, c) => {
      commits.push(c)
      return commit(scope, c)
    }
    const appended: LogAppend[] = []
    world.log.append = async (all) => void appended.push(...all)
    const r = world.runner()
    await r.claim('a')
    await r.batch(recordsFrom(0, 'drop', 'drop'), world.fetchFrom(0))
    expect(appended).toEqual([])
    expect(world.steps).not.toContain('5 produce')
    expect(commits.map((c) => c.nextOffset)).toEqual([2])
    expect(await world.seen()).toBe(0)
  })

  it('hands raw topics on as bytes', async () => {
    const values: unknown[] = []
    const raw = world.runner(
      { raw: true },
      {
        ...COUNTING,
        step: (record) => {
          values.push(record.value)
          return { type: 'drop', reason: 'seen' }
        },
      },
    )
    await raw.claim('a')
    await raw.batch(recordsFrom(0, Buffer.from('not ours')), world.fetchFrom(0))
    expect(values).toEqual([Buffer.from('not ours')])
  })
})
