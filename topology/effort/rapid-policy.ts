import { hash53 } from '../events/hash.ts'
import { rowsOf } from '../models/columns.ts'
import { numberIn } from '../models/model.ts'

/** Times of one item, or of the items of one topic, milliseconds. */
export interface UsualTimes {
  /** An answer that took less is a rapid guess. */
  thresholdMs: number
  /** Median of all answers; null: not known. */
  usualMs: number | null
}

/** How much rapid guesses teach, and what is taken for one. A version of it is in force from a marker on. */
export interface RapidPolicy {
  /** 0 to 1: states go that part of the way. */
  weight: number
  /** By hash of the item's name. */
  items: ReadonlyMap<number, UsualTimes>
  /** By topic, for items that are not listed. */
  topics: ReadonlyMap<string, UsualTimes>
  /** For all others; null: their answers count in full. */
  other: UsualTimes | null
}

const LONGEST_MS = 86_400_000
const MS = { low: 0, high: LONGEST_MS }
const TIMES = { ms: MS, usual: { ...MS, otherwise: 0 } }

const timesOf = (ms: number, usual: number): UsualTimes => ({ thresholdMs: ms, usualMs: usual > 0 ? usual : null })

/** Name that markers give the policy, and the version that stands where it is off. */
export const RAPID_GUESSES = {
  id: 'rapid-guesses',
  off: 'off',
  about: 'Rapid guesses teach the folded models only in part.',
  defaults: null as RapidPolicy | null,
  /** @throws Error that names what does not fit */
  parse(json: unknown): RapidPolicy {
    const of = (json ?? {}) as { thresholds?: { other?: unknown; otherUsual?: unknown } }
    const { thresholds } = of
    if (typeof thresholds !== 'object' || thresholds === null)
      throw new Error('Field "thresholds" must have the tables "items" and "topics".')
    const items = new Map<number, UsualTimes>()
    for (const [name, { ms, usual }] of rowsOf(thresholds, 'items', TIMES)) items.set(hash53(name), timesOf(ms, usual))
    const topics = new Map<string, UsualTimes>()
    for (const [name, { ms, usual }] of rowsOf(thresholds, 'topics', TIMES)) topics.set(name, timesOf(ms, usual))
    const other = (thresholds.other ?? null) === null ? null : numberIn(thresholds, 'other', 0, LONGEST_MS)
    const usual = (thresholds.otherUsual ?? null) === null ? 0 : numberIn(thresholds, 'otherUsual', 0, LONGEST_MS)
    return {
      weight: numberIn(json, 'weight', 0, 1),
      items,
      topics,
      other: other === null ? null : timesOf(other, usual),
    }
  },
}

/**
 * The times that make an answer a rapid guess: it took less than the threshold of its item, else of its topic (of
 * several the first by name), else of all. Null: it counts in full, as does one whose time is not known.
 * @param item hash of the item's name, 0 for none
 * @param responseMs from shown to answered; 0 or less where unknown
 */
export function rapidTimes(p: RapidPolicy, item: number, topic: string, responseMs: number): UsualTimes | null {
  if (!(responseMs > 0)) return null
  const times = (item === 0 ? undefined : p.items.get(item)) ?? p.topics.get(topic) ?? p.other
  return times !== null && responseMs < times.thresholdMs ? times : null
}
