import type { Marker } from '@mastery/schemas/src/generated/marker.gen.ts'
import type { Notice } from '@mastery/schemas/src/generated/notice.gen.ts'
import type { Tick } from '@mastery/schemas/src/generated/tick.gen.ts'
import { sourceOfKey } from '../../alerts/source-key.ts'
import { hash53 } from '../../events/hash.ts'
import type { Stage, StageOutput, StageRecord, StepResult, Woken } from '../../stage.ts'
import { topicAt } from '../../topics.ts'
import { advance, take } from './advance.ts'
import type { Composed } from './compose.ts'
import { entryOf } from './entry.ts'
import { ANY_SOURCE, calendarsOf, zoneOf } from './in-force.ts'
import { applyMarker, filesOfMarker, filesOfMeta } from './markers.ts'
import { NOTIFY_META, type NotifyMeta } from './meta.ts'
import { NOTIFY_STATE, type NotifyState } from './state.ts'

export interface NotifyingConfig {
  generation: number
  /**
   * Sources of notices: the partitions of mastery.scores, then those of mastery.classes. Time is known once each has told
   * its own. Sources behind these speak of the system itself, and are not waited for.
   */
  sources: number
  /** Readers that one tick wakes; the others wait for the next that brings time. Default: all of a large partition. */
  mostWoken?: number
}

const MOST_WOKEN = 50_000

/**
 * mastery.notices to mastery.deliveries: groups what a reader is to learn, defers it to hours at which the reader may be
 * told, and keeps to the reader's budget. What is not urgent is decided up to the time that every source partition has
 * reached, so that it does not matter how their records came between each other.
 */
export function notifyingStage(config: NotifyingConfig): Stage<NotifyState, NotifyMeta> {
  const { generation, sources } = config
  const input = topicAt('mastery.notices', generation)
  const output = topicAt('mastery.deliveries', generation)

  const writing = (record: StageRecord) => {
    let ordinal = 0
    return (d: Composed): StageOutput => ({
      topic: output,
      subject: 'delivery',
      key: d.recipient,
      value: {
        origin_partition: record.origin.partition,
        origin_offset: record.origin.offset,
        ordinal: ordinal++,
        generation,
        ...d,
      },
    })
  }

  function notice(record: StageRecord, s: NotifyState, meta: NotifyMeta): StepResult {
    const n = record.value as Notice
    if (!meta.marks.isNew(n)) return { type: 'drop', reason: 'seen' }
    if (n.recipient !== record.key)
      return { type: 'dead_letter', code: 'wrong_key', message: 'A notice stands under the key of another reader.' }
    meta.marks.take(n)
    const e = entryOf(n, zoneOf(meta, n.origin_partition, n.tenant, n.school))
    const told = take(s, e, record.key, calendarsOf(meta), n.origin_partition >= sources)
    // The mark has moved: this one is not taken again.
    if (told === false) return { type: 'redirect', reason: 'told in another role', outputs: [] }
    return { type: 'ok', outputs: told === null ? [] : [writing(record)(told)] }
  }

  function tick(
    record: StageRecord,
    source: number,
    meta: NotifyMeta,
    woken: readonly Woken<NotifyState>[],
  ): StepResult {
    const { at } = record.value as Tick
    const now = meta.heard.leastWith(sources, source, at)
    meta.heard.hear(source, at)
    if (now <= meta.now) return { type: 'ok', outputs: [] }
    meta.now = now
    const write = writing(record)
    const calendarOf = calendarsOf(meta)
    const outputs: StageOutput[] = []
    for (const { key, state } of woken) outputs.push(...advance(state, key, now, calendarOf).map(write))
    outputs.push({ topic: output, subject: 'tick', key: record.key, value: { at: now } })
    return { type: 'ok', outputs }
  }

  function marker(record: StageRecord, source: number, meta: NotifyMeta): StepResult {
    const m = record.value as Marker
    const refused = applyMarker(m, source, meta)
    if (refused) return refused
    const id = hash53(m.marker_id)
    if (meta.passed.has(id)) return { type: 'ok', outputs: [] }
    meta.passed.add(id)
    return { type: 'ok', outputs: [{ topic: output, subject: 'marker', key: record.key, value: m }] }
  }

  function concerningAll(record: StageRecord, meta: NotifyMeta, woken: readonly Woken<NotifyState>[]): StepResult {
    if (record.subject !== 'tick' && record.subject !== 'marker')
      return {
        type: 'dead_letter',
        code: 'wrong_subject',
        message: `A ${record.subject} does not belong into mastery.notices.`,
      }
    const source = sourceOfKey(record.key)
    if (record.subject === 'marker') return marker(record, source ?? ANY_SOURCE, meta)
    if (source === null || source >= sources)
      return {
        type: 'dead_letter',
        code: 'wrong_key',
        message: `A tick in mastery.notices names none of the ${sources} source partitions by its key.`,
      }
    return tick(record, source, meta, woken)
  }

  return {
    name: 'notify',
    inputs: [input],
    outputs: [output],
    state: NOTIFY_STATE,
    meta: NOTIFY_META,
    keyOf: (r) => (r.subject === 'notice' ? r.key : null),
    files: (record, meta) =>
      record === null ? filesOfMeta(meta) : record.subject === 'marker' ? filesOfMarker(record.value as Marker) : [],
    wakes: {
      dueOf: (state) => state.due,
      epochOf: () => 0,
      timeOf(record, meta) {
        const source = record.subject === 'tick' ? sourceOfKey(record.key) : null
        if (source === null || source >= sources) return null
        const now = meta.heard.leastWith(sources, source, (record.value as Tick).at)
        return now > meta.now ? now : null
      },
      most: config.mostWoken ?? MOST_WOKEN,
    },
    step: (record, state, meta, woken) =>
      state === null ? concerningAll(record, meta, woken ?? []) : notice(record, state, meta),
  }
}
