import type { FeatureRecord } from '@mastery/schemas/src/generated/feature-record.gen.ts'
import type { Marker } from '@mastery/schemas/src/generated/marker.gen.ts'
import type { StudentCommand } from '@mastery/schemas/src/generated/student-command.gen.ts'
import type { Tick } from '@mastery/schemas/src/generated/tick.gen.ts'
import type { PartitionCounts } from '@mastery/topology/partition.ts'
import { CodecError } from '@mastery/topology/ports/codec.ts'
import type { LogRecord } from '@mastery/topology/ports/event-log.ts'
import { type AnyStage, placesOf } from '@mastery/topology/stage.ts'
import { wokenBy } from '@mastery/topology/testing/woken.ts'
import type { SubjectName, TopicName } from '@mastery/topology/topics.ts'
import { CODEC } from './sim-codec.ts'

/** A record that a stage should have written, and the offset of the input that it comes from. */
export interface Expected {
  from: number
  /** Partitions of the output topic in which it should stand. */
  places: readonly number[]
  topic: TopicName
  key: string
  subject: SubjectName
  value: unknown
  bytes: Buffer
}

/** A record that should have been set aside. */
export interface SetAside {
  from: number
  stage: string
  code: string
  topic: TopicName
  partition: number
  bytes: Buffer
}

export interface Folded {
  outputs: Expected[]
  rejects: SetAside[]
  states: Map<string, Uint8Array>
  meta: Uint8Array
}

/** What a reader that keeps no state sets aside: the records that it can't decode. */
export function unreadable(
  stage: string,
  topic: TopicName,
  partition: number,
  records: readonly LogRecord[],
): SetAside[] {
  return records.flatMap((r) => {
    const code = codeOf(r.value)
    return code === null ? [] : [{ from: r.offset, stage, code, topic, partition, bytes: r.value }]
  })
}

function codeOf(bytes: Buffer): string | null {
  const read = decodedOr(bytes)
  return typeof read === 'string' ? read : null
}

function decodedOr(bytes: Buffer): ReturnType<typeof CODEC.decode> | string {
  try {
    return CODEC.decode(bytes)
  } catch (e) {
    if (e instanceof CodecError) return e.code
    throw e
  }
}

/** Null where nobody can decode it. */
export function readable(bytes: Buffer): ReturnType<typeof CODEC.decode> | null {
  const read = decodedOr(bytes)
  return typeof read === 'string' ? null : read
}

/**
 * What a partition's first records come to: the stage's own pure step in a loop, in log order, in one piece. No
 * batches, no store, no claims. `counts`: null where the output has as many partitions as the input.
 */
export function foldLog(
  stage: AnyStage,
  topic: TopicName,
  partition: number,
  records: readonly LogRecord[],
  counts: PartitionCounts | null = null,
): Folded {
  const states = new Map<string, unknown>()
  const meta = stage.meta.empty('')
  const folded: Folded = { outputs: [], rejects: [], states: new Map(), meta: new Uint8Array(0) }
  for (const r of records) {
    const aside = (code: string) =>
      folded.rejects.push({ from: r.offset, stage: stage.name, code, topic, partition, bytes: r.value })
    const code = codeOf(r.value)
    if (code !== null) {
      aside(code)
      continue
    }
    const record = { ...CODEC.decode(r.value), key: r.key, origin: { topic, partition, offset: r.offset } }
    const key = stage.keyOf(record)
    const state = key === null ? null : (states.get(key) ?? stage.state.empty(key))
    const result = stage.step(record, state, meta, wokenBy(stage, record, states, meta))
    if (result.type === 'dead_letter') aside(result.code)
    else if (key !== null) states.set(key, state)
    if (result.type === 'drop') continue
    for (const o of result.outputs ?? []) {
      const { subject, value, topic: to, key: name } = o
      const places = placesOf(o, partition, counts)
      const about = { from: r.offset, places, topic: to, key: name }
      folded.outputs.push({ ...about, subject, value, bytes: Buffer.from(CODEC.encode(subject, value)) })
    }
  }
  for (const [key, state] of states) folded.states.set(key, stage.state.encode(state))
  folded.meta = stage.meta.encode(meta)
  return folded
}

/**
 * Keeps what is newer than everything before it from the same source partition, as every reader does: a record by its
 * origin, a tick by its time, a marker or a command by its id.
 */
export function onlyNew<T extends { subject: SubjectName; value: unknown }>(records: readonly T[]): T[] {
  const marks = new Map<number, readonly [offset: number, ordinal: number]>()
  const ids = new Set<string>()
  let tick = Number.NEGATIVE_INFINITY
  return records.filter(({ subject, value }) => {
    if (subject === 'tick') {
      const { at } = value as Tick
      if (at <= tick) return false
      tick = at
      return true
    }
    if (subject === 'marker') {
      const { marker_id } = value as Marker
      if (ids.has(marker_id)) return false
      ids.add(marker_id)
      return true
    }
    if (subject === 'student-command') {
      const { command_id } = value as StudentCommand
      if (ids.has(command_id)) return false
      ids.add(command_id)
      return true
    }
    const { origin_partition, origin_offset, ordinal } = value as FeatureRecord
    const mark = marks.get(origin_partition)
    if (mark && (origin_offset < mark[0] || (origin_offset === mark[0] && ordinal <= mark[1]))) return false
    marks.set(origin_partition, [origin_offset, ordinal])
    return true
  })
}
