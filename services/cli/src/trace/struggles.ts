import type { StudentClick } from './clicks.ts'

/** An item that a student got wrong, or right with help. */
export interface Struggle {
  item: string
  tries: number
  right: number
  /** The newest answer that was wrong or helped. */
  last: StudentClick
}

const struggled = (c: StudentClick) => !c.right || c.hints > 0 || c.answerRequestMs !== null

/** Items of a topic that were wrong or helped, those of the newest such answers first. */
export function strugglesOf(clicks: readonly StudentClick[], topic: string, most: number): Struggle[] {
  const items = new Map<string, Struggle>()
  for (const c of clicks) {
    if (c.kind !== 'answer' || c.item === null || !c.topics.includes(topic)) continue
    const known = items.get(c.item)
    if (!known && !struggled(c)) {
      items.set(c.item, { item: c.item, tries: 1, right: 1, last: c })
      continue
    }
    items.set(c.item, {
      item: c.item,
      tries: (known?.tries ?? 0) + 1,
      right: (known?.right ?? 0) + (c.right ? 1 : 0),
      last: known && !struggled(c) ? known.last : c,
    })
  }
  return [...items.values()]
    .filter((s) => struggled(s.last))
    .sort((a, b) => b.last.at - a.last.at || (a.item < b.item ? -1 : 1))
    .slice(0, most)
}
