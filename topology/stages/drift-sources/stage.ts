import type { Marker } from '@mastery/schemas/src/generated/marker.gen.ts'
import type { Tick } from '@mastery/schemas/src/generated/tick.gen.ts'
import type { DriftPolicy } from '../../drift/policy.ts'
import { readSubjects, tenantOfSubjects } from '../../drift/subjects.ts'
import { modelOfReference } from '../../drift/training-reference.ts'
import type { Stage, StageRecord, StepResult } from '../../stage.ts'
import { type SubjectName, topicAt } from '../../topics.ts'
import type { Sourced } from '../marks.ts'
import { type ClosingConfig, closeBuckets } from './closing.ts'
import { countFeatures } from './features.ts'
import { SOURCE_META, type SourceMeta } from './meta.ts'
import { countScores } from './scores.ts'

export interface DriftSourceConfig {
  policy: DriftPolicy
  generation: number
  /** Partitions of the topic that is read. */
  sources: number
}

const NOTHING: StepResult = { type: 'ok', outputs: [] }
const SEEN: StepResult = { type: 'drop', reason: 'seen' }
const PASSED: StepResult = { type: 'drop', reason: 'of no concern to drift' }
const NO_STATE = { empty: () => null, encode: () => new Uint8Array(0), decode: () => null }

/** The source whose markers hold: each switches at a place of its own, and one has to be asked. */
const LEADING = 0

/**
 * Which subjects a tenant's topics belong to holds from here on. What a new version's predictions are to be compared with
 * goes to everybody who judges them.
 */
function marker(record: StageRecord, meta: SourceMeta, c: ClosingConfig): StepResult {
  const { action, subject, name, payload } = record.value as Marker
  const tenant = tenantOfSubjects(subject, name)
  if (tenant !== null && action === 'activate') {
    try {
      meta.subjects.set(tenant, payload === null ? new Map() : readSubjects(payload))
    } catch (e) {
      return { type: 'dead_letter', code: 'marker_refused', message: (e as Error).message }
    }
    return NOTHING
  }
  if (c.stage !== 'scores' || record.origin.partition !== LEADING || modelOfReference(subject, name) === null)
    return PASSED
  const output = { topic: c.output, everywhere: true as const, subject: 'marker' as const, key: '' }
  return { type: 'ok', outputs: [{ ...output, value: record.value }] }
}

function sourceStage(
  name: string,
  c: ClosingConfig,
  input: 'learning.features' | 'mastery.scores',
  subject: SubjectName,
  count: (value: unknown, meta: SourceMeta) => void,
): Stage<null, SourceMeta> {
  return {
    name,
    inputs: [topicAt(input, c.generation)],
    outputs: [c.output],
    state: NO_STATE,
    meta: SOURCE_META,
    keyOf: () => null,
    step(record: StageRecord, _state, meta) {
      if (record.subject === subject) {
        if (!meta.marks.take(record.value as Sourced)) return SEEN
        count(record.value, meta)
        return NOTHING
      }
      if (record.subject === 'tick') {
        const outputs = closeBuckets(record, (record.value as Tick).at, meta, c)
        return outputs.length === 0 ? NOTHING : { type: 'ok', outputs }
      }
      if (record.subject === 'marker') return marker(record, meta, c)
      if (record.subject === 'student-command') return PASSED
      return {
        type: 'dead_letter',
        code: 'wrong_subject',
        message: `A ${record.subject} does not belong into ${input}.`,
      }
    },
  }
}

/** learning.features to drift.partials: what is watched of events and features, per tenant and closed bucket. */
export function driftFeaturesStage(config: DriftSourceConfig): Stage<null, SourceMeta> {
  const c: ClosingConfig = { ...config, stage: 'features', output: topicAt('drift.partials', config.generation) }
  return sourceStage('drift-features', c, 'learning.features', 'feature-record', countFeatures(config.policy, c))
}

/** mastery.scores to drift.partials: scores, predictions and how good they were, per tenant, model version and bucket. */
export function driftScoresStage(config: DriftSourceConfig): Stage<null, SourceMeta> {
  const c: ClosingConfig = { ...config, stage: 'scores', output: topicAt('drift.partials', config.generation) }
  return sourceStage('drift-scores', c, 'mastery.scores', 'mastery-score', countScores(c))
}
