import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import type { StudentCommand } from '@mastery/schemas/src/generated/student-command.gen.ts'
import { describe, expect, it } from 'vitest'
import { SCORE_META } from '../stages/scoring/meta.ts'
import type { RingLimits } from '../stages/windowing/apply.ts'
import { exact, exactRows } from '../testing/exact.ts'
import { answer, command, DAY, DAY_ZERO, MINUTE, shuffled, troublesomeLog } from '../testing/learner-log.ts'
import { bothStages, type Input, RING, TopologyDriver } from '../testing/topology-driver.ts'
import { checkpointOf, featureRowsOf, foldHistory, type HistoryRecord, scoreRowsOf } from './fold.ts'

const DAYS = [7, 30, 90]
/** Old events leave this ring quickly; those of 90 days stay. */
const SMALL: RingLimits = { min: 16, max: 4096, days: 90 }

/** Records of one student, as the driver's single partition holds them. */
function historyOf(inputs: readonly Input[], student: string): HistoryRecord[] {
  return inputs.flatMap((input, offset): HistoryRecord[] => {
    if (input.subject !== 'learning-event' && input.subject !== 'student-command') return []
    if (input.value.student !== student) return []
    return [{ ...input, offset } as HistoryRecord]
  })
}

const options = (ring: RingLimits) => ({ ring, days: DAYS, scoring: SCORE_META.empty('') })

function folded(inputs: readonly Input[], student: string, ring: RingLimits) {
  const f = foldHistory(student, historyOf(inputs, student), options(ring))
  const features = new Map(featureRowsOf(f, DAYS).map((r) => [`${student}/${r.topic}`, r]))
  const scores = new Map(
    scoreRowsOf(f, SCORE_META.empty(''))
      .filter((r) => r.opportunities > 0)
      .map((r) => [`${student}/${r.topic}`, { ...r, factors: [], revision: false }]),
  )
  return { f, features, scores }
}

function streamed(driver: TopologyDriver, student: string) {
  const own = <T>(rows: Map<string, T>) => new Map([...rows].filter(([key]) => key.startsWith(`${student}/`)))
  const scores = new Map(
    [...own(driver.currentScores())].map(([key, r]) => [key, { ...r, factors: [], revision: false }]),
  )
  return { features: own(driver.currentFeatures()), scores }
}

const asInput = (value: LearningEvent): Input => ({ subject: 'learning-event', value })

describe('a whole history', () => {
  it.each([1, 2, 3, 4, 5, 6])('gives the rows that the stream ends with, whatever came when (seed %i)', (seed) => {
    const events = troublesomeLog(seed, 150)
    const twice = shuffled([...events, ...events.slice(20, 60)], seed).map(asInput)
    const driver = new TopologyDriver(bothStages(RING)).send(...twice)
    for (const student of ['student-0', 'student-1', 'student-2']) {
      const batch = folded(twice, student, RING)
      const stream = streamed(driver, student)
      expect(exactRows(batch.features)).toEqual(exactRows(stream.features))
      expect(exactRows(batch.scores)).toEqual(exactRows(stream.scores))
    }
  })

  it('counts duplicates and conflicts, and lets the first stand', () => {
    const inputs = [
      answer('a', { score: 1 }),
      answer('a', { score: 1 }),
      answer('a', { score: 0 }),
      answer('b', { occurred_at: DAY_ZERO + MINUTE, score: 0 }),
    ].map(asInput)
    const { f, features } = folded(inputs, 'student-1', RING)
    expect({ events: f.events, duplicates: f.duplicates, conflicts: f.conflicts }).toEqual({
      events: 4,
      duplicates: 1,
      conflicts: [2],
    })
    expect(features.get('student-1/algebra')).toMatchObject({ attempts_total: 2 })
  })
})

describe('a rebuilt student', () => {
  /** 120 answers over two years, shuffled: most of them come too late for a ring of 16. */
  const old = Array.from({ length: 120 }, (_, i) =>
    answer(`e${i}`, {
      occurred_at: DAY_ZERO + i * 6 * DAY,
      score: (i * 7) % 5 < 3 ? 1 : 0,
      topics: [i % 3 === 0 ? 'algebra' : 'fractions'],
    }),
  )
  const install = (inputs: readonly Input[], given: Partial<StudentCommand> = {}) => {
    const f = foldHistory('student-1', historyOf(inputs, 'student-1'), options(SMALL))
    return command(`install ${f.lastOffset}`, 'install_checkpoint', {
      after_offset: f.lastOffset,
      payload: checkpointOf(f, options(SMALL)),
      ...given,
    })
  }

  it('has the rows of the whole history, also of what came too late for the ring', () => {
    const inputs = shuffled(old, 3).map(asInput)
    const driver = new TopologyDriver(bothStages(SMALL)).send(...inputs)
    expect(driver.features().some((f) => f.disposition === 'too_old')).toBe(true)
    const batch = folded(inputs, 'student-1', SMALL)
    expect(exactRows(streamed(driver, 'student-1').scores)).not.toEqual(exactRows(batch.scores))
    driver.send(install(inputs))
    expect(driver.deadLetters()).toEqual([])
    expect(driver.features().at(-1)).toMatchObject({ disposition: 'installed' })
    expect(driver.scores().at(-1)).toMatchObject({ cause: 'installed', stale: false })
    const stream = streamed(driver, 'student-1')
    expect(exactRows(stream.features)).toEqual(exactRows(batch.features))
    expect(exactRows(stream.scores)).toEqual(exactRows(batch.scores))
  })

  it('keeps the row of a topic that its ring no longer reaches back to', () => {
    const long = Array.from({ length: 100 }, (_, i) => answer(`g${i}`, { occurred_at: DAY_ZERO + (i + 300) * 6 * DAY }))
    const early = [0, 1, 2].map((i) => answer(`early${i}`, { occurred_at: DAY_ZERO + i * DAY, topics: ['geometry'] }))
    const inputs = [...early, ...long].map(asInput)
    const driver = new TopologyDriver(bothStages(SMALL)).send(...inputs, install(inputs))
    const row = streamed(driver, 'student-1').features.get('student-1/geometry')
    expect(row).toMatchObject({ attempts_total: 3, approximate: false })
    expect(exactRows(streamed(driver, 'student-1').features)).toEqual(
      exactRows(folded(inputs, 'student-1', SMALL).features),
    )
  })

  it('goes on from there as if all had come in order', () => {
    const inputs = shuffled(old.slice(0, 100), 5).map(asInput)
    const driver = new TopologyDriver(bothStages(SMALL)).send(...inputs)
    const whole = [...inputs, install(inputs), ...old.slice(100).map(asInput)]
    driver.send(...whole.slice(inputs.length))
    const batch = folded(whole, 'student-1', SMALL)
    const stream = streamed(driver, 'student-1')
    expect(exactRows(stream.scores)).toEqual(exactRows(batch.scores))
    expect(exactRows(stream.features)).toEqual(exactRows(batch.features))
  })

  it('keeps its state where another record came in between, and says that the checkpoint is outdated', () => {
    const inputs = old.slice(0, 40).map(asInput)
    const late = asInput(answer('late', { occurred_at: DAY_ZERO + 400 * DAY }))
    const driver = new TopologyDriver(bothStages(SMALL)).send(...inputs, late)
    const before = driver.bytes('features', 'student-1')
    driver.send(install(inputs))
    expect(driver.features().at(-1)).toMatchObject({ disposition: 'outdated', rows: [] })
    expect(exact([...driver.bytes('features', 'student-1')])).toBe(exact([...before]))
  })

  it('writes a row without opportunities for a topic that it never had anything on', () => {
    const inputs = old.slice(0, 5).map(asInput)
    const driver = new TopologyDriver(bothStages(SMALL)).send(...inputs, install(inputs, { topics: ['ghost'] }))
    expect(
      driver
        .features()
        .at(-1)!
        .rows.find((r) => r.topic === 'ghost'),
    ).toMatchObject({ attempts_total: 0 })
    expect(
      driver
        .scores()
        .at(-1)!
        .rows.find((r) => r.topic === 'ghost'),
    ).toMatchObject({ opportunities: 0 })
  })

  it('is left alone by a checkpoint of another generation and by bytes that are none', () => {
    const inputs = old.slice(0, 5).map(asInput)
    const driver = new TopologyDriver(bothStages(SMALL)).send(...inputs)
    const count = driver.features().length
    driver.send(install(inputs, { generation: 4 }), install(inputs, { payload: Buffer.from([9, 9]) }))
    expect(driver.features()).toHaveLength(count)
    expect(driver.deadLetters()).toMatchObject([{ code: 'bad_checkpoint' }])
  })
})

describe('an erased student', () => {
  const before = [answer('a'), answer('b', { occurred_at: DAY_ZERO + DAY })].map(asInput)
  const erase = command('erase 1', 'erase', { issued_at: DAY_ZERO + 10 * DAY })
  const late = asInput(answer('late', { occurred_at: DAY_ZERO + 2 * DAY, item: 'secret' }))
  const after = asInput(answer('after', { occurred_at: DAY_ZERO + 30 * DAY }))
  const readmit = command('readmit 1', 'readmit', { issued_at: DAY_ZERO + 20 * DAY })

  it('leaves nothing, lets nothing late in, and counts after a readmission only what comes from then on', () => {
    const inputs = [...before, erase, late, after, readmit, late, after]
    const driver = new TopologyDriver().send(...inputs)
    expect(driver.features().map((f) => f.disposition)).toEqual([
      'counted',
      'counted',
      'erased',
      'erased',
      'erased',
      'readmitted',
      'erased',
      'counted',
    ])
    const stream = streamed(driver, 'student-1')
    const batch = folded(inputs, 'student-1', RING)
    expect(batch.features.get('student-1/algebra')).toMatchObject({ attempts_total: 1 })
    expect(exactRows(batch.features)).toEqual(exactRows(stream.features))
    expect(exactRows(batch.scores)).toEqual(exactRows(stream.scores))
    expect(batch.f.erased).toBe(3)
  })

  it('says nothing of what came late but that something came', () => {
    const driver = new TopologyDriver().send(...before, erase, late)
    expect(driver.features().at(-1)).toMatchObject({ event_id: '', item: null, occurred_at: 0, ops: [], rows: [] })
    expect(exact([...driver.bytes('features', 'student-1')])).not.toContain('secret')
    expect(driver.bytes('scoring', 'student-1').length).toBeLessThan(400)
  })

  it('is not erased again by the same command, come twice', () => {
    const driver = new TopologyDriver().send(...before, erase, readmit, after, erase, readmit)
    expect(streamed(driver, 'student-1').features.get('student-1/algebra')).toMatchObject({ attempts_total: 1 })
    expect(driver.features().at(-1)).toMatchObject({ disposition: 'duplicate' })
  })
})
