import type { Installation } from '@mastery/infra/runtime/installation.ts'
import { alertMetas } from '@mastery/infra/runtime/ops-rules.ts'
import type { Alert } from '@mastery/schemas/src/generated/alert.gen.ts'
import type { Notice } from '@mastery/schemas/src/generated/notice.gen.ts'
import type { AlertPolicy } from '@mastery/topology/alerts/policy.ts'
import { Tally, type TallyResult } from '@mastery/topology/alerts/tally.ts'
import type { StageOutput, StageRecord } from '@mastery/topology/stage.ts'
import { filesOfMarker } from '@mastery/topology/stages/alerting/markers.ts'
import { alertingStage } from '@mastery/topology/stages/alerting/stage.ts'
import { classesStage } from '@mastery/topology/stages/classes/stage.ts'
import { topicAt } from '@mastery/topology/topics.ts'
import { VirtualRun } from '@mastery/topology/virtual-run.ts'
import { decoded, openingMarkers } from './preview-records.ts'
import { previewSystem } from './preview-system.ts'

const CHUNK = 2_000

export interface Previewed extends TallyResult {
  /** Event time of the first and the last record that the log has, UTC milliseconds; null: it has none. */
  history: { from: number; to: number } | null
  /** The same of what services said of themselves and what was found of items, models and data: by the clock of the services; null also where no rule asks. */
  system: { from: number; to: number } | null
  /** There is a roster to take recipients from. */
  roster: boolean
  /** The log no longer has its beginning: what rests on what is gone is missing. */
  cut: boolean
}

/**
 * What rules would have told whom over history: the stages themselves, over the scores and ticks that the log of the
 * generation in force has, in their time, and over ops.metrics in that of the services. The roster in force now holds for
 * all of it. Nothing is written.
 */
export async function previewRules(
  from: Installation,
  tenant: string,
  policy: AlertPolicy,
  range: { from: number; to: number },
  progress: (done: number) => void,
): Promise<Previewed> {
  const generation = from.generations.active.id
  const topic = topicAt('mastery.scores', generation)
  const [meta] = await alertMetas(from)
  const roster = meta?.rosters.get(tenant)
  const tally = new Tally(range)
  const history = { from: Number.POSITIVE_INFINITY, to: 0 }
  let cut = false
  let done = 0
  const partitions = await from.log.partitions(topic)
  const said = (o: StageOutput) => {
    if (o.subject === 'alert') tally.alert(o.value as Alert)
    else if (o.subject === 'notice') tally.notice(o.value as Notice)
  }
  // It may hear of one partition after the other: weeks are decided when the last one tells its time.
  const classes = new VirtualRun(classesStage({ generation, sources: partitions }))
  const ofClasses = topicAt('mastery.classes', generation)
  let heard = 0
  for (let partition = 0; partition < partitions; partition++) {
    const run = new VirtualRun(alertingStage({ generation }))
    const step = (record: StageRecord) => {
      for (const o of run.outputs(record)) {
        if (o.topic !== ofClasses) said(o)
        else classes.outputs({ ...o, origin: { topic: ofClasses, partition: 0, offset: heard++ } }).forEach(said)
      }
    }
    const origin = { topic, partition, offset: -1 }
    for (const m of openingMarkers(tenant, policy, roster, generation)) {
      await from.provide(filesOfMarker(m))
      step({ subject: 'marker', key: '', value: m, origin })
    }
    const { start, end } = await from.log.bounds(topic, partition)
    cut ||= start > 0
    for (let offset = start; offset < end; ) {
      const records = await from.log.read(topic, partition, offset, Math.min(CHUNK, end - offset))
      if (records.length === 0) break
      for (const r of records) {
        const record = decoded(from, r.value, r.key, { topic, partition, offset: r.offset })
        // The rules and the roster that held then are not asked; what else people did holds.
        if (record === null || record.subject === 'marker') continue
        if (record.subject === 'tick') {
          const { at } = record.value as { at: number }
          history.from = Math.min(history.from, at)
          history.to = Math.max(history.to, at)
        }
        step(record)
      }
      offset = records.at(-1)!.offset + 1
      done += records.length
      progress(done)
    }
    tally.students += run.size
  }
  const system = policy.watches.some((w) => w.enabled)
    ? await previewSystem(from, openingMarkers(tenant, policy, roster, generation), 2 * partitions, said)
    : null
  return { ...tally.result(), history: history.to > 0 ? history : null, system, roster: roster !== undefined, cut }
}
