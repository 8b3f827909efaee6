/**
 * What a model that explains itself keeps of a topic: the share of right answers on it and on the others, and how much
 * higher its mastery is for each of the two. NaN where there are no answers on other topics.
 */
export interface Note {
  topic: number
  topicShare: number
  topicEffect: number
  othersShare: number
  othersEffect: number
}

const WIDTH = 5

export function noteOf(notes: Float64Array | null, topic: number): Note | null {
  if (notes === null) return null
  for (let at = 0; at < notes.length; at += WIDTH)
    if (notes[at] === topic) {
      const [topicShare, topicEffect, othersShare, othersEffect] = notes.subarray(at + 1, at + WIDTH) as unknown as [
        number,
        number,
        number,
        number,
      ]
      return { topic, topicShare, topicEffect, othersShare, othersEffect }
    }
  return null
}

/** The notes with others in the place of those on the same topics, ascending by topic. */
export function withNotes(notes: Float64Array | null, added: readonly Note[]): Float64Array {
  const all = new Map<number, readonly number[]>()
  for (let at = 0; at < (notes?.length ?? 0); at += WIDTH) all.set(notes![at]!, [...notes!.subarray(at, at + WIDTH)])
  for (const n of added) all.set(n.topic, [n.topic, n.topicShare, n.topicEffect, n.othersShare, n.othersEffect])
  return Float64Array.from([...all.values()].sort((a, b) => a[0]! - b[0]!).flat())
}
