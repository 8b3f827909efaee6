import type { DriftVerdict } from '@mastery/schemas/src/generated/drift-verdict.gen.ts'
import type { MasteryScore } from '@mastery/schemas/src/generated/mastery-score.gen.ts'
import { describe, expect, it } from 'vitest'
import { POLICY } from '../../drift/testing/policy.ts'
import { readReference, referenceName, referenceText, trainingReference } from '../../drift/training-reference.ts'
import { AnswerLogBuilder } from '../../evaluation/answer-log.ts'
import { hash128 } from '../../events/hash.ts'
import { simulateSchool } from '../../school/school.ts'
import type { AnyStage, StageOutput } from '../../stage.ts'
import { exact } from '../../testing/exact.ts'
import { eventInput, marker } from '../../testing/learner-log.ts'
import { bothStages, type DriverOptions, type Input, TopologyDriver } from '../../testing/topology-driver.ts'
import { driftFeaturesStage, driftScoresStage } from '../drift-sources/stage.ts'
import { DRIFT_META, DriftMeta } from './meta.ts'
import { driftStage } from './stage.ts'

const MODEL = 'elo'

function school(seed: number, students: number, events: number): Input[] {
  const options = { seed, students, events, tenant: 'school', drift: [], pseudonym: (id: string) => hash128('t', id) }
  return [...simulateSchool(options).records()].map((r) =>
    r.type === 'event' ? eventInput(r.event) : { subject: 'tick', value: { at: r.at } },
  )
}

const scored = (log: readonly Input[]) => new TopologyDriver(bothStages(), {}).send(...log).scores()

/** What training measured of the model on other students of the same make. */
function measured(scores: readonly MasteryScore[]): string {
  const rows = scores.flatMap((s) => s.predictions.filter((p) => p.model === MODEL).map(({ p }) => ({ s, p })))
  const answers = new AnswerLogBuilder()
  const p: number[] = []
  const byStudent = Map.groupBy(rows, ({ s }) => s.student)
  for (const [student, own] of byStudent)
    for (const { s, p: predicted } of own) {
      answers.add({ student, item: null, topics: ['t'], at: s.occurred_at, correct: s.correct === true, row: p.length })
      p.push(predicted)
    }
  return referenceText(trainingReference(answers.build(), Float64Array.from(p)))
}

const VERSION = 'trained'
const log = school(11, 100, 40_000)
const ticks = log.flatMap((i) => (i.subject === 'tick' ? [i.value.at] : []))
const MIDDLE = ticks[Math.floor(ticks.length * 0.3)]!
const scores = scored(log)
// One student in five was kept aside, in what had come by then.
const reference = measured(
  scores.filter((s) => s.occurred_at < MIDDLE && Number.parseInt(s.student.slice(0, 6), 16) % 5 === 0),
)
const brought = (payload: unknown): Input => marker('activate', referenceName(MODEL), VERSION, payload, 'policy')
const BROUGHT = brought(JSON.parse(reference))

interface Served {
  /** Whether the version brings its reference when it is put in force. */
  brings: boolean
  /** What is served where the model predicted p. */
  as?: (p: number) => number
  options?: DriverOptions
}

const before = log.findIndex((i) => i.subject === 'tick' && i.value.at >= MIDDLE)

/** The version is put in force in the middle of the year. */
function verdicts({ brings, as = (p) => p, options = {} }: Served): DriftVerdict[] {
  const [windowing, scoring] = bothStages() as [AnyStage, AnyStage]
  const own = (o: StageOutput): StageOutput => {
    if (o.subject !== 'mastery-score') return o
    const s = o.value as MasteryScore
    if (s.occurred_at < MIDDLE) return o
    const predictions = s.predictions.map((x) => (x.model === MODEL ? { ...x, version: VERSION, p: as(x.p) } : x))
    return { ...o, value: { ...s, predictions } }
  }
  const serving: AnyStage = {
    ...scoring,
    step(...given) {
      const result = scoring.step(...given)
      return result.type === 'ok' ? { ...result, outputs: result.outputs.map(own) } : result
    },
  }
  const source = { policy: POLICY, generation: 0, sources: options.partitions ?? 1 }
  const watching = [driftFeaturesStage(source), driftScoresStage(source), driftStage({ policy: POLICY, generation: 0 })]
  const whole = brings ? [...log.slice(0, before), BROUGHT, ...log.slice(before)] : log
  return of(new TopologyDriver([windowing, serving, ...watching], options).send(...whole))
}

function of(driver: TopologyDriver): DriftVerdict[] {
  expect(driver.deadLetters()).toEqual([])
  return driver.outputs('drift.verdicts').map((o) => o.value as DriftVerdict)
}

const quality = (all: readonly DriftVerdict[]) =>
  all.filter((v) => v.kind === 'quality' && v.model === MODEL && v.version === VERSION && v.window_kind === 'week')

describe('the first weeks of a version', () => {
  const alone = quality(verdicts({ brings: false }))
  const compared = quality(verdicts({ brings: true }))

  it('are compared with its training, and later ones with those weeks', () => {
    const early = alone.findIndex((v) => v.reference === 'version')
    expect(early).toBeGreaterThan(6)
    expect(alone.slice(0, early).every((v) => v.reference === 'none')).toBe(true)
    const sure = compared.slice(0, early).filter((v) => v.state !== 'insufficient')
    expect(sure.length).toBeGreaterThan(5)
    for (const v of sure) expect(v).toMatchObject({ reference: 'training' })
    expect(compared.slice(early).map((v) => v.reference)).toEqual(alone.slice(early).map((v) => v.reference))
  })

  it('are no drift where it is served as it was measured', () => {
    expect(compared.filter((v) => v.state === 'drift' && v.reference === 'training')).toEqual([])
  })

  it('are a drift, within three of them, where every prediction is a logit too high', () => {
    const as = (p: number) => p / (p + (1 - p) / Math.E)
    const found = quality(verdicts({ brings: true, as })).filter((v) => v.state === 'drift')
    expect(found[0]).toMatchObject({ reference: 'training', changed: true })
    const whole = compared.filter((v) => v.state !== 'insufficient')
    expect(found[0]!.window_to).toBeLessThanOrEqual(whole[2]!.window_to)
  })

  it('are judged the same in any number of partitions and any batches', () => {
    const content = (all: readonly DriftVerdict[]) =>
      quality(all).map((v) => exact({ ...v, origin_partition: 0, origin_offset: 0, ordinal: 0 }))
    const options = { partitions: 3, cut: (_stage: string, n: number) => n % 5000 === 0 }
    expect(content(verdicts({ brings: true, options }))).toEqual(content(compared))
  })

  it('of which a broken reference says nothing are judged without one', () => {
    for (const [payload, why] of [
      ['{', /JSON/],
      ['{"format":2,"windows":[]}', /another format/],
      [reference.replace(/"counts":\[\d+,/, '"counts":['), /bins/],
    ] as const)
      expect(() => readReference(payload)).toThrow(why)
    const source = { policy: POLICY, generation: 0, sources: 1 }
    const driver = new TopologyDriver([
      ...bothStages(),
      driftScoresStage(source),
      driftStage({ policy: POLICY, generation: 0 }),
    ]).send(brought('{'))
    expect(driver.deadLetters().map((d) => d.code)).toEqual(['marker_refused'])
  })
})

describe('the state of a partition', () => {
  it('that an older build wrote has no references', () => {
    const bytes = DRIFT_META.encode(new DriftMeta())
    const older = Uint8Array.from(bytes.subarray(0, bytes.length - 2))
    older[0] = 1
    expect(DRIFT_META.decode(older, '').references.size).toBe(0)
    older[0] = 3
    expect(() => DRIFT_META.decode(older, '')).toThrow(/has format 3, this build reads 2/)
  })
})
