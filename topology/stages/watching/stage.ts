import type { Marker } from '@mastery/schemas/src/generated/marker.gen.ts'
import type { OpsMetric } from '@mastery/schemas/src/generated/ops-metric.gen.ts'
import type { OpsSignal } from '@mastery/schemas/src/generated/ops-signal.gen.ts'
import type { StudentCommand } from '@mastery/schemas/src/generated/student-command.gen.ts'
import { sourceKey } from '../../alerts/source-key.ts'
import type { Stage, StageOutput, StageRecord, StepResult } from '../../stage.ts'
import { topicAt } from '../../topics.ts'
import { applyMarker, filesOfMarker, filesOfMeta } from '../alerting/markers.ts'
import { obey } from './commands.ts'
import { endAbandoned, lookAt, watchParts } from './evaluate.ts'
import { WATCH_META, type WatchMeta } from './meta.ts'
import { takeMetric } from './parts.ts'
import { takeSources } from './sources.ts'
import type { Step } from './telling.ts'

export interface WatchingConfig {
  generation: number
  /** Sources of mastery.notices before this one: the partitions of mastery.scores, then those of mastery.classes. */
  sourcesBefore: number
}

/** Services write every quarter of a minute. What is longer is a time in which nobody could have been heard. */
const MOST_STEP_MS = 60_000

const SEEN: StepResult = { type: 'drop', reason: 'seen' }
const NO_STATE = { empty: () => null, encode: () => new Uint8Array(0), decode: () => null }

/**
 * ops.metrics to mastery.alerts and mastery.notices: rules about the system itself. All records stand in one partition,
 * and time is the greatest that any of them says, so a silent service is found by what the others write.
 */
export function watchingStage(config: WatchingConfig): Stage<null, WatchMeta> {
  const { generation, sourcesBefore } = config
  const alerts = topicAt('mastery.alerts', generation)
  const notices = topicAt('mastery.notices', generation)

  function stepOf({ origin }: StageRecord, meta: WatchMeta, cause: Step['cause']): Step {
    const { active } = meta.inForce
    const place = { source: sourcesBefore + origin.partition, offset: origin.offset }
    return {
      generation,
      active,
      alerts,
      notices,
      ...place,
      now: meta.now,
      cause,
      all: [],
      ordinals: { alerts: 0, notices: 0 },
    }
  }

  function advance(meta: WatchMeta, at: number): void {
    if (at <= meta.now) return
    if (meta.now > 0) meta.heard += Math.min(at - meta.now, MOST_STEP_MS)
    meta.now = at
  }

  function metric(record: StageRecord, meta: WatchMeta): StepResult {
    const m = record.value as OpsMetric
    advance(meta, m.to)
    if (!takeMetric(meta.parts, m, meta.now, meta.heard)) return SEEN
    takeSources(meta.sources, m, meta.now)
    const step = stepOf(record, meta, 'metric')
    watchParts(meta, step)
    return { type: 'ok', outputs: step.all }
  }

  function signal(record: StageRecord, meta: WatchMeta): StepResult {
    const s = record.value as OpsSignal
    const key = `${s.tenant}\n${s.kind}`
    if ((meta.looks.get(key) ?? 0) >= s.at) return SEEN
    meta.looks.set(key, s.at)
    advance(meta, s.at)
    const step = stepOf(record, meta, 'look')
    lookAt(meta, s, step)
    return { type: 'ok', outputs: step.all }
  }

  function command(record: StageRecord, meta: WatchMeta): StepResult {
    const c = record.value as StudentCommand
    const step = stepOf(record, meta, c.kind)
    const not = obey(meta, c, step)
    return not === null ? { type: 'ok', outputs: step.all } : { type: 'drop', reason: not }
  }

  function marker(record: StageRecord, meta: WatchMeta): StepResult {
    const m = record.value as Marker
    const refused = applyMarker(m, meta.inForce)
    if (refused !== null) return refused
    const step = stepOf(record, meta, 'policy')
    if (m.subject === 'policy' && m.action === 'activate') endAbandoned(meta, step)
    // Readers of notices look rules and zones up by the source that decided.
    if (m.subject !== 'policy' && m.subject !== 'roster') return { type: 'ok', outputs: step.all }
    const key = sourceKey('marker', step.source)
    const forwarded: StageOutput = { topic: notices, everywhere: true, subject: 'marker', key, value: m }
    return { type: 'ok', outputs: [forwarded, ...step.all] }
  }

  return {
    name: 'watching',
    inputs: ['ops.metrics'],
    outputs: [alerts, notices],
    state: NO_STATE,
    meta: WATCH_META,
    keyOf: () => null,
    files: (record, meta) =>
      record === null
        ? filesOfMeta(meta.inForce)
        : record.subject === 'marker'
          ? filesOfMarker(record.value as Marker)
          : [],
    step(record, _state, meta) {
      switch (record.subject) {
        case 'ops-metric':
          return metric(record, meta)
        case 'ops-signal':
          return signal(record, meta)
        case 'marker':
          return marker(record, meta)
        case 'student-command':
          return command(record, meta)
        default:
          return {
            type: 'dead_letter',
            code: 'wrong_subject',
            message: `A ${record.subject} does not belong into ops.metrics.`,
          }
      }
    },
  }
}
