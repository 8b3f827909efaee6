import type { Marker } from '@mastery/schemas/src/generated/marker.gen.ts'
import type { Tick } from '@mastery/schemas/src/generated/tick.gen.ts'
import type { ServerSource } from '../../served/servers.ts'
import type { Stage, StageRecord, StepResult } from '../../stage.ts'
import { topicAt } from '../../topics.ts'
import type { RingLimits } from '../windowing/apply.ts'
import { inForce } from './in-force.ts'
import { applyMarker, filesOfMarker, filesOfMeta, type PinnedModels } from './markers.ts'
import { SCORE_META, type ScoreMeta } from './meta.ts'
import { NONE_SERVED, SCORE_STATE, type ScoreState } from './state.ts'
import { SEEN, scoreStep } from './step.ts'
import { needsServing, scoreTogether } from './together.ts'
import { trimScores } from './trim.ts'

export interface ScoringConfig {
  ring: RingLimits
  generation: number
  pinned?: PinnedModels
  /** Needed as soon as a version of a served model is in force. */
  servers?: ServerSource
}

/**
 * learning.features to mastery.scores. Folds every model over the student's opportunities in event order, predicts
 * before it learns, and explains what it says. Every opportunity yields one record.
 */
export function scoringStage(config: ScoringConfig): Stage<ScoreState, ScoreMeta> {
  const input = topicAt('learning.features', config.generation)
  const output = topicAt('mastery.scores', config.generation)
  const pinned = Object.entries(config.pinned?.models ?? {})
  const steps = scoreStep(config.generation, output)

  const forward = (record: StageRecord): StepResult => ({
    type: 'ok',
    outputs: [{ topic: output, broadcast: true, subject: record.subject, key: record.key, value: record.value }],
  })

  function score(record: StageRecord, s: ScoreState, meta: ScoreMeta): StepResult {
    if (!steps.isNew(record, meta)) return SEEN
    const begun = steps.begin(record, s, meta)
    if (begun.type !== 'begun') return begun
    if (inForce(meta).served.length > 0)
      throw new Error('Trained models are in force, and this stage was asked for one record at a time.')
    // What was carried while a version was in force is not kept up any more.
    s.current.served = NONE_SERVED
    if (s.base !== null) s.base.served = NONE_SERVED
    const result = steps.finish(begun)
    trimScores(s, config.ring, inForce(meta).params)
    return result
  }

  function concerningAll(record: StageRecord, meta: ScoreMeta): StepResult {
    switch (record.subject) {
      case 'tick':
        meta.now = Math.max(meta.now, (record.value as Tick).at)
        return forward(record)
      case 'marker':
        return applyMarker(record.value as Marker, meta, config.ring, config.pinned) ?? forward(record)
      case 'student-command':
        return {
          type: 'ok',
          outputs: [{ topic: output, subject: record.subject, key: record.key, value: record.value }],
        }
      default:
        return {
          type: 'dead_letter',
          code: 'wrong_subject',
          message: `A ${record.subject} does not belong into learning.features.`,
        }
    }
  }

  return {
    name: 'scoring',
    inputs: [input],
    outputs: [output],
    state: SCORE_STATE,
    meta: { ...SCORE_META, empty: (key) => ({ ...SCORE_META.empty(key), active: new Map(pinned) }) },
    keyOf: (r) => (r.subject === 'feature-record' ? r.key : null),
    files: (record, meta) =>
      record === null ? filesOfMeta(meta) : record.subject === 'marker' ? filesOfMarker(record.value as Marker) : [],
    step: (record, state, meta) =>
      record.subject === 'feature-record' ? score(record, state!, meta) : concerningAll(record, meta),
    together: (records, states, meta, alive) =>
      needsServing(records, meta)
        ? scoreTogether({ ...config, steps, concerningAll, ...(alive ? { alive } : {}) }, records, states, meta)
        : null,
  }
}
