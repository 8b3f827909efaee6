import { openCodec } from '@mastery/infra/adapters/schema-registry/registry.ts'
import { loadProfile } from '@mastery/infra/config/profile.ts'
import type { AnyStage, Origin, StageOutput, StageRecord } from '@mastery/topology/stage.ts'
import { scoringStage } from '@mastery/topology/stages/scoring/stage.ts'
import { windowingStage } from '@mastery/topology/stages/windowing/stage.ts'
import type { SubjectName, TopicName } from '@mastery/topology/topics.ts'
import { type Ceiling, figure, type Lap, percentile, Stopwatch } from './measure.ts'
import type { Case } from './scenario.ts'
import { SHAPES, type Shape, schoolRecords, sized } from './school.ts'

/** As many records are decoded at a time as the run loop decodes. */
const SLICE = 256

const FOLD = { value: 600_000, what: 'memory-only fold, no row per event (replay mode)' }
const WINDOW = { value: 3_770_000, what: 'window update, 3 windows of 4 aggregates, cache-warm' }
const DECODE = { value: 1_810_000, what: 'avsc decode with a cached resolver, 151-byte record of 11 fields' }
const WIRE = { value: 300_000, what: 'decode, update and encode of a 12-double feature row' }

/** CPU of the main thread so far, milliseconds: what other processes do meanwhile does not count. */
function mainMs(): number {
  const t = process.threadCpuUsage()
  return (t.user + t.system) / 1000
}

/** A stage with its states in memory. */
class InMemory {
  private readonly stage: AnyStage
  private readonly states = new Map<string, unknown>()
  private readonly meta: unknown

  constructor(stage: AnyStage) {
    this.stage = stage
    this.meta = stage.meta.empty('')
  }

  step(record: StageRecord, out: StageOutput[]): void {
    const key = this.stage.keyOf(record)
    let state: unknown = null
    if (key !== null) {
      state = this.states.get(key)
      if (state === undefined) this.states.set(key, (state = this.stage.state.empty(key)))
    }
    const result = this.stage.step(record, state, this.meta)
    if (result.type === 'dead_letter') throw new Error(`${this.stage.name} refused a record: ${result.message}`)
    if (result.type !== 'drop') for (const o of result.outputs) out.push(o)
  }
}

function records(topic: TopicName, outputs: readonly StageOutput[], from: number): StageRecord[] {
  return outputs.map((o, i) => {
    const origin: Origin = { topic, partition: 0, offset: from + i }
    return { subject: o.subject, value: o.value, key: o.key, origin }
  })
}

/**
 * Windowing and scoring without log, store or sink. The parts are timed by the main thread's CPU, so that their rates
 * are those of one core.
 */
function core(shape: Shape): Case {
  return async ({ quick, note }) => {
    const size = sized(shape, quick)
    const codec = await openCodec({ url: 'mock://' })
    note(`generating ${size.events.toLocaleString('en')} events of ${size.students.toLocaleString('en')} students`)
    const log: { bytes: Buffer; key: string }[] = []
    for (const r of schoolRecords(size))
      if (r.type === 'event') log.push({ bytes: codec.encode('learning-event', r.event), key: r.event.student })
      else log.push({ bytes: codec.encode('tick', { at: r.at }), key: 'tick' })

    const { windows, generation } = loadProfile({ MASTERY_PROFILE: 'embedded' })
    const windowing = new InMemory(windowingStage({ ...windows, generation }))
    const scoring = new InMemory(scoringStage({ ring: windows.ring, generation }))
    const spent = { decode: 0, windowing: 0, scoring: 0, encode: 0 }
    const perSlice: number[] = []
    let featureOffset = 0
    const watch = new Stopwatch()
    watch.start()
    for (let at = 0; at < log.length; at += SLICE) {
      const t0 = mainMs()
      const slice = log.slice(at, at + SLICE).map((r, i): StageRecord => {
        const d = codec.decode(r.bytes)
        return { ...d, key: r.key, origin: { topic: 'learning.events', partition: 0, offset: at + i } }
      })
      const t1 = mainMs()
      const features: StageOutput[] = []
      for (const r of slice) windowing.step(r, features)
      const t2 = mainMs()
      const scores: StageOutput[] = []
      for (const r of records('learning.features', features, featureOffset)) scoring.step(r, scores)
      featureOffset += features.length
      const t3 = mainMs()
      for (const o of features) codec.encode(o.subject as SubjectName, o.value)
      for (const o of scores) codec.encode(o.subject as SubjectName, o.value)
      const t4 = mainMs()
      spent.decode += t1 - t0
      spent.windowing += t2 - t1
      spent.scoring += t3 - t2
      spent.encode += t4 - t3
      perSlice.push((t3 - t1) / slice.length)
    }
    const lap = await watch.stop()

    const name = `${size.students.toLocaleString('en')} students x ${Math.round(size.events / size.students).toLocaleString('en')}`
    const part = (what: string, ms: number, ceiling: Ceiling | null, goal?: number) => {
      const share = ms / lap.mainMs
      const own: Lap = { seconds: ms / 1000, cpuMs: lap.cpuMs * share, mainMs: ms, gcMs: lap.gcMs * share }
      const about = { scenario: 'core', what: `${name}: ${what}`, records: size.events }
      return figure({ ...about, ...(ceiling ? { ceiling } : {}), ...(goal ? { goal } : {}) }, own)
    }
    const both = part('windowing + scoring', spent.windowing + spent.scoring, FOLD, 100_000)
    both.p50_ms = percentile(perSlice, 50)
    both.p99_ms = percentile(perSlice, 99)
    both.more['rate'] = "per second of the main thread's CPU"
    both.more['p50_p99'] = `per record, over slices of ${SLICE}`
    return [
      both,
      part('windowing', spent.windowing, WINDOW),
      part('scoring', spent.scoring, null),
      part('decode', spent.decode, DECODE),
      part('encode both outputs', spent.encode, null),
      figure({ scenario: 'core', what: `${name}: all, with the codec`, records: size.events, ceiling: WIRE }, lap),
    ]
  }
}

export const cases = { demo: core(SHAPES.demo), wide: core(SHAPES.wide), deep: core(SHAPES.deep) }
