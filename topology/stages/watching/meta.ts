import type { StateCodec } from '../../stage.ts'
import { type AlertMeta, alertMeta } from '../alerting/meta.ts'
import { ByteReader, ByteWriter, expectFormat } from '../bytes.ts'
import type { Instance } from './machine.ts'
import { type Part, partKey, type Writer } from './parts.ts'
import type { Silence } from './silence.ts'
import type { Source } from './sources.ts'

const WATCH_META_VERSION = 1

/** State of the partition of ops.metrics. */
export interface WatchMeta {
  /** Greatest time of any record, UTC milliseconds. */
  now: number
  /** Milliseconds in which anything was heard: a night in which the whole system was off counts for nothing. */
  heard: number
  /** By generation and name. */
  parts: Map<string, Part>
  /** By tenant and name. */
  sources: Map<string, Source>
  /** When gold was last looked at, by tenant and kind, UTC milliseconds: an older look is a repeat. */
  looks: Map<string, number>
  /** By tenant, rule and subject. */
  instances: Map<string, Instance>
  /** What nobody wants to hear of for a while. */
  silences: Silence[]
  /** Hashes of commands that were carried out, oldest first. */
  commands: number[]
  /** Policies, rosters and the active generation as markers said. */
  inForce: AlertMeta
}

type Kept = Omit<WatchMeta, 'parts' | 'sources' | 'looks' | 'instances' | 'inForce'> & {
  parts: (Omit<Part, 'writers'> & { writers: [string, Writer][] })[]
  sources: [string, Source][]
  looks: [string, number][]
  instances: [string, Instance][]
}

const IN_FORCE = alertMeta()

export const WATCH_META: StateCodec<WatchMeta> = {
  empty: () => ({
    now: 0,
    heard: 0,
    parts: new Map(),
    sources: new Map(),
    looks: new Map(),
    instances: new Map(),
    silences: [],
    commands: [],
    inForce: IN_FORCE.empty(''),
  }),
  encode({ now, heard, parts, sources, looks, instances, silences, commands, inForce }) {
    const w = new ByteWriter(16_384)
    w.u8(WATCH_META_VERSION)
    const bytes = IN_FORCE.encode(inForce)
    w.u32(bytes.length)
    w.array(bytes, bytes.length)
    const kept: Kept = {
      now,
      heard,
      parts: [...parts.values()].map((p) => ({ ...p, writers: [...p.writers] })),
      sources: [...sources],
      looks: [...looks],
      instances: [...instances],
      silences,
      commands,
    }
    w.text(JSON.stringify(kept))
    return w.finish()
  },
  decode(bytes) {
    const r = new ByteReader(bytes)
    expectFormat(r, WATCH_META_VERSION, "The watching stage's state")
    const inForce = new Uint8Array(r.u32())
    r.into(inForce, inForce.length)
    const kept = JSON.parse(r.text()) as Kept
    return {
      now: kept.now,
      heard: kept.heard,
      parts: new Map(kept.parts.map((p) => [partKey(p.name, p.generation), { ...p, writers: new Map(p.writers) }])),
      sources: new Map(kept.sources),
      looks: new Map(kept.looks),
      instances: new Map(kept.instances),
      silences: kept.silences,
      commands: kept.commands,
      inForce: IN_FORCE.decode(inForce, ''),
    }
  },
}
