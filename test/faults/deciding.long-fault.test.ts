import { AWAITED_SERVICES, STAGES } from '@mastery/topology/flow.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { killedInRounds, nothingLost, type Round } from './deciding.ts'
import { Rig } from './rig.ts'

const gated = process.env['MASTERY_TEST_KAFKA']
const title = gated
  ? 'who decides that people are told, killed everywhere'
  : 'who decides that people are told, killed everywhere, not run: no local stack (MASTERY_TEST_KAFKA unset)'
const SERVICES = ['alerts', 'notify', 'drift'] as const
const PLACES = ['decoded', 'folded', 'produced.keyed', 'committed'] as const
/** One hands on to the outside; the other one writes of services that fare badly, and here none does. */
const OTHERS: readonly string[] = ['delivery', 'watching']

/** Every place of every stage of the service, one a round. */
const placesOf = (service: string): string[] =>
  STAGES.filter((s) => s.service === service && !OTHERS.includes(s.name)).flatMap((s) =>
    PLACES.map((p) => `${s.name}.${p}`),
  )

function allRounds(): Round[] {
  const places = SERVICES.map((name) => [name, placesOf(name)] as const)
  return Array.from({ length: Math.max(...places.map(([, all]) => all.length)) }, (_, i) =>
    Object.fromEntries(places.flatMap(([name, all]) => (all[i] ? [[name, all[i]]] : []))),
  )
}

describe.skipIf(!gated)(title, { timeout: 900_000 }, () => {
  let rig: Rig
  beforeAll(async () => {
    const school = { seed: 11, students: 30, events: 12_000 }
    rig = await Rig.open({ school: { school } }, { services: [...AWAITED_SERVICES, 'drift'] })
    await rig.prepare('school')
  }, 300_000)
  afterAll(() => rig?.close(), 180_000)

  it('says nothing twice and forgets nothing when every stage dies at every place', async () => {
    const rounds = allRounds()
    const deaths = await killedInRounds(rig, 'school', rounds)
    expect(deaths.length).toBe(6 * PLACES.length)
    await nothingLost(rig, 'school', 'kill -9 of alerts, classes, notify and drift, everywhere', deaths.length)
  })
})
