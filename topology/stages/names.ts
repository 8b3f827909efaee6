import { Names } from '../names.ts'
import type { ByteReader, ByteWriter } from './bytes.ts'

/** What `membership` gives, filled again by every call. */
let member = new Uint8Array(64)

/**
 * Sets of topics, each kept once; an event refers to its set by index. Order and repetition
 * within a set do not matter; a set is kept in name order, so that sums over it do not depend on what arrived first.
 */
export class TopicSets {
  readonly topics = new Names()
  readonly sets: number[][] = []
  /** Sets of one topic, by that topic: nearly all events have one of these. */
  private readonly alone: (number | undefined)[] = []
  /** The other sets; null while there are none. */
  private index: Map<string, number> | null = null

  of(topics: readonly string[]): number {
    if (topics.length === 1) return this.find([this.topics.of(topics[0]!)])
    return this.find([...new Set(topics)].sort().map((t) => this.topics.of(t)))
  }

  private find(ids: number[]): number {
    const known = ids.length === 1 ? this.alone[ids[0]!] : this.index?.get(ids.join(','))
    return known ?? this.add(ids)
  }

  private add(ids: number[]): number {
    const set = this.sets.push(ids) - 1
    if (ids.length === 1) this.alone[ids[0]!] = set
    else (this.index ??= new Map()).set(ids.join(','), set)
    return set
  }

  /** By set: 1 where it holds the topic. Valid until a set is added. */
  membership(topic: number): Uint8Array {
    if (member.length < this.sets.length) member = new Uint8Array(this.sets.length * 2)
    for (let i = 0; i < this.sets.length; i++) member[i] = this.sets[i]!.includes(topic) ? 1 : 0
    return member
  }

  /** The sets in their order; the names of the topics are stored apart. */
  writeSets(w: ByteWriter): void {
    w.u16(this.sets.length)
    for (const set of this.sets) {
      w.u16(set.length)
      for (const t of set) w.u16(t)
    }
  }

  /** Names in their stored order, then the sets that `writeSets` wrote. */
  restore(names: readonly string[], r: ByteReader): void {
    for (const n of names) this.topics.of(n)
    const count = r.u16()
    for (let i = 0; i < count; i++) {
      const set: number[] = []
      const n = r.u16()
      for (let j = 0; j < n; j++) set.push(r.u16())
      this.add(set)
    }
  }
}
