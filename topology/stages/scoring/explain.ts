import type { Factor } from '@mastery/schemas/src/generated/mastery-score.gen.ts'
import { MODELS } from '../../models/catalog.ts'
import { SERVED } from '../../served/catalog.ts'
import { type Note, noteOf } from '../../served/notes.ts'
import type { ParamSet } from './fold.ts'
import { BLEND_AT, COUNT_AT, type Knowledge, MODEL_AT, PARTS, SNAP_AT, STUDENT_AT, TOPIC_WIDTH } from './state.ts'

const N = MODELS.length

/**
 * The three factors that moved the blended mastery most: each is a counterfactual difference, the blend minus what it
 * would be without that reason. `change` is what the newest answer did, null for rows that another event revised; `blended`: a fitted
 * blend is in force and has spoken.
 */
export function factorsOf(
  k: Knowledge,
  name: string,
  topic: number,
  params: ParamSet,
  change: { score: number; effect: number } | null,
  blended: boolean,
): Factor[] {
  const own = blended ? noteOf(k.served[SERVED.length]!.values, topic) : null
  const found = own === null ? onTheMean(k, name, topic, params) : fromNote(own)
  if (change) found.push({ code: 'latest_answer', value: change.score, effect: change.effect })
  sortByEffect(found)
  if (found.length > 3) found.length = 3
  return found
}

/** A fitted blend says what its mastery would be without the answers on the topic, and without all others. */
function fromNote(n: Note): Factor[] {
  const found: Factor[] = [{ code: 'topic_record', value: n.topicShare, effect: n.topicEffect }]
  if (!Number.isNaN(n.othersShare)) found.push({ code: 'other_topics', value: n.othersShare, effect: n.othersEffect })
  return found
}

function onTheMean(k: Knowledge, name: string, topic: number, params: ParamSet): Factor[] {
  const at = topic * TOPIC_WIDTH
  const found: Factor[] = []
  for (let m = 0; m < N; m++)
    MODELS[m]!.explain(
      params.models[m],
      name,
      k.student,
      STUDENT_AT[m]!,
      k.topics,
      at + MODEL_AT[m]!,
      k.topics[at + COUNT_AT]!,
      found,
    )
  const parts = partsAt(k, at)
  for (const f of found) f.effect /= parts
  // Of a served model the counterfactual is that it were not asked: the blend minus the mean of the other parts.
  if (parts > N)
    for (let m = N; m < PARTS; m++) {
      const value = k.topics[at + SNAP_AT + m]!
      if (value < 0) continue
      const blend = k.topics[at + BLEND_AT]!
      found.push({ code: `${SEEN_BY}${SERVED[m - N]!.id}`, value, effect: (value - blend) / (parts - 1) })
    }
  return found
}

/** Code of the factor that a served model's view is, before its id. */
export const SEEN_BY = 'seen_by_'

/** How many parts the blend of a topic has. */
function partsAt(k: Knowledge, at: number): number {
  let parts = 0
  for (let m = 0; m < PARTS; m++) if (k.topics[at + SNAP_AT + m]! >= 0) parts++
  return parts
}

/** Largest effect first, then by code. In place: for six of them Array's own sort costs more than finding them did. */
function sortByEffect(found: Factor[]): void {
  for (let i = 1; i < found.length; i++) {
    const f = found[i]!
    const size = Math.abs(f.effect)
    let at = i
    for (; at > 0; at--) {
      const before = found[at - 1]!
      const other = Math.abs(before.effect)
      if (other > size || (other === size && before.code < f.code)) break
      found[at] = before
    }
    found[at] = f
  }
}

/**
 * Standard deviation of the blended mastery m after n opportunities: sqrt(m (1 - m) / (n + 2) + v), the spread of a
 * proportion with two pseudo-answers, and v the variance of the models around their mean, since where they disagree
 * nobody knows better. At most 0.5.
 */
export function uncertaintyOf(k: Knowledge, topic: number): number {
  const at = topic * TOPIC_WIDTH + SNAP_AT
  const m = k.topics[topic * TOPIC_WIDTH + BLEND_AT]!
  const n = k.topics[topic * TOPIC_WIDTH + COUNT_AT]!
  let v = 0
  let parts = 0
  for (let i = 0; i < PARTS; i++) {
    const p = k.topics[at + i]!
    if (p < 0) continue
    const d = p - m
    v += d * d
    parts++
  }
  return Math.min(0.5, Math.sqrt((m * (1 - m)) / (n + 2) + v / parts))
}

/** Fewer opportunities than this say nothing yet. */
const ENOUGH = 3

export function standingOf(mastery: number, opportunities: number): string {
  if (opportunities < ENOUGH) return 'insufficient'
  return mastery >= 0.8 ? 'strength' : mastery <= 0.4 ? 'weakness' : 'developing'
}
