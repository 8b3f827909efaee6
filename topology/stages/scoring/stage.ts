import type { FeatureRecord } from '@mastery/schemas/src/generated/feature-record.gen.ts'
import type { Marker } from '@mastery/schemas/src/generated/marker.gen.ts'
import type { MasteryScore } from '@mastery/schemas/src/generated/mastery-score.gen.ts'
import type { Tick } from '@mastery/schemas/src/generated/tick.gen.ts'
import { hash53 } from '../../events/hash.ts'
import { MODELS } from '../../models/catalog.ts'
import type { Stage, StageRecord, StepResult } from '../../stage.ts'
import { topicAt } from '../../topics.ts'
import type { RingLimits } from '../windowing/apply.ts'
import { readScores } from './checkpoint.ts'
import { applyOps, ensureTopics, type ParamSet, trimScores } from './fold.ts'
import { inForce, MODEL_IDS } from './in-force.ts'
import { applyMarker, filesOfMarker, filesOfMeta, type PinnedModels } from './markers.ts'
import { SCORE_META, type ScoreMeta } from './meta.ts'
import { SCORE_STATE, ScoreState, SNAP_AT, TOPIC_WIDTH } from './state.ts'
import { prior, topicScore } from './topic-score.ts'

const N = MODELS.length

export interface ScoringConfig {
  ring: RingLimits
  generation: number
  pinned?: PinnedModels
}

/**
 * learning.features to mastery.scores. Folds every model over the student's opportunities in event order, predicts
 * before it learns, and explains what it says. Every opportunity yields one record.
 */
export function scoringStage(config: ScoringConfig): Stage<ScoreState, ScoreMeta> {
  const input = topicAt('learning.features', config.generation)
  const output = topicAt('mastery.scores', config.generation)
  const means = new Float64Array(N + 1)
  const pinned = Object.entries(config.pinned?.models ?? {})

  function score(record: StageRecord, f: FeatureRecord, s: ScoreState, meta: ScoreMeta): StepResult {
    const mark = meta.marks.get(f.origin_partition)
    if (mark && (f.origin_offset < mark.offset || (f.origin_offset === mark.offset && f.ordinal <= mark.ordinal)))
      return { type: 'drop', reason: 'seen' }
    meta.marks.set(f.origin_partition, { offset: f.origin_offset, ordinal: f.ordinal })

    const reset = f.ops.some((o) => o.op === 'reset')
    if (reset) Object.assign(s, new ScoreState())
    const ops = f.ops.every((o) => o.topics.length > 0) ? f.ops : f.ops.filter((o) => o.topics.length > 0)
    const outdated = f.disposition === 'too_old' || f.disposition === 'rebuild_wanted'
    if (outdated) s.stale = true
    if (ops.length === 0 && !outdated && !reset && f.checkpoint === null) return { type: 'drop', reason: f.disposition }

    const { params, versions } = inForce(meta)
    const own =
      f.disposition === 'counted'
        ? ops.find((o) => o.op === 'insert' && o.event_hash === hash53(f.event_id))
        : undefined
    const value: MasteryScore = {
      origin_partition: record.origin.partition,
      origin_offset: record.origin.offset,
      ordinal: 0,
      generation: config.generation,
      tenant: f.tenant,
      student: f.student,
      event_id: f.event_id,
      occurred_at: f.occurred_at,
      now: f.now,
      item: own ? f.item : null,
      correct: own ? own.score_micro >= 500_000 : null,
      score: own ? own.score_micro / 1e6 : null,
      predictions: [],
      rows: [],
      stale: s.stale,
      cause: f.disposition,
      reason: f.reason,
    }
    if (f.checkpoint !== null) install(s, f, f.checkpoint, meta, value)
    else if (ops.length > 0) fold(s, f, ops, own, params, versions, meta, value)
    value.stale = s.stale
    trimScores(s, config.ring, params)
    return { type: 'ok', outputs: [{ topic: output, subject: 'mastery-score', key: record.key, value }] }
  }

  function fold(
    s: ScoreState,
    f: FeatureRecord,
    ops: FeatureRecord['ops'],
    own: FeatureRecord['ops'][number] | undefined,
    params: ParamSet,
    versions: readonly string[],
    meta: ScoreMeta,
    value: MasteryScore,
  ): void {
    const touched = new Set<string>()
    for (const o of ops) for (const t of o.topics) touched.add(t)
    const earlier = new Map<string, number>()
    for (const name of touched) {
      const t = s.sets.topics.find(name)
      if (t >= 0 && t < s.current.known) earlier.set(name, s.current.topics[t * TOPIC_WIDTH + SNAP_AT + N]!)
    }
    const result = applyOps(s, ops, params, own?.event_hash ?? -1, means)
    if (result.predicted)
      for (let m = 0; m <= N; m++) value.predictions.push({ model: MODEL_IDS[m]!, version: versions[m]!, p: means[m]! })

    const removed = new Map<string, number>()
    for (const o of ops)
      if (o.op === 'remove')
        for (const t of o.topics) removed.set(t, Math.max(removed.get(t) ?? o.occurred_at, o.occurred_at))
    for (const name of touched) {
      const t = s.sets.topics.find(name)
      if (t < 0 || t >= s.current.known) continue
      const after = s.current.topics[t * TOPIC_WIDTH + SNAP_AT + N]!
      const change = own?.topics.includes(name)
        ? { score: own.score_micro / 1e6, effect: after - (earlier.get(name) ?? prior(s, t, params)) }
        : null
      value.rows.push(topicScore(s, t, meta, change, removed.get(name) ?? f.occurred_at))
    }
    if (!result.before) return
    for (let t = 0; t < s.current.known; t++) {
      const name = s.sets.topics.names[t]!
      if (touched.has(name) || !differs(result.before, s.current, t)) continue
      value.rows.push(topicScore(s, t, meta, null, f.occurred_at))
    }
  }

  /** Made with other versions than those in force here, it is left out and the state stays stale: the job tries again. */
  function install(s: ScoreState, f: FeatureRecord, bytes: Uint8Array, meta: ScoreMeta, value: MasteryScore): void {
    const made = readScores(bytes, f.student)
    const { versions } = inForce(meta)
    if (made.versions.join() !== versions.join()) {
      s.stale = true
      value.cause = 'outdated'
      return
    }
    for (const row of f.rows) made.state.sets.topics.of(row.topic)
    ensureTopics(made.state, made.state.current, inForce(meta).params)
    Object.assign(s, made.state)
    s.stale = false
    for (let t = 0; t < s.current.known; t++) value.rows.push(topicScore(s, t, meta, null, f.occurred_at))
  }

  const forward = (record: StageRecord): StepResult => ({
    type: 'ok',
    outputs: [{ topic: output, broadcast: true, subject: record.subject, key: record.key, value: record.value }],
  })

  return {
    name: 'scoring',
    inputs: [input],
    outputs: [output],
    state: SCORE_STATE,
    meta: { ...SCORE_META, empty: (key) => ({ ...SCORE_META.empty(key), active: new Map(pinned) }) },
    keyOf: (r) => (r.subject === 'feature-record' ? r.key : null),
    files: (record, meta) =>
      record === null ? filesOfMeta(meta) : record.subject === 'marker' ? filesOfMarker(record.value as Marker) : [],
    step(record, state, meta) {
      switch (record.subject) {
        case 'feature-record':
          return score(record, record.value as FeatureRecord, state!, meta)
        case 'tick':
          meta.now = Math.max(meta.now, (record.value as Tick).at)
          return forward(record)
        case 'marker':
          return applyMarker(record.value as Marker, meta, config.pinned) ?? forward(record)
        default:
          return {
            type: 'dead_letter',
            code: 'wrong_subject',
            message: `A ${record.subject} does not belong into learning.features.`,
          }
      }
    },
  }
}

function differs(a: ScoreState['current'], b: ScoreState['current'], topic: number): boolean {
  if (topic >= a.known) return true
  const at = topic * TOPIC_WIDTH
  for (let i = SNAP_AT; i < TOPIC_WIDTH; i++) if (a.topics[at + i] !== b.topics[at + i]) return true
  return false
}
