import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signalPart, startPart } from './parts.ts'
import { pause, Rig } from './rig.ts'

const gated = process.env['MASTERY_TEST_KAFKA']
const title = gated ? 'a lost state store' : 'a lost state store, not run: no local stack (MASTERY_TEST_KAFKA unset)'

describe.skipIf(!gated)(title, { timeout: 300_000 }, () => {
  let rig: Rig
  beforeAll(async () => {
    rig = await Rig.open({ flushed: { rows: 2_000 }, setback: { rows: 2_000 } })
  }, 300_000)
  afterAll(() => rig?.close(), 180_000)

  it('loses no state and doubles no row when Redis is flushed while all is quiet', async () => {
    await rig.feed('flushed')
    await rig.caughtUp()
    // Until the group has been told.
    await pause(700)
    const before = await rig.students()
    await rig.redis((redis) => redis.flushall())
    expect((await rig.students()).size).toBe(0)
    // The clock's next tick meets a store without its epoch.
    await rig.feed('flushed', { from: 1 })
    await rig.recovered('Redis FLUSHALL while idle', 'flushed')
    expect(await rig.students()).toEqual(before)
  })

  it('gives no wrong output when Redis comes back as it was some time ago', async () => {
    const data = join(rig.folder, '.local/stack/redis/data')
    const copy = join(rig.folder, 'redis-before')
    await rig.feed('setback', { to: 0.3 })
    await rig.caughtUp()
    mkdirSync(copy)
    cpSync(data, copy, { recursive: true })
    await rig.feed('setback', { from: 0.3, to: 0.6 })
    await rig.caughtUp()
    await signalPart(rig.folder, 'redis', 'SIGKILL')
    rmSync(data, { recursive: true })
    cpSync(copy, data, { recursive: true })
    await startPart(rig.folder, 'redis')
    await rig.feed('setback', { from: 0.6 })
    await rig.recovered('Redis replaced by an older copy of itself', 'setback')
    expect(rig.services.output('features')).toMatch(/rebuilding: the state store was set back/)
  })
})
