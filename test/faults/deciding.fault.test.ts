import { AWAITED_SERVICES } from '@mastery/topology/flow.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { killedInRounds, nothingLost } from './deciding.ts'
import { Rig } from './rig.ts'

const gated = process.env['MASTERY_TEST_KAFKA']
const title = gated
  ? 'who decides that people are told, and that something drifts'
  : 'who decides that people are told, not run: no local stack (MASTERY_TEST_KAFKA unset)'

describe.skipIf(!gated)(title, { timeout: 300_000 }, () => {
  let rig: Rig
  beforeAll(async () => {
    const school = { seed: 7, students: 20, events: 4_000 }
    rig = await Rig.open({ school: { school } }, { services: [...AWAITED_SERVICES, 'drift'] })
    await rig.prepare('school')
  }, 300_000)
  afterAll(() => rig?.close(), 180_000)

  it('says nothing twice and forgets nothing when it dies between the write and the commit, stage by stage', async () => {
    const rounds = [
      { alerts: 'alerts.produced.keyed', notify: 'notify.produced.keyed', drift: 'drift-features.produced.keyed' },
      { alerts: 'classes.produced.keyed', notify: 'notify.produced.keyed:2', drift: 'drift-scores.produced.keyed' },
      { alerts: 'alerts.produced.keyed:2', drift: 'drift.produced.keyed' },
    ]
    const deaths = await killedInRounds(rig, 'school', rounds)
    expect(deaths.sort()).toEqual(rounds.flatMap((r) => Object.values(r).map((at) => `${at} SIGKILL`)).sort())
    await nothingLost(rig, 'school', 'kill -9 of alerts, classes, notify and drift amid writes', deaths.length)
  })
})
