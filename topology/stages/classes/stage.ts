import type { ClassPart } from '@mastery/schemas/src/generated/class-part.gen.ts'
import type { Marker } from '@mastery/schemas/src/generated/marker.gen.ts'
import type { StudentCommand } from '@mastery/schemas/src/generated/student-command.gen.ts'
import type { Tick } from '@mastery/schemas/src/generated/tick.gen.ts'
import { sourceKey, sourceOfKey } from '../../alerts/source-key.ts'
import { classOf } from '../../events/class-command.ts'
import type { Stage, StageOutput, StageRecord, StepResult, Woken } from '../../stage.ts'
import { topicAt } from '../../topics.ts'
import { classKey } from '../alerting/classes.ts'
import { inForce } from '../alerting/in-force.ts'
import { applyMarker, filesOfMarker, filesOfMeta } from '../alerting/markers.ts'
import { keepCommand, obeyNext } from './commands.ts'
import { decideWeek, type Writing } from './decide.ts'
import { CLASS_META, type ClassMeta, shiftDue } from './meta.ts'
import { CLASS_STATE, type ClassState, dueOf, take, weekDueOf } from './state.ts'

export interface ClassesConfig {
  generation: number
  /** Partitions of mastery.scores, which parts come from. */
  sources: number
  /** Classes that one tick wakes; the others wait for the next. */
  mostWoken?: number
}

/** The notifying stage hears the time this often. */
const HEARD_MS = 5 * 60_000
const MOST_WOKEN = 5_000
/** The source whose policies and rosters hold: each switches at a place of its own, and one has to be asked. */
const LEADING = 0

const NOTHING: StepResult = { type: 'ok', outputs: [] }

/**
 * mastery.classes to mastery.alerts and mastery.notices: conditions on whole classes. A week is decided once every source
 * partition has told of a time at or after its end, with the policy and the roster that were in force in the first of them
 * then, and as of its end: how the partitions' records come between each other can't matter. Weeks with
 * something to decide are decided one at a time, each tick the next one.
 */
export function classesStage(config: ClassesConfig): Stage<ClassState, ClassMeta> {
  const { generation, sources } = config
  const alerts = topicAt('mastery.alerts', generation)
  const notices = topicAt('mastery.notices', generation)
  const most = config.mostWoken ?? MOST_WOKEN

  /** How far a tick brings the stage; null: nowhere. */
  function timeOf(record: StageRecord, meta: ClassMeta): number | null {
    const source = record.subject === 'tick' ? sourceOfKey(record.key) : null
    if (source === null || source >= sources) return null
    if (!meta.complete) return meta.now
    const least = meta.heard.leastWith(sources, source, (record.value as Tick).at)
    let now = least
    for (const week of meta.dues.keys()) now = Math.min(now, week)
    return now > meta.now ? now : null
  }

  /** Markers that came in the leading source before a week ended there hold for it, and for the notices on it. */
  function settle(meta: ClassMeta, before: number, from: number): StageOutput[] {
    const outputs: StageOutput[] = []
    while (meta.waiting.length > 0 && meta.waiting[0]!.at < before) {
      const { marker } = meta.waiting.shift()!
      if (applyMarker(marker, meta.inForce) !== null) continue
      const key = sourceKey('marker', sources + from)
      outputs.push({ topic: notices, everywhere: true, subject: 'marker', key, value: marker })
    }
    return outputs
  }

  function tick(record: StageRecord, source: number, meta: ClassMeta, woken: readonly Woken<ClassState>[]): StepResult {
    const now = timeOf(record, meta)
    const { partition, offset } = record.origin
    meta.heard.hear(source, (record.value as Tick).at)
    if (now === null) return NOTHING
    meta.now = now
    const all = settle(meta, now, partition)
    const ordinals = { alerts: 0, notices: 0 }
    const to: Writing = { generation, alerts, notices, source: sources + partition, offset, all, ordinals }
    for (const { state } of woken) {
      const due = dueOf(state)
      const rules = inForce(meta.inForce, state.tenant)
      for (let at = dueOf(state); at <= now; at = dueOf(state))
        if (weekDueOf(state) === at) decideWeek(state, at, rules, meta.inForce.active, to)
        else obeyNext(state, rules, to)
      shiftDue(meta, due, dueOf(state))
    }
    meta.complete = woken.length < most
    if (meta.complete && Math.floor(now / HEARD_MS) > Math.floor(meta.told / HEARD_MS)) {
      meta.told = now
      const key = sourceKey('tick', sources + partition)
      all.push({ topic: notices, everywhere: true, subject: 'tick', key, value: { at: now } })
    }
    return { type: 'ok', outputs: all }
  }

  function part(record: StageRecord, s: ClassState, meta: ClassMeta): StepResult {
    const p = record.value as ClassPart
    if (record.key !== classKey(p.tenant, p.class))
      return {
        type: 'dead_letter',
        code: 'wrong_key',
        message: 'A part of a class stands under the key of another one.',
      }
    if (!meta.marks.take(p)) return { type: 'drop', reason: 'seen' }
    const due = dueOf(s)
    take(s, p)
    shiftDue(meta, due, dueOf(s))
    return NOTHING
  }

  function command(record: StageRecord, s: ClassState, meta: ClassMeta): StepResult {
    const c = record.value as StudentCommand
    const klass = classOf(c)
    if (klass === null || record.key !== classKey(c.tenant, klass))
      return {
        type: 'dead_letter',
        code: 'wrong_key',
        message: 'A command about a class stands under the key of another one.',
      }
    const due = dueOf(s)
    if (!keepCommand(s, c, klass)) return { type: 'drop', reason: 'seen' }
    shiftDue(meta, due, dueOf(s))
    return NOTHING
  }

  function concerningAll(record: StageRecord, meta: ClassMeta, woken: readonly Woken<ClassState>[]): StepResult {
    const source = sourceOfKey(record.key)
    if (record.subject !== 'tick' && record.subject !== 'marker')
      return {
        type: 'dead_letter',
        code: 'wrong_subject',
        message: `A ${record.subject} does not belong into mastery.classes.`,
      }
    if (source === null || source >= sources)
      return {
        type: 'dead_letter',
        code: 'wrong_key',
        message: `A ${record.subject} in mastery.classes names none of the ${sources} source partitions by its key.`,
      }
    if (record.subject === 'tick') return tick(record, source, meta, woken)
    if (source !== LEADING) return { type: 'drop', reason: 'told by the leading source' }
    meta.waiting.push({ at: meta.heard.of(LEADING), marker: record.value as Marker })
    return NOTHING
  }

  return {
    name: 'classes',
    inputs: [topicAt('mastery.classes', generation)],
    outputs: [alerts, notices],
    state: CLASS_STATE,
    meta: CLASS_META,
    keyOf: (r) => (r.subject === 'class-part' || r.subject === 'student-command' ? r.key : null),
    files: (record, meta) =>
      record === null
        ? [...filesOfMeta(meta.inForce), ...meta.waiting.flatMap(({ marker }) => filesOfMarker(marker))]
        : record.subject === 'marker'
          ? filesOfMarker(record.value as Marker)
          : [],
    wakes: { dueOf, epochOf: () => 0, timeOf, most },
    step: (record, state, meta, woken) =>
      state === null
        ? concerningAll(record, meta, woken ?? [])
        : record.subject === 'student-command'
          ? command(record, state, meta)
          : part(record, state, meta),
  }
}
