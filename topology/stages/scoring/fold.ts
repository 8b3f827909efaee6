import type { FoldOp } from '@mastery/schemas/src/generated/feature-record.gen.ts'
import type { RapidPolicy } from '../../effort/rapid-policy.ts'
import { kindIndex } from '../../events/kinds.ts'
import { BLEND } from '../../models/blend/model.ts'
import { MODELS } from '../../models/catalog.ts'
import type { Opportunity } from '../../models/model.ts'
import { learnStudentPart, learnTopicPart } from '../../models/part.ts'
import { compareOrder } from '../windowing/ring.ts'
import { weightOf } from './rapid-guesses.ts'
import {
  BLEND_AT,
  COUNT_AT,
  Knowledge,
  LAST_AT,
  MODEL_AT,
  NOT_SCORED,
  PARTS,
  type ScoreState,
  SNAP_AT,
  STUDENT_AT,
  STUDENT_WIDTH,
  TOPIC_WIDTH,
} from './state.ts'

export interface ParamSet {
  /** Parameters in force, in the order of MODELS. */
  models: readonly unknown[]
  /** How much rapid guesses teach; null: as much as any answer. */
  rapid: RapidPolicy | null
}

const N = MODELS.length
const opportunity: Opportunity = {
  at: 0,
  topicName: '',
  item: 0,
  kind: 0,
  hints: 0,
  score: 0,
  correct: false,
  weight: 1,
}
/** Predictions of the opportunity at hand, N per topic. */
let perTopic = new Float64Array(N * 16)
/** A student of whom nothing is known. */
const nobody = new Float64Array(Math.max(1, STUDENT_WIDTH))

/**
 * Sets up topics that the fold has not met, at the mastery of a student of whom nothing is known: what the student did
 * elsewhere enters with the first opportunity, so that a topic without one looks the same wherever the fold began.
 */
export function ensureTopics(s: ScoreState, k: Knowledge, params: ParamSet): void {
  const names = s.sets.topics.names
  if (k.known === names.length && k.known > 0) return
  for (let m = 0; m < N; m++) {
    MODELS[m]!.initStudent(params.models[m], nobody, STUDENT_AT[m]!)
    if (k.known === 0) MODELS[m]!.initStudent(params.models[m], k.student, STUDENT_AT[m]!)
  }
  if (names.length * TOPIC_WIDTH > k.topics.length) {
    const next = new Float64Array(Math.max(names.length, (k.topics.length / TOPIC_WIDTH) * 2) * TOPIC_WIDTH)
    next.set(k.topics)
    k.topics = next
  }
  for (; k.known < names.length; k.known++) {
    const at = k.known * TOPIC_WIDTH
    for (let m = 0; m < N; m++) {
      MODELS[m]!.initTopic(params.models[m], names[k.known]!, k.topics, at + MODEL_AT[m]!)
      k.topics[at + SNAP_AT + m] = MODELS[m]!.mastery(
        params.models[m],
        nobody,
        STUDENT_AT[m]!,
        k.topics,
        at + MODEL_AT[m]!,
      )
    }
    k.topics.fill(NOT_SCORED, at + SNAP_AT + N, at + BLEND_AT)
    k.topics[at + BLEND_AT] = BLEND.combine(k.topics, at + SNAP_AT, N)
    k.topics[at + LAST_AT] = 0
    k.topics[at + COUNT_AT] = 0
  }
}

function fill(s: ScoreState, i: number): readonly number[] {
  const { ring } = s
  opportunity.at = ring.t[i]!
  opportunity.item = ring.item[i]!
  opportunity.kind = ring.kind[i]!
  opportunity.hints = ring.hints[i]!
  opportunity.score = ring.score[i]! / 1e6
  opportunity.correct = ring.score[i]! >= 500_000
  return s.sets.sets[ring.set[i]!]!
}

/**
 * Each folded model's mean probability over the topics of opportunity `i`, then the blend of these, into `means`; what
 * the served ones say is not known here.
 */
function predictAll(s: ScoreState, k: Knowledge, params: ParamSet, i: number, means: Float64Array): readonly number[] {
  const topics = fill(s, i)
  const names = s.sets.topics.names
  if (topics.length * N > perTopic.length) perTopic = new Float64Array(topics.length * N * 2)
  for (let m = 0; m < N; m++) {
    const model = MODELS[m]!
    const st = STUDENT_AT[m]!
    const off = MODEL_AT[m]!
    let sum = 0
    for (let j = 0; j < topics.length; j++) {
      const topic = topics[j]!
      opportunity.topicName = names[topic]!
      const p = model.predict(params.models[m], k.student, st, k.topics, topic * TOPIC_WIDTH + off, opportunity)
      perTopic[j * N + m] = p
      sum += p
    }
    means[m] = sum / topics.length
  }
  means.fill(NOT_SCORED, N, PARTS)
  means[PARTS] = BLEND.combine(means, 0, N)
  return topics
}

/** The models learn opportunity `i`; `means` gets the predictions made right before. */
export function learn(s: ScoreState, k: Knowledge, params: ParamSet, i: number, means: Float64Array): void {
  const topics = predictAll(s, k, params, i, means)
  const names = s.sets.topics.names
  opportunity.weight = params.rapid === null ? 1 : weightOf(s, params.rapid, i)
  for (let m = 0; m < N; m++) {
    const model = MODELS[m]!
    const st = STUDENT_AT[m]!
    const off = MODEL_AT[m]!
    for (let j = 0; j < topics.length; j++) {
      opportunity.topicName = names[topics[j]!]!
      learnTopicPart(
        model,
        params.models[m],
        k.student,
        st,
        k.topics,
        topics[j]! * TOPIC_WIDTH + off,
        opportunity,
        perTopic[j * N + m]!,
      )
    }
    learnStudentPart(model, params.models[m], k.student, st, opportunity, means[m]!)
  }
  for (const topic of topics) {
    const at = topic * TOPIC_WIDTH
    for (let m = 0; m < N; m++)
      k.topics[at + SNAP_AT + m] = MODELS[m]!.mastery(
        params.models[m],
        k.student,
        STUDENT_AT[m]!,
        k.topics,
        at + MODEL_AT[m]!,
      )
    k.topics.fill(NOT_SCORED, at + SNAP_AT + N, at + BLEND_AT)
    k.topics[at + BLEND_AT] = BLEND.combine(k.topics, at + SNAP_AT, N)
    k.topics[at + LAST_AT] = opportunity.at
    k.topics[at + COUNT_AT] = k.topics[at + COUNT_AT]! + 1
  }
}

export function insert(s: ScoreState, op: FoldOp, at: number): void {
  const { ring } = s
  const set = s.sets.of(op.topics)
  ring.open(at)
  ring.t[at] = op.occurred_at
  ring.seq[at] = op.source_sequence
  ring.id[at] = op.event_hash
  ring.item[at] = op.item_hash
  ring.score[at] = op.score_micro
  ring.response[at] = op.response_ms
  ring.hints[at] = Math.min(65_535, op.hints)
  ring.set[at] = set
  ring.kind[at] = kindIndex(op.kind)
}

function placeOf(s: ScoreState, op: FoldOp): number {
  const { ring } = s
  let i = ring.n
  while (
    i > 0 &&
    compareOrder(ring.t[i - 1]!, ring.seq[i - 1]!, ring.id[i - 1]!, op.occurred_at, op.source_sequence, op.event_hash) >
      0
  )
    i--
  return i
}

const scratch = new Float64Array(PARTS + 1)

export interface FoldResult {
  /** `means` holds the predictions for the wanted opportunity. */
  predicted: boolean
  /** Snapshots before, for telling what changed; null where only the ops' own topics can have changed. */
  before: Knowledge | null
  /** First place of the ring where something is new or other than before. */
  from: number
}

/**
 * Applies ops and folds. The common case, one answer newer than all others, learns on top of the current state; every
 * other case folds again from the checkpoint, which gives the same doubles bit for bit, since the order is the same.
 * An op that lies before the checkpoint is left out and makes the state stale. The prediction for `wanted` is made from evidence strictly earlier than its event time.
 */
export function applyOps(
  s: ScoreState,
  ops: readonly FoldOp[],
  params: ParamSet,
  wanted: number,
  means: Float64Array,
): FoldResult {
  const { ring } = s
  const first = ops[0]!
  const last = ring.n === 0 ? s.baseEnd.t : ring.t[ring.n - 1]!
  if (ops.length === 1 && first.op === 'insert' && first.occurred_at > last) {
    insert(s, first, ring.n)
    ensureTopics(s, s.current, params)
    learn(s, s.current, params, ring.n - 1, means)
    return { predicted: wanted === first.event_hash, before: null, from: ring.n - 1 }
  }

  const before = s.current
  let from = ring.n
  for (const op of ops) {
    if (
      compareOrder(op.occurred_at, op.source_sequence, op.event_hash, s.baseEnd.t, s.baseEnd.seq, s.baseEnd.id) <= 0
    ) {
      s.stale = true
      continue
    }
    if (op.op === 'insert') {
      const at = placeOf(s, op)
      insert(s, op, at)
      from = Math.min(from, at)
    } else if (op.op === 'remove') {
      const at = ring.find(op.event_hash)
      if (at < 0) continue
      ring.close(at)
      from = Math.min(from, at)
    }
  }
  const k = s.base ? s.base.copy() : new Knowledge()
  ensureTopics(s, k, params)
  const target = ring.find(wanted)
  let predicted = false
  for (let i = 0; i < ring.n; i++) {
    if (target >= 0 && !predicted && ring.t[i] === ring.t[target]) {
      predictAll(s, k, params, target, means)
      predicted = true
    }
    learn(s, k, params, i, scratch)
  }
  s.current = k
  return { predicted, before, from: Math.min(from, ring.n) }
}
