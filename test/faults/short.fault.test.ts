import { AWAITED_SERVICES } from '@mastery/topology/flow.ts'
import { topicsReadBy } from '@mastery/topology/topics.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pause, Rig } from './rig.ts'

const gated = process.env['MASTERY_TEST_KAFKA']
const title = gated
  ? 'services that die, and a state store that forgets'
  : 'services that die, not run: no local stack (MASTERY_TEST_KAFKA unset)'
const VICTIMS = ['features', 'scoring', 'alerts', 'gold'] as const
/** Around each write. The place after a commit comes last: until then all records are left to reach the next place. */
const CRASHES = {
  features: ['features.folded', 'features.produced', 'features.committed'],
  scoring: ['scoring.decoded', 'scoring.produced', 'scoring.reported'],
  // Without rules it writes nothing but time.
  alerts: ['alerts.decoded', 'alerts.folded', 'alerts.committed'],
  gold: ['gold.fetched', 'gold.folded', 'gold.committed'],
} as const

describe.skipIf(!gated)(title, { timeout: 300_000 }, () => {
  let rig: Rig
  beforeAll(async () => {
    rig = await Rig.open({ points: { rows: 1_200 }, sigterm: { rows: 4_000 }, flushed: { rows: 1_200 } })
  }, 300_000)
  afterAll(() => rig?.close(), 180_000)

  it('changes no row of gold when each service dies at its named places, one after the other', async () => {
    const deaths: string[] = []
    rig.services.leaveAlone()
    await Promise.all(VICTIMS.map((name) => rig.replace(name, { MASTERY_CRASH_AT: CRASHES[name][0] }, false)))
    await rig.feed('points', { appends: 12, pauseMs: 60 })
    await Promise.all(
      VICTIMS.map(async (name) => {
        for (const [i, at] of CRASHES[name].entries()) {
          while (rig.services.of(name).running) await pause(20)
          deaths.push(`${at} ${rig.services.of(name).child.signalCode}`)
          const next = CRASHES[name][i + 1]
          await rig.replace(name, next ? { MASTERY_CRASH_AT: next } : {}, false)
        }
      }),
    )
    await rig.recovered('kill -9 at twelve named places', 'points', () => `${deaths.length} kills`)
    expect(deaths.sort()).toEqual(
      Object.values(CRASHES)
        .flat()
        .map((at) => `${at} SIGKILL`)
        .sort(),
    )
  })

  it('loses nothing of a batch on SIGTERM, and leaves within ten seconds', async () => {
    const fed = rig.feed('sigterm')
    await rig.grown('learning.features', 500)
    const left = await rig.services.stop('SIGTERM')
    for (const [name, end] of left) {
      expect([name, end.code, end.signal]).toEqual([name, 0, null])
      expect(end.ms).toBeLessThan(10_000)
    }
    await fed
    for (const name of AWAITED_SERVICES) rig.services.launch(name)
    rig.services.supervise()
    const slowest = Math.max(...[...left.values()].map((e) => e.ms))
    await rig.recovered('SIGTERM amid batches', 'sigterm', () => `left within ${(slowest / 1000).toFixed(1)} s`)
  })

  it('loses no state and doubles no row when Redis is flushed amid traffic', async () => {
    await rig.feed('flushed', { to: 0.4 })
    await rig.caughtUp()
    // A loss is seen by what the group was told.
    for (const name of VICTIMS)
      for (const topic of topicsReadBy(name))
        while ((await rig.groups.untold(rig.groupOf(name), topic)) > 0) await pause(20)
    const feeding = rig.feed('flushed', { from: 0.4, appends: 12, pauseMs: 80 })
    await rig.grown('learning.features', 50)
    await rig.redis((redis) => redis.flushall())
    await feeding
    await rig.recovered('Redis FLUSHALL amid traffic', 'flushed')
    for (const name of VICTIMS)
      expect(rig.services.output(name)).toMatch(
        /rebuilding: the state store has nothing of \w+ for .*flushed or replaced/,
      )
  })
})
