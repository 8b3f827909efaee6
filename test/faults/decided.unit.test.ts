import { openCodec } from '@mastery/infra/adapters/schema-registry/registry.ts'
import type { Alert } from '@mastery/schemas/src/generated/alert.gen.ts'
import { MemoryLog } from '@mastery/topology/testing/memory.ts'
import { describe, expect, it } from 'vitest'
import { DECIDED, decisionsDiffer, decisionsIn } from './decided.ts'

const codec = await openCodec({ url: 'mock://' })
const alert = (id: string, offset: number, more: Partial<Alert> = {}): Alert => ({
  ...{ origin_partition: 0, origin_offset: offset, ordinal: 0, generation: 0, tenant: 'school', alert_id: id },
  ...{ sequence: 1, rule: 'low', policy: 'p', scope: 'student', student: 's', class: null, topic: 't' },
  ...{ severity: 'normal', state: 'firing', before: 'normal', cause: 'answer', occurred_at: 5, now: 9, told: true },
  ...{ held_back: null, evidence: [], by: null, until: null, reason: null },
  ...more,
})

async function logOf(...alerts: Alert[]) {
  const log = new MemoryLog()
  await log.ensureTopics(DECIDED, 2)
  await log.append(
    alerts.map((a) => ({
      topic: 'mastery.alerts' as const,
      partition: 0,
      key: 's',
      value: codec.encode('alert', a),
      timestamp: 0,
    })),
  )
  return decisionsIn(log, codec, 'school')
}

describe('comparing what was decided', () => {
  it('takes what a restart says again for the same, wherever it stands', async () => {
    const [should, is] = [
      await logOf(alert('a', 1), alert('b', 2)),
      await logOf(alert('a', 7), alert('a', 7), alert('b', 9)),
    ]
    expect(decisionsDiffer(should, is)).toEqual([])
    expect(is.map((d) => [d.of, d.lines.length, d.copies])).toEqual([['mastery.alerts of alerts', 2, 1]])
  })

  it('finds what is lost, extra, decided twice, or said again in other words', async () => {
    const should = await logOf(alert('a', 1), alert('b', 2))
    expect(decisionsDiffer(should, await logOf(alert('a', 1)))).toEqual([expect.stringMatching(/lost in .*"b"/)])
    const twice = await logOf(alert('a', 1), alert('b', 2), alert('b', 3))
    expect(decisionsDiffer(should, twice)).toEqual([expect.stringMatching(/extra in .*"b"/)])
    const other = await logOf(alert('a', 1), alert('b', 2), alert('b', 2, { told: false }))
    expect(decisionsDiffer(should, other)).toEqual([expect.stringMatching(/0 from 0\/2 0 stands there twice/)])
    expect(decisionsDiffer(should, []).length).toBe(2)
  })

  it('looks at one tenant, and tells apart who wrote', async () => {
    const is = await logOf(alert('a', 1), alert('a', 1, { scope: 'class' }), alert('c', 2, { tenant: 'other' }))
    expect(is.map((d) => [d.of, d.lines.length])).toEqual([
      ['mastery.alerts of alerts', 1],
      ['mastery.alerts of classes', 1],
    ])
  })
})
