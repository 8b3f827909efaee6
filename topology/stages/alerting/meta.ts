import { RuleBook } from '../../alerts/effective.ts'
import { readPolicy } from '../../alerts/policy.ts'
import { fileOf, type ParameterSource, parametersBytes } from '../../models/parameters.ts'
import { openRoster, type Roster } from '../../roster/recipients.ts'
import type { Relations } from '../../roster/relations.ts'
import type { StateCodec } from '../../stage.ts'
import { ByteReader, ByteWriter, expectFormat } from '../bytes.ts'
import { Marks, readHashes, writeHashes } from '../marks.ts'

const ALERT_META_VERSION = 2
const WIDTHS = { count: 'u16', partition: 'u32' } as const

/** A policy or roster that a marker brought. */
export interface Version {
  version: string
  payload: string
}

/** In force for a tenant; `seq`: which of the partition's activations of policies brought it. */
export interface InForce extends Version {
  seq: number
}

/** State of one partition of mastery.scores. */
export interface AlertMeta {
  /** Greatest tick, UTC milliseconds; 0 before the first. */
  now: number
  /** The newest tick that mastery.classes was told of: all weeks that ended by then are closed. */
  classesTold: number
  /** Newest (offset, ordinal) taken from each partition of learning.features. */
  marks: Marks
  /** The generation that readers see: only what it decides is told to people. */
  active: number
  /** Policies by tenant; a null payload takes the policy out of force. */
  policies: Map<string, InForce>
  rosters: Map<string, Version>
  /** Prepared, by `policy TENANT` or `roster TENANT`. */
  prepared: Map<string, Version>
  /** Hashes of the ids of all markers that were carried out. */
  markers: Set<number>
  /** Activations of policies so far. */
  seq: number
  /** Every rule that has been in force, as `KIND ID`, in the order in which they came. */
  rules: string[]
}

function writeVersions(w: ByteWriter, m: ReadonlyMap<string, Version & { seq?: number }>): void {
  w.u16(m.size)
  for (const [name, v] of m) {
    w.text(name)
    w.text(v.version)
    w.text(v.payload)
    w.u32(v.seq ?? 0)
  }
}

function readVersions(r: ByteReader): Map<string, InForce> {
  const n = r.u16()
  const m = new Map<string, InForce>()
  for (let i = 0; i < n; i++) m.set(r.text(), { version: r.text(), payload: r.text(), seq: r.u32() })
  return m
}

const plain = (m: ReadonlyMap<string, InForce>) =>
  new Map([...m].map(([name, { version, payload }]) => [name, { version, payload }]))

/** `active`: the generation that readers see before any marker says so. */
export function alertMeta(active = 0): StateCodec<AlertMeta> {
  return {
    empty: () => ({
      now: 0,
      classesTold: 0,
      marks: new Marks(),
      active,
      policies: new Map(),
      rosters: new Map(),
      prepared: new Map(),
      markers: new Set(),
      seq: 0,
      rules: [],
    }),
    encode(m) {
      const w = new ByteWriter(256)
      w.u8(ALERT_META_VERSION)
      w.f64(m.now)
      w.f64(m.classesTold)
      w.u16(m.active)
      m.marks.write(w, WIDTHS)
      writeVersions(w, m.policies)
      writeVersions(w, m.rosters)
      writeVersions(w, m.prepared)
      writeHashes(w, m.markers)
      w.u32(m.seq)
      w.u16(m.rules.length)
      for (const rule of m.rules) w.text(rule)
      return w.finish()
    },
    decode(bytes) {
      const r = new ByteReader(bytes)
      expectFormat(r, ALERT_META_VERSION, "The alerting stage's partition state")
      const now = r.f64()
      const classesTold = r.f64()
      const active = r.u16()
      const marks = Marks.read(r, WIDTHS)
      const policies = readVersions(r)
      const rosters = plain(readVersions(r))
      const prepared = plain(readVersions(r))
      const markers = readHashes(r)
      const seq = r.u32()
      const rules: string[] = []
      const named = r.u16()
      for (let i = 0; i < named; i++) rules.push(r.text())
      return { now, classesTold, marks, active, policies, rosters, prepared, markers, seq, rules }
    },
  }
}

/** So many texts are kept parsed. */
const PARSED = 8

/** Parsed once per text: the same payload says the same for ever. */
function remembering<T>(parse: (payload: ParameterSource) => T): (payload: string) => T {
  const known = new Map<string, T>()
  return (payload) => {
    let found = known.get(payload)
    if (found === undefined) {
      found = parse(payload)
      if (known.size >= PARSED) known.delete(known.keys().next().value!)
      known.set(payload, found)
    }
    return found
  }
}

function textOf(payload: ParameterSource): string {
  const f = fileOf(payload)
  return f === null ? payload! : new TextDecoder('utf-8', { fatal: true }).decode(parametersBytes(f))
}

/** @throws ParametersNotLoaded, or an Error that says what can't be read */
export const bookOf = remembering((payload) => new RuleBook(readPolicy(textOf(payload))))

/** @throws ParametersNotLoaded, or an Error that says what can't be read */
export const rosterOf = remembering((payload): Roster => {
  const relations = JSON.parse(textOf(payload)) as Relations
  for (const field of ['schools', 'classes', 'members', 'guardians', 'users', 'denied'] as const)
    if (!Array.isArray(relations[field])) throw new Error(`The roster has no list of ${field}.`)
  return openRoster(relations)
})
