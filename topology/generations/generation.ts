import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import type { Marker } from '@mastery/schemas/src/generated/marker.gen.ts'
import type { StudentCommand } from '@mastery/schemas/src/generated/student-command.gen.ts'
import { partitionOf } from '../partition.ts'
import type { AnyStage, StageRecord } from '../stage.ts'
import { type TopicName, topicSpec } from '../topics.ts'

/**
 * building: catching up with the log. ready: has caught up and follows it. active: what readers see. standby: was
 * active, follows the log still, can be made active again. dropped: its state, topics and rows are deleted.
 */
export type GenerationStatus = 'building' | 'ready' | 'active' | 'standby' | 'dropped'

/** Which records of learning.events a generation is made of; null: no limit. Markers and ticks always belong to it. */
export interface Selection {
  /** Event time, UTC milliseconds, inclusive. */
  fromTime: number | null
  /** Event time, exclusive. */
  toTime: number | null
  /** First offset of each partition. */
  fromOffsets: readonly number[] | null
  /** One beyond the last offset of each partition. */
  toOffsets: readonly number[] | null
  /** Pseudonyms. */
  students: readonly string[] | null
}

export const EVERYTHING: Selection = {
  fromTime: null,
  toTime: null,
  fromOffsets: null,
  toOffsets: null,
  students: null,
}

/** Model parameters that a generation begins with, whatever older markers say. */
export interface PinnedModel {
  version: string
  /** Parameters as JSON text, as a marker carries them. */
  payload: string | null
}

export interface Generation {
  id: number
  status: GenerationStatus
  selection: Selection
  models: Readonly<Record<string, PinnedModel>>
  /** Partitions of each of the topics that it computes; null: as many as learning.events has, which all generations share. */
  partitions: number | null
  /** Records a second and partition that it may take while it is built; null: as fast as it goes. */
  rate: number | null
  /** Why it was begun, for people. */
  reason: string
  createdAt: number
  changedAt: number
}

/** The generation that an installation has before anybody begins another. */
export const FIRST: Generation = {
  id: 0,
  status: 'active',
  selection: EVERYTHING,
  models: {},
  partitions: null,
  rate: null,
  reason: 'the first',
  createdAt: 0,
  changedAt: 0,
}

/** Whether stages run for it. */
export function isRunning(g: Generation): boolean {
  return g.status !== 'dropped'
}

/** Whether it stands for everybody and everything, so that readers may switch to it. */
export function isWhole({ selection: s }: Generation): boolean {
  return [s.fromTime, s.toTime, s.fromOffsets, s.toOffsets, s.students].every((limit) => limit === null)
}

/** The embedded log keeps a topic's number of partitions in one byte. */
const MOST_PARTITIONS = 255

/** Partitions of each of the topics that a generation computes. `source`: of learning.events. */
export function partitionsOf(g: Pick<Generation, 'partitions'>, source: number): number {
  return g.partitions ?? source
}

/** A student's partition of a topic as the generation has it. `source`: partitions of learning.events. */
export function partitionIn(
  g: Pick<Generation, 'partitions'>,
  topic: TopicName,
  student: string,
  source: number,
): number {
  return partitionOf(student, topicSpec(topic).derived ? partitionsOf(g, source) : source)
}

/**
 * Why a generation can't have so many partitions, and which it can; null where it can. Each has to be fed from one
 * partition of learning.events: of two the order would be that of their arrival, and another one in every replay.
 */
export function partitionsRefused(wanted: number, source: number): string | null {
  if (Number.isInteger(wanted) && wanted > 0 && wanted <= MOST_PARTITIONS && wanted % source === 0) return null
  const most = MOST_PARTITIONS - (MOST_PARTITIONS % source)
  const possible = [source, source * 2, source * 3].filter((n) => n <= most)
  return `${wanted} partitions are not possible: learning.events has ${source}, and each of a generation's partitions takes its records from exactly one of them, so that their order is the same in every replay. Choose a multiple of ${source} (${possible.join(', ')}${most > source * 3 ? ` and so on up to ${most}` : ''}); fewer than ${source} would merge partitions, and are not offered.`
}

export function controlKey(id: number): string {
  return `generation/${id}`
}

/** A generation's newest status, as it stands in mastery.control. */
export function controlMarker(g: Generation): Marker {
  return {
    marker_id: `${controlKey(g.id)}/${g.status}/${g.changedAt}`,
    action: g.status === 'active' ? 'activate' : g.status === 'dropped' ? 'end_generation' : 'begin_generation',
    subject: 'generation',
    name: 'pipeline',
    version: String(g.id),
    payload: JSON.stringify(g),
    issued_at: g.changedAt,
  }
}

/** Null for markers that are about something else. */
export function generationOf(m: Marker): Generation | null {
  if (m.subject !== 'generation' || m.payload === null) return null
  // Older records do not say how many partitions there are.
  return { ...FIRST, ...(JSON.parse(m.payload) as Generation) }
}

/** Whether a record is one that a selection takes. */
export function selects(s: Selection, r: StageRecord): boolean {
  const { partition, offset } = r.origin
  if (r.subject !== 'learning-event' && r.subject !== 'student-command') return true
  if (s.fromOffsets && offset < (s.fromOffsets[partition] ?? 0)) return false
  if (s.toOffsets && offset >= (s.toOffsets[partition] ?? 0)) return false
  if (s.students && !s.students.includes(r.key)) return false
  // Erasures hold for every selection.
  if (r.subject === 'student-command') {
    const { kind, issued_at } = r.value as StudentCommand
    return kind === 'erase' || kind === 'readmit' || within(s, issued_at)
  }
  return within(s, (r.value as LearningEvent).occurred_at)
}

function within(s: Selection, t: number): boolean {
  return (s.fromTime === null || t >= s.fromTime) && (s.toTime === null || t < s.toTime)
}

/** The stage over the selected records only. */
export function selectedStage(stage: AnyStage, selection: Selection): AnyStage {
  if (isWhole({ ...FIRST, selection })) return stage
  return {
    ...stage,
    keyOf: (r) => (selects(selection, r) ? stage.keyOf(r) : null),
    step: (r, state, meta, woken) =>
      selects(selection, r) ? stage.step(r, state, meta, woken) : { type: 'drop', reason: 'not selected' },
  }
}
