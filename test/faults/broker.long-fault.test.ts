import { AWAITED_SERVICES } from '@mastery/topology/flow.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signalPart, startPart } from './parts.ts'
import { pause, Rig } from './rig.ts'

const gated = process.env['MASTERY_TEST_KAFKA']
const title = gated ? 'a broker in trouble' : 'a broker in trouble, not run: no local stack (MASTERY_TEST_KAFKA unset)'

describe.skipIf(!gated)(title, { timeout: 300_000 }, () => {
  let rig: Rig
  beforeAll(async () => {
    rig = await Rig.open({
      restart: { rows: 4_000 },
      killed: { rows: 4_001 },
      frozen: { rows: 2_000 },
      truncated: { rows: 1_500 },
    })
  }, 300_000)
  afterAll(() => rig?.close(), 180_000)

  it.each([
    ['restarts', 'restart', 'SIGTERM'],
    ['is killed', 'killed', 'SIGKILL'],
  ] as const)('skips and doubles nothing when the broker %s', async (what, tenant, signal) => {
    await rig.feed(tenant, { appends: 2 })
    await signalPart(rig.folder, 'kafka', signal)
    await startPart(rig.folder, 'kafka')
    await rig.recovered(`the broker ${what} amid work`, tenant)
    expect(rig.services.output('features')).not.toMatch(/stopped reading/)
  })

  it('skips and doubles nothing when the broker says nothing for a while', async () => {
    await rig.feed('frozen', { appends: 2 })
    await signalPart(rig.folder, 'kafka', 'SIGSTOP')
    await pause(5_000)
    await signalPart(rig.folder, 'kafka', 'SIGCONT')
    await rig.recovered('the broker frozen for 5 s', 'frozen')
  })

  it('skips no deleted record in silence: the partition stops and says so, the others go on', async () => {
    const { log, state } = rig.installation
    const at = async (partition: number) =>
      (await state.peek({ stage: 'features', generation: 0, topic: 'learning.events', partition }))!.nextOffset
    await rig.services.stop('SIGTERM')
    const read = await at(1)
    await rig.feed('truncated')
    await rig.groups.truncate('learning.events', 1, read + 20)
    for (const name of AWAITED_SERVICES) rig.services.launch(name)
    await rig.services
      .of('features')
      .said(
        new RegExp(
          `features stopped reading learning.events partition 1.*Records ${read} to ${read + 19} are gone.*npx mastery replay`,
        ),
      )
    for (const p of [0, 2, 3]) {
      const { end } = await log.bounds('learning.events', p)
      while ((await at(p)) < end) await pause(50)
    }
    expect(await at(1)).toBe(read)
    // Gold had read no more of it either, and says so too.
    await rig.services.of('gold').said(/gold stopped reading learning.events partition 1/)
    expect([...rig.services.restarts.values()].every((n) => n <= 3)).toBe(true)
  })
})
