import type { Factor } from '@mastery/schemas/src/generated/mastery-score.gen.ts'
import { REASONS } from '../../learners/trees/reasons.ts'
import { MODELS } from '../../models/catalog.ts'
import { SERVED } from '../../served/catalog.ts'
import { type Note, noteOf } from '../../served/notes.ts'
import { BY_PEOPLE } from './change.ts'
import type { ParamSet } from './fold.ts'
import { BLEND_AT, COUNT_AT, type Knowledge, MIXED_PARTS, MODEL_AT, SNAP_AT, STUDENT_AT, TOPIC_WIDTH } from './state.ts'

const N = MODELS.length

/**
 * The three factors that moved the mastery most. Where a fitted blend has spoken they are parts of its difference from
 * what it says of nobody in particular (TreeSHAP, by reason; all reasons together are that difference). Of the plain mean
 * each is a counterfactual difference, the mean minus what it would be without that reason.
 * What somebody judged or corrected is always among them.
 * @param change what the record did: the newest answer, a judgement, a correction; null for rows that another event revised
 * @param said by place in SERVED_AND_BLEND whether the version in force has spoken of this student
 */
export function factorsOf(
  k: Knowledge,
  name: string,
  topic: number,
  params: ParamSet,
  change: Factor | null,
  said: (at: number) => boolean,
): Factor[] {
  const noted = (at: number) => (said(at) ? noteOf(k.served[at]!.values, topic) : null)
  const own = noted(SERVED.length)
  const found = own === null ? onTheMean(k, name, topic, params, noted) : fromNote(own, 1)
  const told = change !== null && BY_PEOPLE.includes(change.code)
  if (change !== null && (told || own === null)) found.push(change)
  sortByEffect(found)
  if (found.length > 3) {
    found.length = 3
    if (told && !found.includes(change)) found[2] = change
  }
  return found
}

/** @param share of the note's model in the mastery */
function fromNote({ values, effects }: Note, share: number): Factor[] {
  return REASONS.flatMap((code, i) => {
    const value = values[i]!
    return Number.isNaN(value) ? [] : [{ code, value, effect: share * effects[i]! }]
  })
}

function onTheMean(
  k: Knowledge,
  name: string,
  topic: number,
  params: ParamSet,
  noted: (at: number) => Note | null,
): Factor[] {
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
  // Of a served model that gives no reasons the counterfactual is that it were not asked: the mean minus that of the others.
  if (parts > N)
    for (let m = N; m < MIXED_PARTS; m++) {
      const value = k.topics[at + SNAP_AT + m]!
      if (value < 0) continue
      const note = noted(m - N)
      const blend = k.topics[at + BLEND_AT]!
      if (note !== null) found.push(...fromNote(note, 1 / parts))
      else found.push({ code: `${SEEN_BY}${SERVED[m - N]!.id}`, value, effect: (value - blend) / (parts - 1) })
    }
  return found
}

/** Code of the factor that a served model's view is, before its id. */
export const SEEN_BY = 'seen_by_'

/** How many parts the blend of a topic has. */
function partsAt(k: Knowledge, at: number): number {
  let parts = 0
  for (let m = 0; m < MIXED_PARTS; m++) if (k.topics[at + SNAP_AT + m]! >= 0) parts++
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
  for (let i = 0; i < MIXED_PARTS; i++) {
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
