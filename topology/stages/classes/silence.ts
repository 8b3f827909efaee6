import type { ClassSilence, ClassState } from './state.ts'

/** Until when a rule says nothing of a class on a topic, UTC milliseconds; 0: it speaks. */
export function silentUntil(s: Pick<ClassState, 'silences'>, rule: string, topic: string): number {
  let until = 0
  for (const x of s.silences) if (covers(x, rule, topic)) until = Math.max(until, x.until)
  return until
}

export const covers = (x: Omit<ClassSilence, 'until'>, rule: string, topic: string): boolean =>
  (x.rule === null || x.rule === rule) && (x.topic === null || x.topic === topic)
