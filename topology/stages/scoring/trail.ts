import type { FoldRing } from './fold-ring.ts'

/** States that a served model had on its way through a ring, by the opportunity that each follows. */
interface Trail {
  version: number
  marks: { id: number; state: Float64Array }[]
}

/** Opportunities between two marks: as many more, at most, are learned again where one comes late. */
const APART = 64

/**
 * What a fold that begins in the midst of a ring can go on from. In memory only, for students of whom something came
 * late; without it the fold begins at the checkpoint and comes to the same.
 */
const trails = new WeakMap<FoldRing, Map<number, Trail>>()

/** Places at which a walk from `from` to `to` should keep its state. */
export function marksBetween(from: number, to: number): number[] {
  const places: number[] = []
  for (let p = from + APART; p < to; p += APART) places.push(p)
  return places
}

/** The newest state of the model's version that stands before `place`; those behind `changed` do not hold any more. */
export function stateBefore(
  ring: FoldRing,
  model: number,
  version: number,
  place: number,
  changed: number,
): { place: number; state: Float64Array } | null {
  const trail = trails.get(ring)?.get(model)
  if (trail === undefined || trail.version !== version) return null
  let found: { place: number; state: Float64Array } | null = null
  trail.marks = trail.marks.filter(({ id, state }) => {
    const after = ring.find(id) + 1
    if (after === 0 || after > changed) return false
    if (after <= place && (found === null || after > found.place)) found = { place: after, state }
    return true
  })
  return found
}

export function keepMarks(
  ring: FoldRing,
  model: number,
  version: number,
  kept: readonly { place: number; state: Float64Array }[],
): void {
  if (kept.length === 0) return
  const all = trails.get(ring) ?? new Map<number, Trail>()
  trails.set(ring, all)
  const before = all.get(model)
  const marks = before?.version === version ? before.marks : []
  const known = new Set(marks.map((m) => m.id))
  for (const { place, state } of kept) {
    const id = ring.id[place - 1]!
    if (!known.has(id)) marks.push({ id, state })
  }
  all.set(model, { version, marks })
}
