import { REASONS } from '../learners/trees/reasons.ts'

/**
 * What a model that explains itself keeps of a topic: by reason, in the order of REASONS, the figure that a reader sees
 * and how much higher its mastery is for it. A figure is NaN where there is none.
 */
export interface Note {
  topic: number
  values: Float64Array
  effects: Float64Array
}

/** Stands in front: what was kept in another form is not read. */
const FORM = -2
const WIDTH = 1 + 2 * REASONS.length

const isOurs = (notes: Float64Array | null): notes is Float64Array => notes !== null && notes[0] === FORM

export function noteOf(notes: Float64Array | null, topic: number): Note | null {
  if (!isOurs(notes)) return null
  for (let at = 1; at < notes.length; at += WIDTH)
    if (notes[at] === topic) {
      const middle = at + 1 + REASONS.length
      return { topic, values: notes.slice(at + 1, middle), effects: notes.slice(middle, at + WIDTH) }
    }
  return null
}

/** The notes with others in the place of those on the same topics, ascending by topic. */
export function withNotes(notes: Float64Array | null, added: readonly Note[]): Float64Array {
  const all = new Map<number, ArrayLike<number>>()
  if (isOurs(notes))
    for (let at = 1; at < notes.length; at += WIDTH) all.set(notes[at]!, notes.subarray(at, at + WIDTH))
  for (const n of added) all.set(n.topic, [n.topic, ...n.values, ...n.effects])
  const out = new Float64Array(1 + all.size * WIDTH)
  out[0] = FORM
  const sorted = [...all.values()].sort((a, b) => a[0]! - b[0]!)
  for (const [i, n] of sorted.entries()) out.set(n, 1 + i * WIDTH)
  return out
}
