import { afterAll, beforeAll, describe, it } from 'vitest'
import { signalPart, startPart } from './parts.ts'
import { pause, Rig } from './rig.ts'
import { answersLost, says } from './waiting.ts'

const gated = process.env['MASTERY_TEST_KAFKA']
const title = gated
  ? 'a state store in trouble'
  : 'a state store in trouble, not run: no local stack (MASTERY_TEST_KAFKA unset)'
const TENANTS = ['restart', 'killed', 'memory', 'latency', 'acks', 'resets', 'refused', 'half', 'stranded'] as const

describe.skipIf(!gated)(title, { timeout: 300_000 }, () => {
  let rig: Rig
  beforeAll(async () => {
    rig = await Rig.open(Object.fromEntries(TENANTS.map((t, i) => [t, { rows: 1_000 + i }])), { via: ['redis'] })
  }, 300_000)
  afterAll(() => rig?.close(), 180_000)

  const redis = () => rig.proxy('redis')

  it('loses no state when Redis restarts', () =>
    rig.survives('Redis restart', 'restart', async () => {
      await signalPart(rig.folder, 'redis', 'SIGTERM')
      await pause(1_000)
      await startPart(rig.folder, 'redis')
    }))

  it('loses no state when Redis is killed', () =>
    rig.survives('Redis kill -9', 'killed', async () => {
      await signalPart(rig.folder, 'redis', 'SIGKILL')
      await startPart(rig.folder, 'redis')
    }))

  it('drops no write that Redis refuses for want of memory', () =>
    rig.survives('Redis out of memory', 'memory', async () => {
      await rig.redis((r) => r.config('SET', 'maxmemory', '1'))
      await says(rig.services, 'features', /OOM command not allowed.*Raise maxmemory/)
      await pause(1_000)
      await rig.redis((r) => r.config('SET', 'maxmemory', '0'))
    }))

  it('takes a slow answer for no lost one', () =>
    rig.survives('Redis answers 1 s late', 'latency', async () => {
      redis().latencyMs = 500
      await pause(4_000)
      redis().latencyMs = 0
    }))

  it('stores nothing twice when the acknowledgement of a commit is lost', () =>
    rig.survives('Redis commits without acknowledgement', 'acks', async () => {
      const before = redis().seen.lost
      // The commit is the script of two keys.
      redis().loseAnswers(12, (request) => request.includes('evalsha') && request.includes('\r\n$1\r\n2\r\n'))
      const lost = await answersLost(redis(), before)
      return `${lost} acknowledgements lost`
    }))

  it('loses nothing to connections that are reset', () =>
    rig.survives('Redis connections reset', 'resets', async () => {
      for (let i = 0; i < 10; i++) {
        redis().reset()
        await pause(150)
      }
    }))

  it('waits for a Redis that refuses connections', () =>
    rig.survives('Redis refuses connections', 'refused', async () => {
      await redis().refuse()
      await pause(3_000)
      await redis().listen()
    }))

  it('hangs no longer than a time-out when nothing comes back', () =>
    rig.survives('Redis half-open for 7 s', 'half', async () => {
      redis().halfOpen = true
      await pause(7_000)
      redis().halfOpen = false
    }))

  it('finds out that a connection has died in silence', () =>
    rig.survives('Redis connections dead in silence', 'stranded', async () => {
      redis().strand()
    }))
})
