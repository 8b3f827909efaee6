import type { DriftVerdict } from '@mastery/schemas/src/generated/drift-verdict.gen.ts'
import type { MasteryScore } from '@mastery/schemas/src/generated/mastery-score.gen.ts'
import { describe, expect, it } from 'vitest'
import { isWhole, readSubjects, subjectsName, subjectsText, within } from '../../drift/subjects.ts'
import { POLICY } from '../../drift/testing/policy.ts'
import { hash128 } from '../../events/hash.ts'
import { simulateSchool } from '../../school/school.ts'
import type { AnyStage, StageOutput } from '../../stage.ts'
import { exact } from '../../testing/exact.ts'
import { eventInput, marker } from '../../testing/learner-log.ts'
import { bothStages, type DriverOptions, type Input, TopologyDriver } from '../../testing/topology-driver.ts'
import { SOURCE_META, SourceMeta } from '../drift-sources/meta.ts'
import { driftFeaturesStage, driftScoresStage } from '../drift-sources/stage.ts'
import { driftStage } from './stage.ts'

const options = {
  seed: 11,
  students: 60,
  events: 24_000,
  tenant: 'school',
  pseudonym: (id: string) => hash128('t', id),
}
const events: Input[] = [...simulateSchool(options).records()].map((r) =>
  r.type === 'event' ? eventInput(r.event) : { subject: 'tick', value: { at: r.at } },
)
const topics = [...new Set(events.flatMap((i) => (i.subject === 'learning-event' ? i.value.topics : [])))].sort()
const graph = topics.map((id, i) => ({ id, subject: ['Algebra', 'Reading', ''][i % 3]! }))
const SUBJECTS = marker('activate', subjectsName('school'), '1', JSON.parse(subjectsText(graph)), 'policy')

const ticks = events.flatMap((i) => (i.subject === 'tick' ? [i.value.at] : []))
const FROM = ticks[Math.floor(ticks.length * 0.6)]!

/** From `FROM` on models predict two logits too high for topics of `off`. */
function verdicts(log: readonly Input[], off: string, more: DriverOptions = {}): DriftVerdict[] {
  const [windowing, scoring] = bothStages() as [AnyStage, AnyStage]
  const wrong = (o: StageOutput): StageOutput => {
    if (o.subject !== 'mastery-score') return o
    const s = o.value as MasteryScore
    const [row] = s.rows
    if (s.occurred_at < FROM || graph.find((t) => t.id === row?.topic)?.subject !== off) return o
    const predictions = s.predictions.map((x) => ({ ...x, p: x.p / (x.p + (1 - x.p) / Math.exp(2)) }))
    return { ...o, value: { ...s, predictions } }
  }
  const serving: AnyStage = {
    ...scoring,
    step(...given) {
      const result = scoring.step(...given)
      return result.type === 'ok' ? { ...result, outputs: result.outputs.map(wrong) } : result
    },
  }
  const source = { policy: POLICY, generation: 0, sources: more.partitions ?? 1 }
  const watching = [driftFeaturesStage(source), driftScoresStage(source), driftStage({ policy: POLICY, generation: 0 })]
  const driver = new TopologyDriver([windowing, serving, ...watching], more).send(...log)
  expect(driver.deadLetters()).toEqual([])
  return driver.outputs('drift.verdicts').map((o) => o.value as DriftVerdict)
}

describe('subjects of the curriculum', () => {
  const whole = verdicts([SUBJECTS, ...events], 'Algebra')
  const weeks = whole.filter((v) => v.window_kind === 'week')

  it('are watched each, and what belongs to none counts in the whole alone', () => {
    const rows = (name: string, model = '') =>
      weeks.filter((v) => v.name === name && v.model === model).reduce((n, v) => n + v.rows, 0)
    for (const [name, model] of [
      ['accuracy_7d', ''],
      ['mastery', 'elo'],
      ['predictions', 'elo'],
    ] as const) {
      const parts = rows(within(name, 'Algebra'), model) + rows(within(name, 'Reading'), model)
      expect(parts).toBeGreaterThan(0.4 * rows(name, model))
      expect(parts).toBeLessThan(rows(name, model))
    }
    expect(new Set(whole.filter((v) => !isWhole(v.name)).map((v) => /\[(.*)\]$/.exec(v.name)![1]))).toEqual(
      new Set(['Algebra', 'Reading']),
    )
  })

  it('change nothing of what is watched of all together but the correction over more series', () => {
    const content = (all: readonly DriftVerdict[]) =>
      all
        .filter((v) => isWhole(v.name))
        .map(({ kind, name, model, version, window_kind, window_from, rows, p, counts }) =>
          exact({ kind, name, model, version, window_kind, window_from, rows, p, counts }),
        )
    expect(content(whole)).toEqual(content(verdicts(events, 'Algebra')))
  })

  it('show where a model went wrong', () => {
    const found = weeks.filter((v) => v.kind === 'quality' && v.model === 'elo' && v.state === 'drift')
    const names = new Set(found.map((v) => v.name))
    expect(names).toContain(within('predictions', 'Algebra'))
    expect(names).not.toContain(within('predictions', 'Reading'))
  })

  it('are the same in two partitions, with restarts', () => {
    const content = (all: readonly DriftVerdict[]) =>
      all.map((v) => exact({ ...v, origin_partition: 0, origin_offset: 0, ordinal: 0 }))
    const cut = (_stage: string, n: number) => n % 5000 === 0
    expect(content(verdicts([SUBJECTS, ...events], 'Algebra', { partitions: 2, cut }))).toEqual(content(whole))
  })

  it('of which there is one only are not watched apart, and a broken list is refused', () => {
    expect(readSubjects(subjectsText([{ id: 'a', subject: 'Algebra' }])).size).toBe(0)
    for (const payload of ['{', '{"format":1,"topics":[["a"]]}', '{"format":2,"topics":[]}'])
      expect(() => readSubjects(payload)).toThrow()
  })

  it('are none in the state that an older build wrote', () => {
    const bytes = SOURCE_META.encode(new SourceMeta())
    const older = Uint8Array.from(bytes.subarray(0, bytes.length - 2))
    older[0] = 1
    expect(SOURCE_META.decode(older, '').subjects.size).toBe(0)
  })
})
