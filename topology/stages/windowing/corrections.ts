import { CAME_GRADED, compareOrder, DEAD, GRADED } from './ring.ts'
import type { Correction, WindowState } from './state.ts'

/** What holds for an event: a score in millionths, null where it is void, undefined where it stands as it came. */
export type InForce = number | null | undefined

/** Keeps a correction in its place; false where it is known already. */
export function keep(s: WindowState, c: Correction): boolean {
  if (s.corrections.some((k) => k.target === c.target && k.id === c.id)) return false
  s.corrections.push(c)
  s.corrections.sort((a, b) => a.target - b.target || compareOrder(a.at, 0, a.id, b.at, 0, b.id))
  return true
}

/**
 * Of several corrections of one target the newest by (time, id) holds, less those that were voided themselves; a
 * correction that was corrected brings the later value. So the outcome depends on what arrived, never on the order.
 */
export function inForce(s: WindowState, target: number, above: readonly number[] = []): InForce {
  let found: InForce
  for (const c of s.corrections) {
    if (c.target !== target || above.includes(c.id)) continue
    const over = inForce(s, c.id, [...above, target])
    if (over === null) continue
    found = over ?? c.value
  }
  return found
}

/** Index of the event at the end of a chain of corrections, -1 where the ring does not hold it. */
export function rootOf(s: WindowState, target: number): number {
  const { ring } = s
  for (let steps = 0; steps <= s.corrections.length; steps++) {
    const at = ring.n === 0 ? -1 : ring.find(target)
    if (at >= 0) return at
    const up = s.corrections.find((c) => c.id === target)
    if (!up) return -1
    target = up.target
  }
  return -1
}

/** Makes an entry say what is in force for it. False where it said so already. */
export function impose(s: WindowState, at: number): boolean {
  const { ring } = s
  const value = inForce(s, ring.id[at]!)
  const before = ring.value[at]!
  const flags = ring.flags[at]!
  const graded = typeof value === 'number' || (flags & CAME_GRADED) !== 0
  const now = (flags & ~(DEAD | GRADED)) | (graded ? GRADED : 0) | (value === null ? DEAD : 0)
  ring.flags[at] = now
  ring.value[at] = value ?? ring.given[at]!
  return now !== flags || ring.value[at] !== before
}
