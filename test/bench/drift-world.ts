import type { DriftVerdict } from '@mastery/schemas/src/generated/drift-verdict.gen.ts'
import type { FeatureRecord } from '@mastery/schemas/src/generated/feature-record.gen.ts'
import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import type { MasteryScore } from '@mastery/schemas/src/generated/mastery-score.gen.ts'
import type { DriftPolicy } from '@mastery/topology/drift/policy.ts'
import { hash128 } from '@mastery/topology/events/hash.ts'
import type { PlantedDrift } from '@mastery/topology/school/planted.ts'
import { simulateSchool } from '@mastery/topology/school/school.ts'
import type { AnyStage, StageOutput, StageRecord } from '@mastery/topology/stage.ts'
import { driftStage } from '@mastery/topology/stages/drift/stage.ts'
import { driftFeaturesStage, driftScoresStage } from '@mastery/topology/stages/drift-sources/stage.ts'
import { scoringStage } from '@mastery/topology/stages/scoring/stage.ts'
import { windowingStage } from '@mastery/topology/stages/windowing/stage.ts'
import type { TopicName } from '@mastery/topology/topics.ts'

/** A stage with its states in memory, over one partition. */
export class Held {
  readonly stage: AnyStage
  readonly meta: unknown
  private readonly states = new Map<string, unknown>()
  private offset = 0

  constructor(stage: AnyStage) {
    this.stage = stage
    this.meta = stage.meta.empty('')
  }

  step(subject: StageRecord['subject'], key: string, value: unknown): readonly StageOutput[] {
    const origin = { topic: this.stage.inputs[0] as TopicName, partition: 0, offset: this.offset++ }
    const record: StageRecord = { subject, key, value, origin }
    const own = this.stage.keyOf(record)
    let state: unknown = null
    if (own !== null) {
      state = this.states.get(own)
      if (state === undefined) this.states.set(own, (state = this.stage.state.empty(own)))
    }
    const result = this.stage.step(record, state, this.meta)
    if (result.type === 'dead_letter') throw new Error(`${this.stage.name} refused a record: ${result.message}`)
    return result.type === 'drop' ? [] : result.outputs
  }

  /** Of its partition's state. */
  bytes(): number {
    return this.stage.meta.encode(this.meta).length
  }
}

/** The three drift stages in a row, over one partition. */
export class Watch {
  readonly features: Held
  readonly scores: Held
  readonly drift: Held
  readonly verdicts: DriftVerdict[] = []

  constructor(policy: DriftPolicy) {
    this.features = new Held(driftFeaturesStage({ policy, generation: 0, sources: 1 }))
    this.scores = new Held(driftScoresStage({ policy, generation: 0, sources: 1 }))
    this.drift = new Held(driftStage({ policy, generation: 0 }))
  }

  take(o: StageOutput): void {
    const source = o.topic === 'learning.features' ? this.features : this.scores
    for (const p of source.step(o.subject, o.key, o.value))
      for (const v of this.drift.step(p.subject, p.key, p.value)) this.verdicts.push(v.value as DriftVerdict)
  }
}

export interface Year {
  seed: number
  students: number
  events: number
  startAt: number
  /** Nothing after this, UTC milliseconds. */
  until?: number
  drift?: readonly PlantedDrift[]
}

const RING = { min: 1024, max: 4096, days: 90 }

/** What windowing and scoring make of events in the order given. */
export function* folded(events: Iterable<LearningEvent>): Generator<StageOutput> {
  const windowing = new Held(windowingStage({ days: [7, 30, 90], ring: RING, generation: 0 }))
  const scoring = new Held(scoringStage({ ring: RING, generation: 0 }))
  for (const e of events)
    for (const f of windowing.step('learning-event', e.student, e)) {
      yield f
      yield* scoring.step(f.subject, f.key, f.value)
    }
}

/** What windowing and scoring make of some school years of one tenant, one after the other. */
export function* schoolYears(years: readonly Year[]): Generator<StageOutput> {
  const windowing = new Held(windowingStage({ days: [7, 30, 90], ring: RING, generation: 0 }))
  const scoring = new Held(scoringStage({ ring: RING, generation: 0 }))
  for (const { until = Infinity, ...year } of years) {
    const pseudonym = (id: string) => hash128(String(year.seed), id)
    for (const r of simulateSchool({ ...year, tenant: 'school', pseudonym }).records()) {
      if (r.type === 'tick' && r.at > until) break
      const made =
        r.type === 'event'
          ? windowing.step('learning-event', r.event.student, r.event)
          : windowing.step('tick', '', { at: r.at })
      for (const f of made) {
        yield f
        yield* scoring.step(f.subject, f.key, f.value)
      }
    }
  }
}

/** The simulated school's year, as configs/drift.json would have it. */
export const TERMS = [
  { name: 'autumn', from: 901, to: 1024 },
  { name: 'winter', from: 1103, to: 1219 },
  { name: 'new year', from: 105, to: 213 },
  { name: 'spring', from: 223, to: 402 },
  { name: 'summer', from: 420, to: 630 },
]

/** The same record with response times and predictions moved by so much. */
export function shifted(o: StageOutput, seconds: number, chance: number): StageOutput {
  if (o.subject === 'feature-record') {
    const f = o.value as FeatureRecord
    const rows = f.rows.map((r) => ({
      ...r,
      windows: r.windows.map((w) => ({ ...w, response_ms: w.response_ms + 1000 * seconds * w.response_n })),
    }))
    return { ...o, value: { ...f, rows } }
  }
  if (o.subject !== 'mastery-score') return o
  const s = o.value as MasteryScore
  const move = (p: number) => Math.min(0.999, Math.max(0.001, p - chance))
  return { ...o, value: { ...s, predictions: s.predictions.map((p) => ({ ...p, p: move(p.p) })) } }
}
