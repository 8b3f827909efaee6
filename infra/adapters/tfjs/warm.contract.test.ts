import { answersOf, logOf } from '@mastery/topology/evaluation/testing/answers.ts'
import { foldHistory, type HistoryRecord } from '@mastery/topology/history/fold.ts'
import { blendLearner } from '@mastery/topology/learners/blend/learner.ts'
import { IRT_LEARNER } from '@mastery/topology/learners/irt/learner.ts'
import { BASES } from '@mastery/topology/learners/trees/learner.ts'
import { filePayload, type ParameterFile, provideParameters } from '@mastery/topology/models/parameters.ts'
import { Servers } from '@mastery/topology/served/servers.ts'
import { writeScores } from '@mastery/topology/stages/scoring/checkpoint.ts'
import { inForce } from '@mastery/topology/stages/scoring/in-force.ts'
import { SCORE_META, type ScoreMeta } from '@mastery/topology/stages/scoring/meta.ts'
import type { ScoreState } from '@mastery/topology/stages/scoring/state.ts'
import { beforeRing } from '@mastery/topology/stages/scoring/take-up.ts'
import { learnWhole, serveFolded } from '@mastery/topology/stages/scoring/together.ts'
import { topicScore } from '@mastery/topology/stages/scoring/topic-score.ts'
import type { RingLimits } from '@mastery/topology/stages/windowing/apply.ts'
import { exact } from '@mastery/topology/testing/exact.ts'
import {
  answer,
  command,
  DAY,
  DAY_ZERO,
  eventInput,
  MINUTE,
  marker,
  troublesomeLog,
} from '@mastery/topology/testing/learner-log.ts'
import { type Input, RING } from '@mastery/topology/testing/topology-driver.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { featureRecords, type Scored, scored } from './testing/scored.ts'
import { SMALL_DKT, SMALL_SAKT, SMALL_WD_IRT, wasm } from './testing/small.ts'

const SMALL_BLEND = blendLearner('blend', 'small', BASES, { folds: 2, rounds: 12, leaves: 6 })
const CARRIED = ['irt', 'dkt', 'sakt', 'wd-irt']
const servers = new Servers(wasm)
const files = new Map<string, ParameterFile>()

beforeAll(async () => {
  const train = logOf(answersOf(21, { students: 40, answers: 30 }))
  for (const learner of [IRT_LEARNER, SMALL_DKT, SMALL_SAKT, SMALL_WD_IRT, SMALL_BLEND]) {
    const artefact = await learner.fit(train, { seed: 3 })
    const file = { model: learner.id, version: 'v1', file: 'parameters', sha256: `warm ${learner.id}` }
    files.set(learner.id, file)
    provideParameters(file, learner.encode(artefact as never))
  }
}, 60_000)
afterAll(() => servers.close())

const mark = (action: 'prepare' | 'activate', id: string): Input => {
  const m = marker(action, id, 'v1')
  return { ...m, value: { ...m.value, payload: action === 'prepare' ? filePayload(files.get(id)!) : null } } as Input
}
const metaOf = (ids: readonly string[]): ScoreMeta => ({
  ...SCORE_META.empty(''),
  active: new Map(ids.map((id) => [id, { version: 'v1', payload: filePayload(files.get(id)!) }])),
})
const recordsOf = (sent: readonly Input[], student: string) =>
  sent.flatMap((i, offset): HistoryRecord[] =>
    i.subject === 'learning-event' && i.value.student === student ? [{ ...i, offset }] : [],
  )

/** The command that the job sends of a student who has this behind him. */
async function warm(sent: readonly Input[], held: Scored, student: string, ids: readonly string[]): Promise<Input> {
  const scoring = metaOf(ids)
  const options = { ring: RING, days: [7], scoring, whole: true }
  const s = beforeRing(held.state(student), foldHistory(student, recordsOf(sent, student), options).opportunities)
  await learnWhole([s], scoring, servers)
  const payload = Buffer.from(writeScores({ versions: inForce(scoring).versions, state: s }))
  return command(`warm ${student}`, 'warm', { student, payload, after_offset: sent.length })
}

const rows = (s: ScoreState, ids: readonly string[]) =>
  s.sets.topics.names
    .map((_, t) => topicScore(s, t, metaOf(ids), null, 0))
    .filter((r) => r.opportunities > 0)
    .map((r) => `${r.topic} ${r.opportunities} ${exact(r.scores)}`)
    .sort()

/** What the whole history gives. */
async function whole(sent: readonly Input[], student: string, ids: readonly string[], ring: RingLimits) {
  const scoring = metaOf(ids)
  const { scores } = foldHistory(student, recordsOf(sent, student), { ring: RING, days: [7], scoring, whole: true })
  await serveFolded([scores], ring, scoring, servers)
  return scores
}

describe('trained models that come into force', () => {
  it('have learned the whole history of students who were prepared, with answers and restarts in between', async () => {
    const ring = { min: 40, max: 60, days: 5 }
    const log = troublesomeLog(7, 1100).map((e) =>
      eventInput({ ...e, topics: e.topics.map((t) => `topic-${t.length % 5}`), item: e.item }),
    )
    const students = ['student-0', 'student-1', 'student-2']
    const early = [...log.slice(0, 900), ...CARRIED.map((id) => mark('prepare', id))]
    const held = await scored(featureRecords(early), servers, () => 50, ring)
    const warmed = await Promise.all(students.map((s) => warm(early, held, s, CARRIED)))
    const on = CARRIED.map((id) => mark('activate', id))
    const sent = [...early, ...warmed, ...log.slice(900, 960), ...on, ...log.slice(960)]
    const streamed = await scored(featureRecords(sent), servers, () => 30, ring)
    const cold = await scored(featureRecords(sent.filter((i) => !warmed.includes(i))), servers, () => 30, ring)
    for (const student of students) {
      expect(held.state(student).base).not.toBeNull()
      const given = await whole(sent, student, CARRIED, ring)
      expect(streamed.state(student)).toMatchObject({ cut: false, stale: false, prepared: null })
      expect(rows(streamed.state(student), CARRIED)).toEqual(rows(given, CARRIED))
      expect(rows(cold.state(student), CARRIED)).not.toEqual(rows(given, CARRIED))
    }
  })

  it('say the same of a topic from long before the ring: also a fitted blend, and beside one', async () => {
    const ring = { min: 512, max: 560, days: 1 }
    const one = (i: number) =>
      eventInput(
        answer(`e${i}`, {
          ...{ occurred_at: DAY_ZERO + i * DAY, item: `item-${i % 9}`, score: (i * 7) % 3 === 0 ? 0 : 1 },
          topics: [i < 30 ? 'topic-1' : `topic-${2 + (i % 2)}`],
        }),
      )
    const log = Array.from({ length: 600 }, (_, i) => one(i))
    const student = 'student-1'
    const prepares = [mark('prepare', 'blend'), mark('prepare', 'irt')]
    const early = [...log, ...prepares]
    const held = await scored(featureRecords(early), servers, () => 1000, ring)
    const settle = command('settle', 'warm')
    const first = [...early, await warm(early, held, student, ['blend']), one(600), mark('activate', 'blend'), settle]
    const mixed = await scored(featureRecords(first), servers, () => 1000, ring)
    expect(rows(mixed.state(student), ['blend'])).toEqual(rows(await whole(first, student, ['blend'], ring), ['blend']))
    const blendOf = (s: Scored) => s.current.get(`${student}/topic-1`)!.scores.at(-1)!
    expect(blendOf(mixed).version).toBe('v1')
    const mean = held.current.get(`${student}/topic-1`)!.scores.at(-1)!.mastery
    expect(Math.abs(blendOf(mixed).mastery - mean)).toBeGreaterThan(1e-6)

    const ids = ['irt', 'blend']
    const late = eventInput(
      answer('late', { occurred_at: DAY_ZERO + 598 * DAY + MINUTE, topics: ['topic-2'], score: 0 }),
    )
    const second = [...first, { ...(await warm(first, mixed, student, ids)) }, mark('activate', 'irt'), late, one(601)]
    const both = await scored(featureRecords(second), servers, () => 1000, ring)
    expect(rows(both.state(student), ids)).toEqual(rows(await whole(second, student, ids, ring), ids))
    expect(blendOf(both)).toEqual(blendOf(mixed))
    expect(both.state(student).cut).toBe(false)
  })
})
