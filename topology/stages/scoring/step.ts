import type { FeatureRecord, FoldOp } from '@mastery/schemas/src/generated/feature-record.gen.ts'
import type { MasteryScore } from '@mastery/schemas/src/generated/mastery-score.gen.ts'
import { hash53 } from '../../events/hash.ts'
import type { StageRecord, StepResult } from '../../stage.ts'
import type { TopicName } from '../../topics.ts'
import { type Change, changeOf, revisedBy } from './change.ts'
import { readScores } from './checkpoint.ts'
import { applyOps, ensureTopics, type FoldResult } from './fold.ts'
import { type InForce, inForce, MODEL_IDS } from './in-force.ts'
import type { ScoreMeta } from './meta.ts'
import { BLEND_AT, type Carried, PARTS, ScoreState, SNAP_AT, TOPIC_WIDTH } from './state.ts'
import { keepPrepared, takeUp } from './take-up.ts'
import { prior, topicScore } from './topic-score.ts'

export interface Folded extends FoldResult {
  /** Topics of the ops. */
  touched: ReadonlySet<string>
  /** Their blends before. */
  earlier: ReadonlyMap<string, number>
  /** When what was removed had been answered, by topic. */
  removed: ReadonlyMap<string, number>
  /** What served models carried before. */
  carried: readonly (Carried | null)[]
  /** Predictions, where any were made. */
  means: Float64Array
  /** Every topic gets a row: other versions are in force than before. */
  all: boolean
}

/** A record that the folded models have learned and of which nothing is written down yet. */
export interface Begun {
  type: 'begun'
  record: StageRecord
  f: FeatureRecord
  s: ScoreState
  meta: ScoreMeta
  value: MasteryScore
  /** The student's own answer, where the record is one. */
  own: FoldOp | undefined
  change: Change | null
  folded: Folded | null
}

export const SEEN: StepResult = { type: 'drop', reason: 'seen' }

/** The two halves of scoring a record: between them the served models speak. */
export interface ScoreStep {
  /** False for a record that was seen before; to be asked once per record, in order. */
  isNew(record: StageRecord, meta: ScoreMeta): boolean
  /** Takes a record to the models that everybody's answers are folded by; what the served ones say is still open. */
  begin(record: StageRecord, s: ScoreState, meta: ScoreMeta): StepResult | Begun
  /** Writes down what the models say, once all have spoken. */
  finish(begun: Begun): StepResult
}

export function scoreStep(generation: number, output: TopicName): ScoreStep {
  const means = new Float64Array(PARTS + 1)

  function isNew(record: StageRecord, meta: ScoreMeta): boolean {
    return meta.marks.take(record.value as FeatureRecord)
  }

  function begin(record: StageRecord, s: ScoreState, meta: ScoreMeta): StepResult | Begun {
    const f = record.value as FeatureRecord
    const reset = f.ops.some((o) => o.op === 'reset')
    if (reset) Object.assign(s, new ScoreState())
    const ops = f.ops.every((o) => o.topics.length > 0) ? f.ops : f.ops.filter((o) => o.topics.length > 0)
    const outdated = f.disposition === 'too_old' || f.disposition === 'rebuild_wanted'
    if (outdated) s.stale = true
    const warm = f.disposition === 'warmed'
    if (ops.length === 0 && !outdated && !reset && !warm && f.checkpoint === null)
      return { type: 'drop', reason: f.disposition }

    const brought =
      f.disposition === 'counted'
        ? ops.find((o) => o.op === 'insert' && o.event_hash === hash53(f.event_id))
        : undefined
    // What a teacher judges is evidence, and nothing that a student answered or a model could have predicted.
    const own = brought?.kind === 'teacher_feedback' ? undefined : brought
    const value: MasteryScore = {
      origin_partition: record.origin.partition,
      origin_offset: record.origin.offset,
      ordinal: 0,
      generation,
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
      revised: revisedBy(s, ops, brought),
    }
    const change = changeOf(s, f, ops, brought)
    const begun: Begun = { type: 'begun', record, f, s, meta, value, own, change, folded: null }
    if (warm) begun.folded = warmed(s, f, meta, value)
    else if (f.checkpoint !== null) install(s, f, f.checkpoint, meta, value)
    else if (ops.length > 0) begun.folded = fold(s, ops, own, inForce(meta))
    return begun
  }

  function fold(s: ScoreState, ops: readonly FoldOp[], own: FoldOp | undefined, versions: InForce): Folded {
    const all = takeUp(s, versions)
    const touched = new Set<string>()
    for (const o of ops) for (const t of o.topics) touched.add(t)
    const earlier = new Map<string, number>()
    for (const name of touched) {
      const t = s.sets.topics.find(name)
      if (t >= 0 && t < s.current.known) earlier.set(name, s.current.topics[t * TOPIC_WIDTH + BLEND_AT]!)
    }
    const carried = s.current.served
    const result = applyOps(s, ops, versions.params, own?.event_hash ?? -1, means)
    const removed = new Map<string, number>()
    for (const o of ops)
      if (o.op === 'remove')
        for (const t of o.topics) removed.set(t, Math.max(removed.get(t) ?? o.occurred_at, o.occurred_at))
    return { ...result, touched, earlier, removed, carried, means, all }
  }

  /**
   * Keeps what was prepared for versions to come, or brings the state to those in force. One that can't be, since nothing
   * was prepared and its ring does not reach back to the beginning, waits for a rebuild.
   */
  function warmed(s: ScoreState, f: FeatureRecord, meta: ScoreMeta, value: MasteryScore): Folded | null {
    const versions = inForce(meta)
    let all = takeUp(s, versions)
    if (f.checkpoint === null) {
      all = true
      if (s.cut) s.stale = true
      if (s.cut) value.cause = 'outdated'
    } else if (keepPrepared(s, f.checkpoint, f.student)) all = takeUp(s, versions) || all
    else value.cause = 'outdated'
    if (!all) return null
    const nothing = { touched: new Set<string>(), earlier: new Map(), removed: new Map() }
    return { predicted: false, before: null, from: s.ring.n, carried: s.current.served, means, all, ...nothing }
  }

  function finish({ record, f, s, meta, value, change, folded }: Begun): StepResult {
    if (folded !== null) rowsOf(folded, f, s, meta, change, value)
    value.stale = s.stale
    return { type: 'ok', outputs: [{ topic: output, subject: 'mastery-score', key: record.key, value }] }
  }

  function rowsOf(
    folded: Folded,
    f: FeatureRecord,
    s: ScoreState,
    meta: ScoreMeta,
    by: Change | null,
    value: MasteryScore,
  ): void {
    const { params, versions } = inForce(meta)
    if (folded.predicted)
      for (let m = 0; m <= PARTS; m++) {
        const p = folded.means[m]!
        if (p >= 0 && versions[m] !== '') value.predictions.push({ model: MODEL_IDS[m]!, version: versions[m]!, p })
      }
    for (const name of folded.touched) {
      const t = s.sets.topics.find(name)
      if (t < 0 || t >= s.current.known) continue
      const after = s.current.topics[t * TOPIC_WIDTH + BLEND_AT]!
      const change = by?.topics.includes(name)
        ? { code: by.code, value: by.value, effect: after - (folded.earlier.get(name) ?? prior(s, t, params)) }
        : null
      value.rows.push(topicScore(s, t, meta, change, folded.removed.get(name) ?? f.occurred_at))
    }
    if (!folded.before && !folded.all) return
    for (let t = 0; t < s.current.known; t++) {
      const name = s.sets.topics.names[t]!
      if (folded.touched.has(name)) continue
      if (!folded.all && !differs(folded.before!, s.current, t)) continue
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
    s.versions = inForce(meta).key
    s.cut = false
    for (let t = 0; t < s.current.known; t++) value.rows.push(topicScore(s, t, meta, null, f.occurred_at))
  }

  return { isNew, begin, finish }
}

function differs(a: ScoreState['current'], b: ScoreState['current'], topic: number): boolean {
  if (topic >= a.known) return true
  const at = topic * TOPIC_WIDTH
  for (let i = SNAP_AT; i < TOPIC_WIDTH; i++) if (a.topics[at + i] !== b.topics[at + i]) return true
  return false
}
