import type { ClickHouseGold } from '@mastery/infra/adapters/clickhouse/gold.ts'
import { GoldRemoval } from '@mastery/infra/adapters/clickhouse/removal.ts'
import type { Decoded } from '@mastery/infra/runtime/logic.ts'
import type { StateScope } from '@mastery/topology/ports/state-store.ts'
import { SILENT } from '@mastery/topology/ports/telemetry.ts'
import type { StageRecord } from '@mastery/topology/stage.ts'
import { alertingStage } from '@mastery/topology/stages/alerting/stage.ts'
import { answer, DAY_ZERO, MINUTE } from '@mastery/topology/testing/learner-log.ts'
import { MemoryLog, MemoryState } from '@mastery/topology/testing/memory.ts'
import { bothStages, type Input, TopologyDriver } from '@mastery/topology/testing/topology-driver.ts'
import type { TopicName } from '@mastery/topology/topics.ts'
import { expect } from 'vitest'
import { GoldErasures } from '../erasure-rows.ts'
import { Eraser } from '../erasures.ts'
import { Floors } from '../floors.ts'
import { GoldLogic } from '../sink.ts'
import { GoldWriter } from '../writer.ts'

export const TOPICS = ['learning.events', 'learning.features', 'mastery.scores', 'mastery.alerts'] as const

/** The sink over records that the stages made, one logic per topic, with commits when the test says so. */
export class Sink {
  readonly state = new MemoryState(new MemoryLog())
  readonly eraser: Eraser
  private readonly gold: ClickHouseGold
  private readonly logics = new Map<TopicName, { logic: GoldLogic; scope: StateScope; epoch: number; next: number }>()
  private clock = DAY_ZERO

  constructor(gold: ClickHouseGold) {
    this.gold = gold
    this.eraser = new Eraser(new GoldErasures(gold), new GoldRemoval(gold), SILENT, () => this.clock++)
  }

  private async of(topic: TopicName) {
    let held = this.logics.get(topic)
    if (!held) {
      const scope: StateScope = { stage: 'gold', generation: 0, topic, partition: 0 }
      const writer = new GoldWriter(this.gold, SILENT, { maxRows: 10_000, maxDelayMs: 1 })
      const floors = new Floors(scope, this.state, this.eraser)
      const logic = new GoldLogic(topic, writer, { eraser: this.eraser, floors, generation: 0, partition: 0 })
      const claim = await this.state.claim(scope, 'test')
      logic.reset(claim.meta)
      held = { logic, scope, epoch: claim.epoch, next: claim.nextOffset }
      this.logics.set(topic, held)
    }
    return held
  }

  /** A batch. Without `commit` the process dies between the rows and the commit. */
  async batch(topic: TopicName, records: readonly StageRecord[], commit = true): Promise<void> {
    const held = await this.of(topic)
    const decoded = records.map(
      (record): Decoded => ({
        record,
        raw: { offset: record.origin.offset, key: record.key, value: Buffer.alloc(0), timestamp: 1 },
      }),
    )
    await held.logic.fold(decoded, { epoch: held.epoch, nextOffset: held.next })
    const { changes, meta } = await held.logic.finish()
    if (!commit) return void this.logics.delete(topic)
    const nextOffset = records.at(-1)!.origin.offset + 1
    const { epoch, next: expectedOffset } = held
    expect(await this.state.commit(held.scope, { epoch, expectedOffset, nextOffset, meta, changes, outputs: [] })).toBe(
      'committed',
    )
    held.next = nextOffset
  }
}

/** What the topics hold after the stages have seen the inputs. */
export function flow(inputs: readonly Input[]): Record<(typeof TOPICS)[number], StageRecord[]> {
  const driver = new TopologyDriver([...bothStages(), alertingStage({ generation: 0 })]).send(...inputs)
  const out: Record<(typeof TOPICS)[number], StageRecord[]> = {
    'learning.events': inputs.map((r, offset) => ({
      subject: r.subject,
      value: r.value,
      key: 'student' in r.value ? r.value.student : '',
      origin: { topic: 'learning.events', partition: 0, offset },
    })),
    'learning.features': [],
    'mastery.scores': [],
    'mastery.alerts': [],
  }
  for (const topic of ['learning.features', 'mastery.scores', 'mastery.alerts'] as const)
    out[topic] = driver.outputs(topic).map((o, offset) => ({ ...o, origin: { topic, partition: 0, offset } }))
  return out
}

export const at = (minutes: number) => DAY_ZERO + minutes * MINUTE
export const does = (student: string, id: string, minutes: number, more = {}): Input => ({
  subject: 'learning-event',
  value: answer(id, { student, item: `item-${id}`, occurred_at: at(minutes), ...more }),
})
