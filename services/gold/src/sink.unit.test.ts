import type { RowBuffer } from '@mastery/infra/adapters/clickhouse/row-buffer.ts'
import { SILENT } from '@mastery/topology/ports/telemetry.ts'
import { answer, DAY, DAY_ZERO } from '@mastery/topology/testing/learner-log.ts'
import { TopologyDriver } from '@mastery/topology/testing/topology-driver.ts'
import { describe, expect, it } from 'vitest'
import { GoldLogic } from './sink.ts'
import { GoldWriter } from './writer.ts'

describe('the sink', () => {
  it('keeps the newest of a batch as the current row, also where an older record was sent again after it', async () => {
    const put: Record<string, unknown[][]> = {}
    const gold = {
      encode(table: string, rows: readonly (readonly unknown[])[], into: RowBuffer) {
        ;(put[table] ??= []).push(...rows.map((r) => [...r]))
        into.raw('\n')
      },
      insertEncoded: async () => {},
    }
    const events = [0, 1, 2].map((i) => answer(`e${i}`, { occurred_at: DAY_ZERO + i * DAY }))
    const features = new TopologyDriver().events(...events).features()
    const wire = [...features, features[0]!]
    const logic = new GoldLogic('learning.features', new GoldWriter(gold, SILENT, { maxRows: 1, maxDelayMs: 1 }), null)
    const records = wire.map((value, offset) => ({
      record: {
        subject: 'feature-record' as const,
        value,
        key: value.student,
        origin: { topic: 'learning.features' as const, partition: 0, offset },
      },
      raw: { offset, key: value.student, value: Buffer.alloc(0), timestamp: 0 },
    }))
    await logic.fold(records, { epoch: 1, nextOffset: 0 })
    await logic.finish()
    const current = put['student_topic_features']!
    expect(current).toHaveLength(1)
    expect(current[0]).toContain(DAY_ZERO + 2 * DAY)
    expect(put['event_dispositions']).toHaveLength(4)
  })
})
