import { activatePolicy } from '@mastery/cli/src/alerts/activate.ts'
import { untoldTenants, watchMeta } from '@mastery/infra/runtime/ops-rules.ts'
import { alertMarkers, policyOf } from '@mastery/topology/testing/alert-log.ts'
import { staffRoster } from '@mastery/topology/testing/watch-log.ts'
import { describe, expect, it } from 'vitest'
import { World } from './world.ts'

const START = Date.parse('2026-10-05T08:00:00Z')
const POLICY = policyOf({ rules: [{ id: 'gone', kind: 'pipeline', measure: 'silence' }] })

describe('a data folder in which an older build has put rules and a roster in force', { timeout: 120_000 }, () => {
  it('is found, and watches the system itself once the rules are activated again', async () => {
    const world = await World.open()
    try {
      const { installation } = world
      // Nothing of it stands in ops.metrics.
      await world.send(alertMarkers(POLICY, staffRoster()))
      expect(await untoldTenants(installation)).toEqual(['school'])
      await activatePolicy(installation, 'school', POLICY, START, () => world.pipeline.check())
      expect(await untoldTenants(installation)).toEqual([])
      const { inForce } = await watchMeta(installation)
      expect([...inForce.rosters.keys(), ...inForce.policies.keys()]).toEqual(['school', 'school'])
    } finally {
      await world.close()
    }
  })
})
