import type { DriftVerdict } from '@mastery/schemas/src/generated/drift-verdict.gen.ts'
import type { FeatureRecord } from '@mastery/schemas/src/generated/feature-record.gen.ts'
import { describe, expect, it } from 'vitest'
import { POLICY } from '../../drift/testing/policy.ts'
import { hash128 } from '../../events/hash.ts'
import type { PlantedDrift } from '../../school/planted.ts'
import { Random } from '../../school/random.ts'
import { simulateSchool } from '../../school/school.ts'
import type { AnyStage } from '../../stage.ts'
import { exact } from '../../testing/exact.ts'
import { DAY, eventInput } from '../../testing/learner-log.ts'
import { bothStages, type DriverOptions, type Input, TopologyDriver } from '../../testing/topology-driver.ts'
import { driftFeaturesStage, driftScoresStage } from '../drift-sources/stage.ts'
import { driftStage } from './stage.ts'

function school(students: number, events: number, drift: PlantedDrift[] = []): Input[] {
  const options = { seed: 11, students, events, tenant: 'school', drift, pseudonym: (id: string) => hash128('t', id) }
  return [...simulateSchool(options).records()].map((r) =>
    r.type === 'event' ? eventInput(r.event) : { subject: 'tick', value: { at: r.at } },
  )
}

function stages(partitions: number): AnyStage[] {
  const source = { policy: POLICY, generation: 0, sources: partitions }
  return [
    ...bothStages(),
    driftFeaturesStage(source),
    driftScoresStage(source),
    driftStage({ policy: POLICY, generation: 0 }),
  ]
}

function verdicts(log: readonly Input[], options: DriverOptions = {}): DriftVerdict[] {
  const driver = new TopologyDriver(stages(options.partitions ?? 1), options).send(...log)
  expect(driver.deadLetters()).toEqual([])
  return driver.outputs('drift.verdicts').map((o) => o.value as DriftVerdict)
}

/** What is found does not depend on which record it was found with. */
const content = (all: readonly DriftVerdict[]) =>
  all.map((v) => exact({ ...v, origin_partition: 0, origin_offset: 0, ordinal: 0 }))

describe('verdicts', () => {
  const small = school(30, 6000)
  const whole = verdicts(small)

  it('are there, for every kind of series, by week and by count', () => {
    expect(new Set(whole.map((v) => v.kind))).toEqual(
      new Set(['feature', 'score', 'missing', 'mix', 'volume', 'quality']),
    )
    expect(new Set(whole.map((v) => v.window_kind))).toEqual(new Set(['week', 'count']))
    expect(whole.some((v) => v.state === 'stable')).toBe(true)
  })

  const random = new Random(3)
  const CUTS: [string, DriverOptions['cut'] & {}][] = [
    ['17', (_stage, count) => count % 17 === 0],
    ['1000', (_stage, count) => count % 1000 === 0],
    ['random sizes', () => random.uniform() < 0.02],
  ]
  it.each(CUTS)('are the same records in batches of %s, with a restart after each', (_size, cut) => {
    expect(verdicts(small, { cut }).map(exact)).toEqual(whole.map(exact))
  })

  it.each([2, 5])('are the same when %i partitions saw a part of the students each', (partitions) => {
    expect(content(verdicts(small, { partitions }))).toEqual(content(whole))
  })

  it('are the same when records are sent again by an owner that was replaced', () => {
    const plain = new TopologyDriver(stages(1), {}).send(...small)
    const again = new TopologyDriver(stages(1), {})
    const ofPartials = plain.outputs('drift.partials')
    for (const [i, o] of ofPartials.entries()) {
      again.append('drift.partials', 0, o.subject, o.key, o.value)
      // Every seventh time all of the last forty come again.
      if (i % 7 === 0)
        for (const p of ofPartials.slice(Math.max(0, i - 40), i + 1))
          again.append('drift.partials', 0, p.subject, p.key, p.value)
    }
    expect(content(again.outputs('drift.verdicts').map((o) => o.value as DriftVerdict))).toEqual(content(whole))
  })

  it('count every answer once: the windows add up to what the stages made', () => {
    const driver = new TopologyDriver(stages(1), {}).send(...small, {
      subject: 'tick',
      value: { at: Date.UTC(2027, 0, 1) },
    })
    const answers = driver.scores().filter((s) => s.predictions.length > 0).length
    const weeks = driver.outputs('drift.verdicts').map((o) => o.value as DriftVerdict)
    const counted = weeks
      .filter((v) => v.kind === 'quality' && v.model === 'blend' && v.window_kind === 'week')
      .reduce((n, v) => n + v.rows, 0)
    expect(counted).toBe(answers)
  })
})

describe('a planted drift', () => {
  const day = 70
  const slower = { kind: 'seconds', factor: 1.5, day } as const
  const from = Date.UTC(2025, 8, 1) + day * DAY
  const drifting = (all: DriftVerdict[]) => all.filter((v) => v.state === 'drift' && v.window_kind === 'week')

  it('is found where it is, within three weeks, and in what it changed', () => {
    const found = drifting(verdicts(school(60, 24_000, [slower])))
    const times = found.filter((v) => v.name === 'response_seconds_7d')
    expect(times.length).toBeGreaterThan(0)
    expect(times[0]!.window_to).toBeGreaterThan(from)
    expect(times[0]!.window_to).toBeLessThanOrEqual(from + 21 * DAY)
    expect(times[0]!).toMatchObject({ changed: true, reference: 'weeks_before' })
    const shift = times[0]!.metrics.find((m) => m.name === 'mean_difference')!
    expect(shift.value).toBeGreaterThan(shift.critical!)
  })

  it('is not found where none is', () => {
    const found = drifting(verdicts(school(60, 24_000)))
    expect(found.filter((v) => v.name === 'response_seconds_7d')).toEqual([])
  })

  it('of formats and schema versions is found, and moves no other mix', () => {
    const made = new TopologyDriver(bothStages(), {}).send(...school(60, 24_000))
    const after = new TopologyDriver(stages(1).slice(1), {})
    for (const o of made.outputs('learning.features')) {
      const f = o.value as FeatureRecord
      // From that day on a release of the player reports in another format, and is written with a later schema.
      const released = f.occurred_at >= from
      const own = released ? { source: 'caliper-1.2', schema_version: 2 } : { schema_version: 1 }
      const value = o.subject === 'feature-record' && f.source !== '' ? { ...f, ...own } : f
      after.append('learning.features', 0, o.subject, o.key, value)
    }
    const found = drifting(after.outputs('drift.verdicts').map((o) => o.value as DriftVerdict))
    const mixes = found.filter((v) => v.kind === 'mix')
    expect(new Set(mixes.map((v) => v.name))).toEqual(new Set(['source', 'schema_version']))
    for (const v of mixes) expect(v.window_to).toBeGreaterThan(from)
  })
})
