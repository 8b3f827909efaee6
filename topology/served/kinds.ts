import { hash53 } from '../events/hash.ts'
import { kindFinder, type Vocabulary } from '../learners/sequence/vocabulary.ts'
import { type Ask, type Opportunities, UNKNOWN, type Walk } from './served.ts'

/** Finds what an opportunity was given to in a vocabulary, where items are known by their hashes. */
export class KindsByHash {
  private readonly items: ReadonlyMap<number, string>
  private readonly find: ReturnType<typeof kindFinder>

  constructor(v: Vocabulary) {
    const named = v.items.filter((name) => name.startsWith(ITEM)).map((name) => name.slice(ITEM.length))
    this.items = new Map(named.map((name) => [hash53(name), name]))
    this.find = kindFinder(v)
  }

  /** Kind of opportunity `i`; 0: neither its item nor one of its topics is known. */
  of(o: Opportunities, i: number): number {
    const item = o.item[i]!
    const topics = o.topics(i).map((t) => o.names[t]!)
    // An item that training did not see is any item of its topics, as a name that the vocabulary lacks is.
    return this.find(item === 0 ? null : (this.items.get(item) ?? NOT_SEEN), topics)
  }

  ofAsk(o: Opportunities, a: Ask): number {
    return a.opportunity === null ? this.find(NOT_SEEN, [o.names[a.topic]!]) : this.of(o, a.opportunity)
  }
}

/**
 * Asks a network about those of the questions that its vocabulary knows something of, in one batch; the others stay
 * UNKNOWN.
 * @param logits of right answers to `kinds`, one per question
 */
export async function askKnown(
  kinds: KindsByHash,
  walks: readonly Walk[],
  of: readonly { walk: number; ask: Ask }[],
  logits: (known: readonly { walk: number; ask: Ask }[], kinds: Int32Array) => Promise<Float32Array>,
): Promise<void> {
  const known: { walk: number; ask: Ask; kind: number }[] = []
  for (const { walk, ask } of of) {
    const kind = kinds.ofAsk(walks[walk]!.of, ask)
    ask.p = UNKNOWN
    if (kind !== 0) known.push({ walk, ask, kind })
  }
  if (known.length === 0) return
  const found = await logits(
    known,
    Int32Array.from(known, (k) => k.kind),
  )
  known.forEach(({ ask }, i) => {
    ask.p = 1 / (1 + Math.exp(-found[i]!))
  })
}

const ITEM = 'item '
const NOT_SEEN = '\u0000'
