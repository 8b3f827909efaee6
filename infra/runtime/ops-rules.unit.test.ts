import type { Marker } from '@mastery/schemas/src/generated/marker.gen.ts'
import { opsPartition } from '@mastery/topology/ops/place.ts'
import { alertMeta } from '@mastery/topology/stages/alerting/meta.ts'
import { WATCH_META } from '@mastery/topology/stages/watching/meta.ts'
import { JSON_CODEC } from '@mastery/topology/testing/counting-stage.ts'
import { MemoryLog } from '@mastery/topology/testing/memory.ts'
import { beforeEach, describe, expect, it } from 'vitest'
import { tellWhatIsInForce, untoldTenants } from './ops-rules.ts'

const PARTITIONS = 2
type Said = [version: string, seq: number]

let log: MemoryLog
beforeEach(async () => {
  log = new MemoryLog()
  await log.ensureTopics(['ops.metrics', 'mastery.scores'], PARTITIONS)
})

/** An installation whose alerting stage has a policy per partition, and its watching stage one or none. */
function having(alerts: readonly (Said | null)[], watching: Said | null, active = 0) {
  const put = (m: ReturnType<ReturnType<typeof alertMeta>['empty']>, said: Said | null) => {
    if (said !== null) m.policies.set('school', { version: said[0], payload: `rules ${said[0]}`, seq: said[1] })
    return m
  }
  const peek = async ({ stage, partition }: { stage: string; partition: number }) => {
    if (stage === 'alerts')
      return { meta: alertMeta().encode(put(alertMeta().empty(''), alerts[partition] ?? null)), nextOffset: 0 }
    const meta = WATCH_META.empty('')
    put(meta.inForce, watching)
    return { meta: WATCH_META.encode(meta), nextOffset: 0 }
  }
  const generations = { active: { id: active } }
  return { log, codec: JSON_CODEC, state: { peek }, generations } as unknown as Parameters<typeof tellWhatIsInForce>[0]
}

const told = async (): Promise<Marker[]> =>
  (await log.read('ops.metrics', opsPartition(PARTITIONS), 0, 100)).map(
    (r) => JSON_CODEC.decode(r.value).value as Marker,
  )

describe('what ops.metrics was told', () => {
  it('lacks what an older build has put in force, and what is newer than it', async () => {
    expect(
      await untoldTenants(
        having(
          [
            ['v1', 1],
            ['v1', 1],
          ],
          null,
        ),
      ),
    ).toEqual(['school'])
    expect(
      await untoldTenants(
        having(
          [
            ['v2', 2],
            ['v2', 2],
          ],
          ['v1', 1],
        ),
      ),
    ).toEqual(['school'])
  })

  it('lacks nothing where a partition is behind, or where nothing is in force', async () => {
    expect(
      await untoldTenants(
        having(
          [
            ['v2', 2],
            ['v1', 1],
          ],
          ['v2', 2],
        ),
      ),
    ).toEqual([])
    expect(await untoldTenants(having([null, null], null))).toEqual([])
  })

  it('is told the newest, and never an older one again that a partition still has', async () => {
    await tellWhatIsInForce(
      having(
        [
          ['v2', 2],
          ['v1', 1],
        ],
        ['v2', 2],
      ),
      1000,
    )
    await tellWhatIsInForce(
      having(
        [
          ['v3', 3],
          ['v1', 1],
        ],
        null,
      ),
      2000,
    )
    expect((await told()).map((m) => [m.action, m.subject, m.name, m.version, m.payload])).toEqual([
      ['prepare', 'policy', 'alerts/school', 'v2', 'rules v2'],
      ['activate', 'policy', 'alerts/school', 'v2', null],
      ['prepare', 'policy', 'alerts/school', 'v3', 'rules v3'],
      ['activate', 'policy', 'alerts/school', 'v3', null],
    ])
  })

  it('is told the generation that readers see, before what is in force in it', async () => {
    await log.ensureTopics(['mastery.scores.g2'], PARTITIONS)
    await tellWhatIsInForce(having([['v1', 1], null], null, 2), 1000)
    expect((await told()).map((m) => [m.action, m.subject, m.version])).toEqual([
      ['activate', 'generation', '2'],
      ['prepare', 'policy', 'v1'],
      ['activate', 'policy', 'v1'],
    ])
  })

  it('keeps what it was told while no partition has got that far, and brings nothing older back', async () => {
    const behind = having(
      [
        ['v1', 1],
        ['v1', 1],
      ],
      ['v2', 2],
    )
    expect(await untoldTenants(behind)).toEqual([])
    await tellWhatIsInForce(behind, 1000)
    expect((await told()).filter((m) => m.subject === 'policy').map((m) => m.version)).toEqual(['v2', 'v2'])
  })
})
