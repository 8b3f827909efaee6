import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import { describe, expect, it } from 'vitest'
import { RAPID_GUESSES } from '../../effort/rapid-policy.ts'
import { AnswerLogBuilder } from '../../evaluation/answer-log.ts'
import { hash128 } from '../../events/hash.ts'
import { explainInWords } from '../../features/words.ts'
import { checkpointOf, foldHistory, type HistoryRecord, scoreRowsOf } from '../../history/fold.ts'
import { effortWeights, fitThresholds } from '../../learners/effort/thresholds.ts'
import { foldLog } from '../../learners/fold.ts'
import { MODELS } from '../../models/catalog.ts'
import { compareStudent } from '../../reconcile/compare.ts'
import { simulateSchool } from '../../school/school.ts'
import { answer, command, DAY_ZERO, eventInput, MINUTE, marker, shuffled } from '../../testing/learner-log.ts'
import { bothStages, type DriverOptions, type Input, RING, TopologyDriver } from '../../testing/topology-driver.ts'
import { SCORE_META } from './meta.ts'
import type { ScoreState } from './state.ts'

const DAYS = [7, 30, 90]
const TIMES = {
  items: { name: ['item-1'], ms: [1200], usual: [12_000] },
  topics: { name: [], ms: [], usual: [] },
  other: 500,
}
const policy = (action: 'prepare' | 'activate', version: string, payload: unknown = null) =>
  marker(action, RAPID_GUESSES.id, version, payload, 'policy')
const on = (thresholds: object = TIMES, weight = 0.5): Input[] => [
  policy('prepare', 'v1', { weight, thresholds }),
  policy('activate', 'v1'),
]
const OFF = [policy('prepare', 'off'), policy('activate', 'off')]
const at = (i: number, ms: number | null, given: Partial<LearningEvent> = {}) =>
  eventInput(answer(`e${i}`, { occurred_at: DAY_ZERO + i * MINUTE, response_time_ms: ms, ...given }))
const drive = (log: readonly Input[], options: DriverOptions = {}) =>
  new TopologyDriver(bothStages(), options).send(...log)
const predicted = (d: TopologyDriver) => d.scores().map((s) => s.predictions.map((p) => p.p))
const mastery = (d: TopologyDriver) => d.scores().map((s) => s.rows[0]!.scores.map((x) => x.mastery))

/** Graded answers of the simulated school, some of whose students guess. */
const school: LearningEvent[] = [
  ...simulateSchool({
    seed: 3,
    students: 25,
    events: 4000,
    tenant: 'school',
    pseudonym: (s) => hash128('t', s),
  }).records(),
].flatMap((r) => (r.type === 'event' && r.event.role === 'evidence' && r.event.topics.length > 0 ? [r.event] : []))

function logOf(events: readonly LearningEvent[]) {
  const b = new AnswerLogBuilder()
  events.forEach((e, row) => {
    const { student, item, topics, score, occurred_at, event_id } = e
    const extra = { response_ms: e.response_time_ms ?? Number.NaN, hints: e.hints ?? 0 }
    b.add({ student, item, topics, correct: score! >= 0.5, at: occurred_at, row, bundle: event_id, extra })
  })
  return b.build()
}

describe('a policy on rapid guesses', () => {
  it('halves what a rapid guess teaches, and leaves its own prediction as it was', () => {
    const slow = drive([...on(), at(1, 9000), at(2, 9000, { score: 0, correct: false })])
    const fast = drive([...on(), at(1, 9000), at(2, 800, { score: 0, correct: false })])
    expect(predicted(fast)).toEqual(predicted(slow))
    const [before, whole] = mastery(slow)
    const [, half] = mastery(fast)
    for (const [i, m] of [0, 1, 2, 3].map((i) => [i, half![i]!] as const)) {
      expect(m).toBeLessThan(before![i]!)
      expect(m).toBeGreaterThan(whole![i]!)
    }
    expect(fast.scores()[1]!.rows[0]!.opportunities).toBe(2)
  })

  it('says in the row that the answer counted less, and why', () => {
    const [slow, fast] = drive([...on(), at(1, 9000), at(2, 800)]).scores()
    expect(slow!.rows[0]!.haste).toBeNull()
    expect(fast!.rows[0]!.haste).toEqual({ weight: 0.5, response_ms: 800, threshold_ms: 1200, usual_ms: 12_000 })
    const words = explainInWords(fast!.rows[0]!)
    expect(words.text).toContain('The latest answer counts half: answered in 0.8 s, where most need 12 s.')
    expect(words.reasons.at(-1)).toMatch(/counts half/)
    const [other] = drive([...on({ ...TIMES, items: { name: [], ms: [] } }, 0), at(1, 400)]).scores()
    expect(explainInWords(other!.rows[0]!).text).toContain(
      'did not count: answered in 0.4 s, where less than 0.5 s is a guess.',
    )
  })

  it('that is off, or finds no rapid guess, changes no bit', () => {
    const log = [at(1, 800), at(2, 100), at(3, null)]
    const plain = drive(log)
    const off = drive([...on(), ...OFF, ...log])
    const none = drive([...on({ items: { name: [], ms: [] } }), ...log])
    for (const d of [off, none]) {
      expect(mastery(d)).toEqual(mastery(plain))
      expect(d.bytes('scoring', 'student-1')).toEqual(plain.bytes('scoring', 'student-1'))
    }
  })

  it('holds from its marker on in every partition, and again not from the next', () => {
    const haste = (d: TopologyDriver) => d.scores().map((s) => s.rows[0]!.haste !== null)
    const students = ['student-1', 'student-2', 'student-9']
    const each = (i: number) => students.map((student) => at(i, 800, { student, event_id: `${student} ${i}` }))
    const log = [...each(1), policy('prepare', 'v1', { weight: 0.5, thresholds: TIMES }), ...each(2)]
    log.push(policy('activate', 'v1'), ...each(3), ...OFF, ...each(4))
    for (const options of [{}, { partitions: 4 }, { cut: () => true }])
      expect(haste(drive(log, options))).toEqual([2, 2, 1, 2].flatMap((x) => students.map(() => x === 1)))
  })

  it('is refused where its marker makes no sense', () => {
    const refused = (...log: Input[]) => drive(log).deadLetters()[0]?.message
    expect(refused(policy('prepare', 'v1'))).toMatch(/every other one has/)
    expect(refused(policy('prepare', 'off', { weight: 0.5, thresholds: TIMES }))).toMatch(/"off" has no thresholds/)
    expect(refused(policy('prepare', 'v1', { weight: 2, thresholds: TIMES }))).toMatch(/"weight" must be a number/)
    expect(refused(policy('activate', 'v1'))).toMatch(/was not prepared/)
  })

  it('predicts in the stream what the measured models predict, to the bit', () => {
    const kind = 'practice_attempt' as const
    const unique = [...new Map(school.map((e) => [e.event_id, e])).values()]
    const alone = unique.map((e, i): LearningEvent => {
      const occurred_at = DAY_ZERO + i * MINUTE
      const score = e.score! >= 0.5 ? 1 : 0
      return { ...e, kind, score, occurred_at, observed_at: occurred_at, opportunity_key: null, supersedes: null }
    })
    const log = logOf(alone)
    const thresholds = fitThresholds(log)
    const weights = effortWeights(log, thresholds, 0.5)
    expect(weights.filter((w) => w < 1).length).toBeGreaterThan(100)
    const stream = drive([...on(thresholds), ...alone.map(eventInput)]).scores()
    expect(stream).toHaveLength(alone.length)
    const rowOf = new Map([...log.row].map((row, r) => [alone[row]!.event_id, r]))
    for (const [m, model] of MODELS.entries()) {
      const offline = foldLog(model, model.defaults, log, undefined, weights)
      for (const s of stream)
        expect([model.id, s.predictions[m]!.p]).toEqual([model.id, offline[rowOf.get(s.event_id)!]!])
    }
  })
})

describe('rapid guesses that count less', () => {
  const times = fitThresholds(logOf(school))
  const options = {
    ring: RING,
    days: DAYS,
    scoring: {
      ...SCORE_META.empty(''),
      active: new Map([
        ['rapid-guesses', { version: 'v1', payload: JSON.stringify({ weight: 0.5, thresholds: times }) }],
      ]),
    },
  }
  const students = [...new Set(school.map((e) => e.student))].slice(0, 8)
  const historyOf = (log: readonly Input[], student: string) =>
    log.flatMap((input, offset): HistoryRecord[] =>
      input.subject === 'learning-event' && input.value.student === student ? [{ ...input, offset }] : [],
    )
  const rowsOf = (d: TopologyDriver, student: string) =>
    [...d.currentScores()].filter(([k]) => k.startsWith(`${student}/`)).map(([, r]) => [r.topic, r.scores, r.haste])

  it('come to the same states whatever came late, as the fold of the whole history and the reconcile say', () => {
    const inOrder = [...on(times), ...school.map(eventInput)]
    const late = [...on(times), ...shuffled(school, 4).map(eventInput)]
    const [a, b] = [drive(inOrder), drive(late)]
    let hasty = 0
    for (const student of students) {
      const f = foldHistory(student, historyOf(late, student), options)
      const stored = b.state<ScoreState>('scoring', student)
      expect(f.scores.current.student).toEqual(stored.current.student)
      const sorted = (rows: unknown[]) => rows.map((r) => JSON.stringify(r)).sort()
      const folded = scoreRowsOf(f, options.scoring)
      expect(sorted(rowsOf(a, student))).toEqual(sorted(rowsOf(b, student)))
      expect(sorted(folded.map((r) => [r.topic, r.scores, r.haste]))).toEqual(sorted(rowsOf(b, student)))
      hasty += folded.filter((r) => r.haste !== null).length
      const features = { windows: b.state('features', student), features: [], scores: [] } as const
      const versions = { since: 0, firstOffset: f.firstOffset, installedAt: -1 }
      const of = { ...features, knowledge: stored } as unknown as Parameters<typeof compareStudent>[1]
      const states = compareStudent(f, of, options, versions).differences.filter((x) => x.kind === 'mismatch')
      expect(states).toEqual([])
      // Without the policy the same history is another state: the comparison can tell.
      const plain = foldHistory(student, historyOf(late, student), { ...options, scoring: SCORE_META.empty('') })
      if (folded.some((r) => r.haste !== null))
        expect(compareStudent(plain, of, options, versions).differences.some((x) => x.kind === 'mismatch')).toBe(true)
    }
    expect(hasty).toBeGreaterThan(0)
  })

  it('are in a rebuilt state, which is put in place of one that was learned under the same policy only', () => {
    const student = students[0]!
    const log = [...on(times), ...school.filter((e) => e.student === student).map(eventInput)]
    const payload = Buffer.from(checkpointOf(foldHistory(student, historyOf(log, student), options), options))
    const install = command('c1', 'install_checkpoint', { student, payload, after_offset: log.length })
    const d = drive([...log, install])
    expect(d.scores().at(-1)).toMatchObject({ cause: 'installed', stale: false })
    expect(d.bytes('scoring', student)).toEqual(drive(log).bytes('scoring', student))
    expect(
      drive([...log, ...OFF, install])
        .scores()
        .at(-1),
    ).toMatchObject({ cause: 'outdated', stale: true })
  })
})
