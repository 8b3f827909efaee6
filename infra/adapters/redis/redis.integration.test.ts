import { randomUUID } from 'node:crypto'
import { TransientError } from '@mastery/topology/ports/failure.ts'
import { stateStoreContract } from '@mastery/topology/testing/state-store-contract.ts'
import { Redis } from 'ioredis'
import { afterAll, describe, expect, it } from 'vitest'
import { redisFailure } from './failure.ts'
import { openRedisState } from './state.ts'

const url = process.env['MASTERY_TEST_REDIS']
const run = randomUUID().slice(0, 8)
const title = url ? 'Redis state' : 'Redis state, not run: no Redis (MASTERY_TEST_REDIS unset)'
const SCOPE = { stage: 's', generation: 1, topic: 'learning.events', partition: 0 } as const

describe.skipIf(!url)(title, () => {
  const state = (place: string) => openRedisState({ url: url!, keyPrefix: `test-${run}-${place}:` })

  afterAll(async () => {
    const redis = new Redis(url!)
    for await (const keys of redis.scanStream({ match: `test-${run}-*`, count: 1_000 }))
      if (keys.length > 0) await redis.unlink(...keys)
    redis.disconnect()
  })

  stateStoreContract('Redis', async (place) => {
    const opened = await state(place)
    return { state: opened, close: () => opened.close() }
  })

  it('commits a scope after the server forgot the scripts', async () => {
    const s = await state('forgot')
    const redis = new Redis(url!)
    const commit = (epoch: number, from: number) =>
      s.commit(SCOPE, {
        epoch,
        expectedOffset: from,
        nextOffset: from + 1,
        meta: Buffer.of(1),
        changes: [],
        outputs: [],
      })
    const { epoch } = await s.claim(SCOPE, 'a')
    expect(await commit(epoch, 0)).toBe('committed')
    await redis.script('FLUSH')
    expect(await commit(epoch, 1)).toBe('committed')
    expect((await s.claim(SCOPE, 'b')).nextOffset).toBe(2)
    redis.disconnect()
    await s.close()
  })

  it('takes a commit of tens of megabytes', async () => {
    const s = await state('large')
    const { epoch } = await s.claim(SCOPE, 'a')
    const changes = Array.from({ length: 20_000 }, (_, i) => [`k${i}`, Buffer.alloc(1_000, i)] as const)
    const commit = { epoch, expectedOffset: 0, nextOffset: 20_000, meta: Buffer.alloc(2_000_000), changes, outputs: [] }
    expect(await s.commit(SCOPE, commit)).toBe('committed')
    const [first, last] = await s.load(SCOPE, ['k0', 'k19999'])
    expect([first?.length, last?.[0]]).toEqual([1_000, 19_999 % 256])
    await s.close()
  })

  it('fails in a way that passes while its connection is cut, and goes on after', async () => {
    // A database of its own tells its connection from those of other tests, which must not be cut.
    const own = new URL(url!)
    own.pathname = '/9'
    const s = await openRedisState({ url: own.href, keyPrefix: `test-${run}-cut:` })
    const { epoch } = await s.claim(SCOPE, 'a')
    const redis = new Redis(own.href)
    const me = await redis.client('ID')
    const clients = String(await redis.client('LIST')).split('\n')
    const ids = clients.flatMap((line) => (/ db=9 /.test(line) ? [/^id=(\d+)/.exec(line)![1]!] : []))
    const others = ids.filter((id) => id !== String(me))
    expect(others).toHaveLength(1)
    await redis.call('CLIENT', 'KILL', 'ID', others[0]!)
    const commit = { epoch, expectedOffset: 0, nextOffset: 1, meta: Buffer.of(1), changes: [], outputs: [] }
    let result = ''
    for (let attempt = 0; attempt < 50 && result === ''; attempt++)
      result = await s.commit(SCOPE, commit).catch((e) => {
        expect(e).toBeInstanceOf(TransientError)
        return ''
      })
    expect(result).toMatch(/committed|already/)
    await redis.unlink(...(await redis.keys(`test-${run}-*`)))
    redis.disconnect()
    await s.close()
  })

  it('refuses a braced prefix', async () => {
    await expect(openRedisState({ url: url!, keyPrefix: '{x}' })).rejects.toThrow(/braces/)
  })
})

describe('Redis failures', () => {
  it('tells what passes from what does not, and says what to do', async () => {
    const of = (message: string) => redisFailure(new Error(message), 'commit s', 'host')
    for (const message of [
      'LOADING Redis is loading the dataset in memory',
      "READONLY You can't write against a read only replica.",
      "OOM command not allowed when used memory > 'maxmemory'.",
      'MISCONF Errors writing to the AOF file: No space left on device',
      'Command timed out',
      'Connection is closed.',
      'connect ECONNREFUSED 127.0.0.1:6379',
    ]) {
      expect(of(message), message).toBeInstanceOf(TransientError)
      expect(of(message).message).toMatch(/host.*commit s/)
    }
    for (const message of [
      'WRONGPASS invalid username-password pair',
      'WRONGTYPE Operation against a key',
      'ERR syntax',
    ])
      expect(of(message), message).not.toBeInstanceOf(TransientError)
  })

  it('says which server did not answer', async () => {
    const error = await openRedisState({ url: 'redis://127.0.0.1:1' }).catch((e) => e as Error)
    expect(error).toBeInstanceOf(TransientError)
    expect((error as Error).message).toMatch(/127\.0\.0\.1:1 .*Check that it runs/)
  })
})
