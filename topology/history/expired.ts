import { hash53 } from '../events/hash.ts'
import type { ByteReader, ByteWriter } from '../stages/bytes.ts'
import { DEAD, EVIDENCE, type EventRing, GRADED, OUTRANKED, SERVER } from '../stages/windowing/ring.ts'
import { counts, isActivity } from '../stages/windowing/windows.ts'

/** What has left the ring of one opportunity key. */
export interface ExpiredOpportunity {
  /** The best evidence among it: 0 none that could count, 1 a client's, 2 a server's. */
  best: number
  /** The opportunity that counts is among it, and so in the models' checkpoint. */
  counts: boolean
  /** Something among it is activity that does not count, and would be none beside better evidence. */
  open: boolean
  /** Something among it is no activity because better evidence was there, perhaps in the ring still. */
  outranked: boolean
}

/** Of time, value as it came, and item of an event: two under one id with equal ones are the same event. 32 bits. */
export function contentHash(t: number, given: number, item: number): number {
  return hash53(`${t} ${given} ${item}`) % 0x1_0000_0000
}

/**
 * What must still be known of events that a checkpoint contains and whose records are gone: that they came, so that a
 * repeat is told from something new and a correction from one whose target is yet to come; and which opportunities they
 * settled, so that later evidence of the same one is not counted again. About twenty bytes an event.
 */
export class Expired {
  /** Content by event id hash. */
  readonly events: Map<number, number>
  /** By hash of the opportunity key. */
  readonly opportunities: Map<number, ExpiredOpportunity>

  constructor(events = new Map<number, number>(), opportunities = new Map<number, ExpiredOpportunity>()) {
    this.events = events
    this.opportunities = opportunities
  }

  /** With the oldest `count` events of a ring added. */
  with(ring: EventRing, count: number): Expired {
    const all = new Expired(new Map(this.events), new Map(this.opportunities))
    for (let i = 0; i < count; i++) {
      all.events.set(ring.id[i]!, contentHash(ring.t[i]!, ring.given[i]!, ring.item[i]!))
      const flags = ring.flags[i]!
      if (ring.opp[i] === 0 || (flags & EVIDENCE) === 0) continue
      const before = all.opportunities.get(ring.opp[i]!)
      const rank = (flags & (GRADED | DEAD)) !== GRADED ? 0 : (flags & SERVER) !== 0 ? 2 : 1
      const best = Math.max(before?.best ?? 0, rank)
      all.opportunities.set(ring.opp[i]!, {
        best,
        counts: (before?.counts ?? false) || counts(flags),
        open: (before?.open ?? false) || (isActivity(flags) && !counts(flags)),
        outranked: (before?.outranked ?? false) || (flags & (OUTRANKED | DEAD)) === OUTRANKED,
      })
    }
    return all
  }

  write(w: ByteWriter): void {
    const events = [...this.events].sort((a, b) => a[0] - b[0])
    w.u32(events.length)
    w.array(
      Float64Array.from(events, ([id]) => id),
      events.length,
    )
    w.array(
      Uint32Array.from(events, ([, content]) => content),
      events.length,
    )
    const opportunities = [...this.opportunities].sort((a, b) => a[0] - b[0])
    w.u32(opportunities.length)
    w.array(
      Float64Array.from(opportunities, ([key]) => key),
      opportunities.length,
    )
    w.array(
      Uint8Array.from(
        opportunities,
        ([, o]) => o.best | (o.counts ? 4 : 0) | (o.open ? 8 : 0) | (o.outranked ? 16 : 0),
      ),
      opportunities.length,
    )
  }

  static read(r: ByteReader): Expired {
    const n = r.u32()
    const ids = new Float64Array(n)
    r.into(ids, n)
    const contents = new Uint32Array(n)
    r.into(contents, n)
    const m = r.u32()
    const keys = new Float64Array(m)
    r.into(keys, m)
    const bits = new Uint8Array(m)
    r.into(bits, m)
    return new Expired(
      new Map(Array.from(ids, (id, i) => [id, contents[i]!])),
      new Map(
        Array.from(keys, (key, i) => {
          const b = bits[i]!
          return [key, { best: b & 3, counts: (b & 4) !== 0, open: (b & 8) !== 0, outranked: (b & 16) !== 0 }]
        }),
      ),
    )
  }
}
