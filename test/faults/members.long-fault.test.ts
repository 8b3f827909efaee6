import { AWAITED_SERVICES } from '@mastery/topology/flow.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Seeded } from '../generators/seeded.ts'
import { pause, Rig } from './rig.ts'

const gated = process.env['MASTERY_TEST_KAFKA']
const title = gated
  ? 'members that come and go'
  : 'members that come and go, not run: no local stack (MASTERY_TEST_KAFKA unset)'

describe.skipIf(!gated)(title, { timeout: 300_000 }, () => {
  let rig: Rig
  beforeAll(async () => {
    rig = await Rig.open({ random: { rows: 3_000 }, zombie: { rows: 3_000 }, members: { rows: 3_000 } })
  }, 300_000)
  afterAll(() => rig?.close(), 180_000)

  it('changes no row of gold when services are killed at random', async () => {
    const random = new Seeded(4_242)
    let feeding = true
    const fed = rig.feed('random', { appends: 12, pauseMs: 300 }).finally(() => {
      feeding = false
    })
    let kills = 0
    for (; kills < 6 || feeding; kills++) {
      await pause(300 + random.below(500))
      await rig.replace(random.pick(AWAITED_SERVICES), {}, false)
    }
    await fed
    await rig.recovered('kill -9 at random', 'random', () => `${kills} kills`)
    expect(kills).toBeGreaterThanOrEqual(6)
  })

  it('takes no write of a process that was frozen until others had its partitions', async () => {
    const frozen = AWAITED_SERVICES.map((name) => rig.services.of(name))
    const fed = rig.feed('zombie', { to: 0.7, appends: 1 })
    // Amid the batches of these.
    await rig.grown('learning.features', 200)
    for (const server of frozen) server.child.kill('SIGSTOP')
    const others = AWAITED_SERVICES.map((name) => rig.services.another(name))
    // Beyond the session of six seconds: the partitions are others' when the frozen ones wake up amid their work.
    await pause(9_000)
    for (const server of frozen) server.child.kill('SIGCONT')
    await fed
    await rig.feed('zombie', { from: 0.7 })
    await rig.recovered('SIGSTOP of every stage beyond its session, then SIGCONT', 'zombie')
    for (const server of others) expect((await server.signal('SIGTERM')).code).toBe(0)
  })

  it('loses and doubles nothing while consumers join and leave', async () => {
    const fed = rig.feed('members', { appends: 24, pauseMs: 500 })
    let changes = 0
    for (let round = 0; round < 3; round++) {
      const more = AWAITED_SERVICES.map((name) => rig.services.another(name))
      await Promise.all(more.map((server) => server.said(/\brunning\b/)))
      await pause(1_200)
      // In turn they leave as they should and as they should not.
      await Promise.all(more.map((server) => server.signal(round % 2 === 0 ? 'SIGTERM' : 'SIGKILL')))
      changes += 2 * more.length
      await pause(800)
    }
    await fed
    await rig.recovered('consumers added and removed', 'members', () => `${changes} changes of membership`)
  })
})
