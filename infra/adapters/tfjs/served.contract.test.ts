import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import { answersOf, logOf } from '@mastery/topology/evaluation/testing/answers.ts'
import { nextCorrect } from '@mastery/topology/features/next-correct.ts'
import { explainInWords } from '@mastery/topology/features/words.ts'
import { foldHistory } from '@mastery/topology/history/fold.ts'
import { blendLearner } from '@mastery/topology/learners/blend/learner.ts'
import { effortWeights } from '@mastery/topology/learners/effort/thresholds.ts'
import { foldLog } from '@mastery/topology/learners/fold.ts'
import { IRT_LEARNER } from '@mastery/topology/learners/irt/learner.ts'
import { BASES, treesLearner } from '@mastery/topology/learners/trees/learner.ts'
import { IRT } from '@mastery/topology/models/irt/model.ts'
import { filePayload, type ParameterFile, provideParameters } from '@mastery/topology/models/parameters.ts'
import { SILENT } from '@mastery/topology/ports/telemetry.ts'
import { Random } from '@mastery/topology/school/random.ts'
import { SERVED, SERVED_AND_BLEND } from '@mastery/topology/served/catalog.ts'
import { Servers } from '@mastery/topology/served/servers.ts'
import { MODEL_IDS } from '@mastery/topology/stages/scoring/in-force.ts'
import { SCORE_META } from '@mastery/topology/stages/scoring/meta.ts'
import { AGAIN_MOST } from '@mastery/topology/stages/scoring/serving.ts'
import type { ScoreState } from '@mastery/topology/stages/scoring/state.ts'
import { serveFolded } from '@mastery/topology/stages/scoring/together.ts'
import { topicScore } from '@mastery/topology/stages/scoring/topic-score.ts'
import { exact } from '@mastery/topology/testing/exact.ts'
import {
  answer,
  DAY_ZERO,
  eventInput,
  marker,
  shuffled,
  troublesomeLog,
} from '@mastery/topology/testing/learner-log.ts'
import { type Input, RING } from '@mastery/topology/testing/topology-driver.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openServers } from '../../runtime/engines.ts'
import { threadServers } from '../../runtime/served-thread.ts'
import { featureRecords, type Scored, scored } from './testing/scored.ts'
import { SMALL_DKT, SMALL_SAKT, SMALL_WD_IRT, wasm } from './testing/small.ts'

const SMALL = { folds: 2, rounds: 12, leaves: 6 }
const SMALL_TREES = treesLearner('trees', 'small', BASES, SMALL)
const SMALL_BLEND = blendLearner('blend', 'small', BASES, SMALL)
const LEARNERS = [IRT_LEARNER, SMALL_DKT, SMALL_SAKT, SMALL_WD_IRT, SMALL_TREES]
const ALL = [...LEARNERS, SMALL_BLEND]
const made = answersOf(21, { students: 50, answers: 30 })
const names = [...new Set(made.map((a) => a.student))]
const isNew = new Set(names.slice(35))
const unseen = made.filter((a) => isNew.has(a.student))
const servers = new Servers(wasm)
const files = new Map<string, ParameterFile>()
const artefacts = new Map<string, unknown>()

beforeAll(async () => {
  const train = logOf(made.filter((a) => !isNew.has(a.student)))
  for (const learner of ALL) {
    const artefact = await learner.fit(train, { seed: 3 })
    artefacts.set(learner.id, artefact)
    for (const version of ['v1', 'v2']) {
      const file = { model: learner.id, version, file: 'parameters', sha256: `${learner.id} ${version}` }
      files.set(`${learner.id} ${version}`, file)
      provideParameters(file, learner.encode(artefact as never))
    }
  }
}, 60_000)
afterAll(() => servers.close())

const markerOf = (action: 'prepare' | 'activate', model: string, version = 'v1'): Input => {
  const m = marker(action, model, version)
  const payload = action === 'prepare' && version !== 'none' ? filePayload(files.get(`${model} ${version}`)!) : null
  return { ...m, value: { ...m.value, marker_id: `${action} ${model} ${version}`, payload } } as Input
}
const put = (model: string, version = 'v1') => [
  markerOf('prepare', model, version),
  markerOf('activate', model, version),
]
const all = (version = 'v1') => ALL.flatMap((l) => put(l.id, version))

const inputs = unseen.map((a, i) =>
  eventInput(
    answer(`e${i}`, {
      student: a.student,
      item: a.item,
      topics: [...a.topics],
      score: a.correct ? 1 : 0,
      correct: a.correct,
      occurred_at: a.at - Date.UTC(2025, 8, 1) + DAY_ZERO,
      source_sequence: i,
      hints: a.extra?.['hints'] ?? 0,
      response_time_ms: Number.isNaN(a.extra?.['response_ms']) ? null : (a.extra?.['response_ms'] ?? null),
      opportunity_key: `opportunity ${i}`,
    }),
  ),
)
const whole = () => 1000
/** Students and topics of what the models learned, with names that the artefacts know. */
const hard = (seed: number, events = 260): Input[] =>
  troublesomeLog(seed, events).map((e) =>
    eventInput({ ...e, topics: e.topics.map((t) => `topic-${t.length % 5}`), item: e.item }),
  )
const STUDENTS = ['student-0', 'student-1', 'student-2']
/** Those that do not ask for rings as long as trees look back. */
const CARRIED = ['irt', 'dkt', 'sakt', 'wd-irt']
const rowsIn = (s: ScoreState, ids?: string[]) =>
  s.sets.topics.names
    .map((_, t) => topicScore(s, t, metaOf('v1', ids), null, 0))
    .filter((r) => r.opportunities > 0)
    .map((r) => `${r.topic} ${r.opportunities} ${exact(r.scores)}`)
    .sort()
const rowsWith = (s: Scored, model: string) =>
  [...s.current.values()].filter((r) => r.scores.some((x) => x.model === model)).length

describe('trained models in the stream', () => {
  it('are all those that this test serves', () => {
    expect(ALL.map((l) => l.id)).toEqual(SERVED_AND_BLEND.map((m) => m.id))
  })

  it.each(ALL.map((l) => [l.id, l] as const))('%s predicts what the learner predicts', async (id, learner) => {
    const log = logOf(unseen)
    const offline = await learner.predict(artefacts.get(id) as never, log, { seed: 3 })
    const { scores, deadLetters } = await scored(featureRecords([...put(id), ...inputs]), servers, whole)
    expect(deadLetters).toEqual([])
    const said = new Map(scores.map((s) => [s.event_id, s.predictions.find((p) => p.model === id)]))
    let compared = 0
    for (let r = 0; r < log.size; r++) {
      const online = said.get(`e${unseen.findIndex((a) => a.row === log.row[r])}`)!
      if (online === undefined) continue
      compared++
      expect(online.version).toBe('v1')
      expect(Math.abs(Math.log(online.p / (1 - online.p)) - Math.log(offline[r]! / (1 - offline[r]!)))).toBeLessThan(
        /^(irt|trees|blend)$/.test(id) ? 1e-9 : 1e-5,
      )
    }
    expect(compared).toBe(log.size)
  })

  it('give the same rows however the records are put together, to the bit', async () => {
    const records = featureRecords([...hard(5).slice(0, 100), ...all(), ...hard(5).slice(100)])
    const random = new Random(4)
    const cuts = [() => 1, () => 7, whole, () => 1 + Math.floor(random.uniform() * 40)]
    const rows = await Promise.all(cuts.map(async (cut) => (await scored(records, servers, cut)).scores))
    expect(rows[0]!.length).toBeGreaterThan(100)
    for (const other of rows.slice(1)) expect(exact(other)).toBe(exact(rows[0]))
  })

  // In large batches a late answer is learned from a state on the way; after a restart from the checkpoint.
  it.each([
    ['large batches', 330, whole],
    ['restarts', 200, () => 16],
  ])('come to the same state whatever the order of arrival: %s', async (_name, events, cut) => {
    const log = hard(6, events)
    const inOrder = await scored(featureRecords([...all(), ...log]), servers, whole)
    const outOfOrder = await scored(featureRecords([...all(), ...shuffled(log, 8)]), servers, cut)
    for (const id of [...LEARNERS.map((l) => l.id), 'blend']) expect(rowsWith(inOrder, id)).toBeGreaterThan(5)
    for (const student of STUDENTS) {
      const [a, b] = [inOrder.state(student), outOfOrder.state(student)]
      for (const id of ['dkt', 'wd-irt']) {
        const at = SERVED.findIndex((m) => m.id === id)
        expect(exact([...b.current.served[at]!.values!])).toBe(exact([...a.current.served[at]!.values!]))
      }
      expect(rowsIn(b)).toEqual(rowsIn(a))
    }
  })

  it('come to the fold of the whole history, with rings that had to be cut', async () => {
    const ring = { min: 40, max: 60, days: 5 }
    const log = hard(7, 1100)
    const records = featureRecords([...CARRIED.flatMap((id) => put(id)), ...log])
    const stream = await scored(records, servers, () => 30, ring)
    for (const student of STUDENTS) {
      const history = log.flatMap((i, offset) =>
        i.subject === 'learning-event' && i.value.student === student ? [{ ...i, offset }] : [],
      )
      const options = { ring: RING, days: [7, 30, 90], scoring: metaOf('v1', CARRIED), whole: true }
      const folded = foldHistory(student, history, options)
      expect(folded.scores.ring.n).toBeGreaterThan(50)
      await serveFolded([folded.scores], ring, metaOf('v1', CARRIED), servers)
      const held = stream.state(student)
      expect(held.base).not.toBeNull()
      expect(folded.scores.base).not.toBeNull()
      expect(held.stale).toBe(false)
      expect(rowsIn(folded.scores, CARRIED)).toEqual(rowsIn(held, CARRIED))
    }
  })

  it('leave a student to a rebuild where a late answer would have them learn too much again', async () => {
    const one = (i: number, day: number) =>
      eventInput(
        answer(`a${i}`, {
          item: `item-${i % 9}`,
          topics: ['topic-1'],
          occurred_at: DAY_ZERO + day * 1000,
          score: i % 2,
        }),
      )
    const log = Array.from({ length: AGAIN_MOST + 3 }, (_, i) => one(i, 10 + i))
    const late = one(9999, 1)
    const next = one(10_000, 9000)
    const before = await scored(featureRecords([...put('irt'), ...log]), servers, whole)
    const after = await scored(featureRecords([...put('irt'), ...log, late]), servers, whole)
    const score = (s: Scored, model: string) =>
      s.current.get('student-1/topic-1')!.scores.find((x) => x.model === model)!.mastery
    expect([before, after].map((s) => s.state('student-1').stale)).toEqual([false, true])
    expect(score(after, 'irt')).toBe(score(before, 'irt'))
    expect(score(after, 'elo')).not.toBe(score(before, 'elo'))
    expect(after.scores.at(-1)!.predictions.map((p) => p.model)).toEqual(['rule', 'bkt', 'elo', 'blend'])
    const goneOn = await scored(featureRecords([...put('irt'), ...log, late, next]), servers, whole)
    const without = await scored(featureRecords([...put('irt'), ...log, next]), servers, whole)
    expect(score(goneOn, 'irt')).toBe(score(without, 'irt'))
  })

  it('learn half from rapid guesses where they are folded, in any batches, any order and any thread', async () => {
    const log = logOf(unseen)
    const thresholds = { items: { name: [], ms: [] }, topics: { name: [], ms: [] }, other: 9000 }
    const policy = (action: 'prepare' | 'activate') =>
      marker(action, 'rapid-guesses', 'v1', action === 'prepare' ? { weight: 0.5, thresholds } : null, 'policy')
    const on = [...put('irt'), policy('prepare'), policy('activate')]
    const weights = effortWeights(log, thresholds, 0.5)
    expect(weights.filter((w) => w < 1).length).toBeGreaterThan(20)
    const params = IRT.parse(artefacts.get('irt'))
    const offline = foldLog(IRT, params, log, undefined, weights)
    const { scores } = await scored(featureRecords([...on, ...inputs]), servers, whole)
    const said = new Map(scores.map((s) => [s.event_id, s.predictions.find((p) => p.model === 'irt')!.p]))
    for (let r = 0; r < log.size; r++)
      expect(said.get(`e${unseen.findIndex((a) => a.row === log.row[r])}`)).toBe(offline[r])

    const events = hard(11, 160)
    const late = [...events.slice(0, 20), ...on, ...shuffled(events.slice(20), 2)]
    const inOrder = await scored(featureRecords([...events.slice(0, 20), ...on, ...events.slice(20)]), servers, () => 9)
    const outOfOrder = await scored(featureRecords(late), servers, () => 23)
    const thread = threadServers(() => {})
    try {
      const there = await scored(featureRecords(late), thread, () => 23)
      expect(exact(there.scores) === exact(outOfOrder.scores)).toBe(true)
    } finally {
      await thread.close()
    }
    const rows = (s: Scored) =>
      [...s.current].filter(([, r]) => r.opportunities > 0).map(([key, r]) => `${key} ${exact([r.scores, r.haste])}`)
    expect(rows(outOfOrder).sort()).toEqual(rows(inOrder).sort())
    expect(rowsWith(inOrder, 'irt')).toBeGreaterThan(5)
  })

  it('are named from the marker that put them in force to the one that took them out', async () => {
    const third = Math.floor(inputs.length / 3)
    const log = [
      ...inputs.slice(0, third),
      ...put('dkt'),
      ...inputs.slice(third, 2 * third),
      ...put('dkt', 'v2'),
      ...inputs.slice(2 * third, 2 * third + 20),
      ...put('dkt', 'none'),
      ...inputs.slice(2 * third + 20),
    ]
    const { scores, deadLetters } = await scored(featureRecords(log), servers, () => 50)
    expect(deadLetters).toEqual([])
    const versions = new Map(
      scores.map((s) => [s.event_id, s.predictions.find((p) => p.model === 'dkt')?.version ?? 'not served']),
    )
    inputs.forEach((_, i) => {
      const wanted = i < third ? 'not served' : i < 2 * third ? 'v1' : i < 2 * third + 20 ? 'v2' : 'not served'
      expect([i, versions.get(`e${i}`)]).toEqual([i, wanted])
    })
    // v2 has the same weights: had it not begun with the ring, it would say other things.
    const steady = await scored(featureRecords([...put('dkt'), ...inputs]), servers, () => 50)
    const said = (of: Scored['scores'], i: number) =>
      of.find((s) => s.event_id === `e${i}`)!.predictions.find((p) => p.model === 'dkt')!.p
    for (let i = third; i < 2 * third + 20; i++) expect(said(scores, i)).toBe(said(steady.scores, i))
  })

  it('say the same from a thread of their own, to the bit, and what is wrong with an artefact', async () => {
    const thread = threadServers(() => {})
    const here = openServers(SILENT)
    try {
      const records = featureRecords([...hard(9).slice(0, 60), ...all(), ...shuffled(hard(9).slice(60), 3)])
      const [mine, theirs] = await Promise.all([here, thread].map((s) => scored(records, s, () => 20)))
      expect(mine!.scores.some((s) => s.predictions.length === MODEL_IDS.length)).toBe(true)
      expect(exact(theirs!.scores)).toBe(exact(mine!.scores))
      await expect(thread.of(SERVED[1]!, 1, filePayload({ ...files.get('dkt v1')!, model: 'sakt' }))).rejects.toThrow(
        /The artefact is one of sakt, not of dkt/,
      )
    } finally {
      await Promise.all([thread.close(), here.close()])
    }
  })

  it('are not named for what another version said before they spoke', async () => {
    const { state } = await scored(featureRecords([...all(), ...inputs]), servers, whole)
    const student = inputs.at(-1)!.subject === 'learning-event' ? (inputs.at(-1)!.value as LearningEvent).student : ''
    const s = state(student)
    const models = (version: string) => topicScore(s, 0, metaOf(version), null, 0).scores.map((x) => x.model)
    expect(models('v1')).toEqual(MODEL_IDS)
    expect(models('v2')).toEqual(['rule', 'bkt', 'elo', 'blend'])
    expect(topicScore(s, 0, metaOf('v1'), null, 0).factors.map((f) => f.code)).toContain('topic_record')
    expect(topicScore(s, 0, metaOf('v2'), null, 0).factors.map((f) => f.code)).not.toContain('topic_record')
    // What is said of the next answer is the fitted blend's own, where it is in force.
    const row = topicScore(s, 0, metaOf('v1'), null, 0)
    expect(nextCorrect(s, 0, metaOf('v1'), row.as_of).get('blend')).toBe(row.scores.at(-1)!.mastery)
  })

  it('take part in the blend, the uncertainty and the reasons', async () => {
    const { scores } = await scored(featureRecords([...LEARNERS.flatMap((l) => put(l.id)), ...inputs]), servers, whole)
    const row = scores.at(-1)!.rows[0]!
    const parts = row.scores.slice(0, -1)
    expect(parts.map((p) => p.model)).toEqual(MODEL_IDS.slice(0, -1))
    const mean = parts.reduce((sum, p) => sum + p.mastery, 0) / parts.length
    expect(row.scores.at(-1)!.mastery).toBeCloseTo(mean, 12)
    const codes = new Set(scores.flatMap((s) => s.rows.flatMap((r) => r.factors.map((f) => f.code))))
    expect([...codes]).toEqual(expect.arrayContaining(['seen_by_dkt', 'seen_by_sakt', 'seen_by_irt']))
  })

  it('are explained, where a fitted blend is in force, by what it would say of less', async () => {
    const blend = servers.of(SERVED_AND_BLEND.at(-1)!, 7, filePayload(files.get('blend v1')!))
    const student = inputs[0]!.subject === 'learning-event' ? inputs[0]!.value.student : ''
    const own = inputs.filter((i) => i.subject === 'learning-event' && i.value.student === student)
    const { scores, state } = await scored(featureRecords([...put('blend'), ...own]), servers, whole)
    const last = scores.at(-1)!
    const row = last.rows[0]!
    const of = (code: string) => row.factors.find((f) => f.code === code)
    expect(row.factors.map((f) => f.code).sort()).toEqual(['latest_answer', 'other_topics', 'topic_record'])
    // Asked by itself, of the student's answers on other topics, or on this one alone.
    const s = state(student)
    const topic = s.sets.topics.names.indexOf(row.topic)
    const alone = async (kept: (topics: readonly number[]) => boolean) => {
      const places = Array.from({ length: s.ring.n }, (_, i) => i).filter((i) => kept(s.sets.sets[s.ring.set[i]!]!))
      const at = (column: ArrayLike<number>) => places.map((i) => column[i]!)
      const n = places.length
      const ask = { after: n, opportunity: null, topic, p: 0 }
      // The question comes when the newest answer of all was given.
      await (await blend).walk([
        {
          of: {
            ...{ t: at(s.ring.t), item: at(s.ring.item), score: at(s.ring.score), response: at(s.ring.response) },
            ...{ hints: at(s.ring.hints), kind: at(s.ring.kind), names: s.sets.topics.names },
            topics: (i) => s.sets.sets[s.ring.set[places[i]!]!]!,
            weight: null,
          },
          ...{ from: n, to: n, state: null, asks: [ask], keep: [], kept: [] },
        },
      ])
      return { p: ask.p, right: at(s.ring.score).filter((x) => x >= 500_000).length / n }
    }
    const mastery = row.scores.at(-1)!.mastery
    expect((await alone(() => true)).p).toBeCloseTo(mastery, 12)
    const [others, onTopic] = [await alone((t) => !t.includes(topic)), await alone((t) => t.includes(topic))]
    expect(of('topic_record')!.value).toBeCloseTo(onTopic.right, 12)
    expect(of('other_topics')!.value).toBeCloseTo(others.right, 12)
    expect(of('other_topics')!.effect).toBeCloseTo(mastery - onTopic.p, 12)
    expect(explainInWords(row).text).toMatch(/Of the answers on this topic \d+ % were right \(.*point/)
  })

  it('are refused where a marker names what they can not read', async () => {
    const bad = { model: 'sakt', version: 'bad', file: 'parameters', sha256: 'bad' }
    provideParameters(bad, Buffer.from('no weights'))
    files.set('sakt bad', bad)
    const narrow = { min: 4, max: 60, days: 5 }
    const { deadLetters } = await scored(
      featureRecords([...put('sakt', 'bad'), ...put('sakt')]),
      servers,
      whole,
      narrow,
    )
    expect(deadLetters).toEqual([
      expect.stringContaining("can't be prepared: These bytes are no weights of ours"),
      expect.stringContaining('was not prepared'),
      expect.stringMatching(/looks back on 10 answers, and states keep 4; raise "ring.min"/),
      expect.stringContaining('was not prepared'),
    ])
  })
})

function metaOf(version: string, ids = ALL.map((l) => l.id)) {
  const meta = SCORE_META.empty('')
  for (const id of ids) meta.active.set(id, { version, payload: filePayload(files.get(`${id} ${version}`)!) })
  return meta
}
