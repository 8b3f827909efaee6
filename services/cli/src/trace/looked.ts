import type { Subject } from '@mastery/api/src/privacy/parts.ts'
import type { HistorySource } from '@mastery/infra/adapters/clickhouse/history.ts'
import { answersInOrder, type OrderedAnswer } from '@mastery/jobs/src/exports/answers-in-order.ts'
import { AttentionThread } from '@mastery/jobs/src/exports/attention-thread.ts'
import type { ArtefactStore } from '@mastery/topology/ports/artefact-store.ts'

type Seen = Pick<OrderedAnswer, 'item' | 'topics' | 'correct' | 'at'>

/** What a version of sakt looked at when it was asked for the newest answer on a topic. */
export interface Looked {
  version: string
  asked: Seen
  p: number
  /** Sum of the weights of all past answers. */
  looked: number
  past: (Seen & { weight: number; back: number })[]
}

const MOST = 5

/**
 * Null where no version of sakt has been trained, or the one that was trained last knows nothing of the answer or has
 * nothing to look back on.
 */
export async function lookedAt(
  parts: { gold: HistorySource; artefacts: ArtefactStore; generation: number },
  { tenant, student }: Subject,
  topic: string,
): Promise<Looked | null> {
  const thread = await AttentionThread.open(parts.artefacts)
  if (thread === null) return null
  try {
    const cut = { tenant, generation: parts.generation, offsets: null, from: null, to: null, models: [] }
    const answers: OrderedAnswer[] = []
    for await (const rows of answersInOrder(parts.gold, cut, student)) for (const a of rows) answers.push(a)
    const asked = answers.findLastIndex((a) => a.topics.includes(topic))
    const before = answers.slice(Math.max(0, asked - thread.window), asked + 1)
    const seen = ({ item, topics, correct, at }: OrderedAnswer): Seen => ({ item, topics, correct, at })
    const [found] = (await thread.ask({ students: [before.map(seen)], newest: 1, most: MOST }))[0] ?? []
    if (!found) return null
    return {
      version: thread.version,
      asked: seen(before[found.asked]!),
      p: found.p,
      looked: found.looked,
      past: found.looks.map((l) => ({ ...seen(before[l.past]!), weight: l.weight, back: found.asked - l.past })),
    }
  } finally {
    await thread.close()
  }
}
