import type { DriftVerdict } from '@mastery/schemas/src/generated/drift-verdict.gen.ts'
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
}

export interface Year {
  seed: number
  students: number
  events: number
  startAt: number
  drift?: readonly PlantedDrift[]
}

const RING = { min: 1024, max: 4096, days: 90 }

/** What the source stages say of some school years, one after the other, of one tenant. */
export function partialsOf(policy: DriftPolicy, years: readonly Year[]): StageOutput[] {
  const windowing = new Held(windowingStage({ days: [7, 30, 90], ring: RING, generation: 0 }))
  const scoring = new Held(scoringStage({ ring: RING, generation: 0 }))
  const features = new Held(driftFeaturesStage({ policy, generation: 0, sources: 1 }))
  const scores = new Held(driftScoresStage({ policy, generation: 0, sources: 1 }))
  const out: StageOutput[] = []
  for (const year of years) {
    const pseudonym = (id: string) => hash128(String(year.seed), id)
    for (const r of simulateSchool({ ...year, tenant: 'school', pseudonym }).records()) {
      const made =
        r.type === 'event'
          ? windowing.step('learning-event', r.event.student, r.event)
          : windowing.step('tick', '', { at: r.at })
      for (const f of made) {
        out.push(...features.step(f.subject, f.key, f.value))
        for (const s of scoring.step(f.subject, f.key, f.value)) out.push(...scores.step(s.subject, s.key, s.value))
      }
    }
  }
  return out
}

/** What the drift stage makes of them. */
export function verdictsOf(
  policy: DriftPolicy,
  partials: readonly StageOutput[],
): { verdicts: DriftVerdict[]; drift: Held } {
  const drift = new Held(driftStage({ policy, generation: 0 }))
  const verdicts = partials.flatMap((o) => drift.step(o.subject, o.key, o.value).map((v) => v.value as DriftVerdict))
  return { verdicts, drift }
}
