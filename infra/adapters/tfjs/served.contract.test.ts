import { logOf } from '@mastery/topology/evaluation/testing/answers.ts'
import { foldHistory } from '@mastery/topology/history/fold.ts'
import { effortWeights } from '@mastery/topology/learners/effort/thresholds.ts'
import { foldLog } from '@mastery/topology/learners/fold.ts'
import { IRT } from '@mastery/topology/models/irt/model.ts'
import { filePayload } from '@mastery/topology/models/parameters.ts'
import { SILENT } from '@mastery/topology/ports/telemetry.ts'
import { Random } from '@mastery/topology/school/random.ts'
import { SERVED, SERVED_AND_BLEND } from '@mastery/topology/served/catalog.ts'
import { MODEL_IDS } from '@mastery/topology/stages/scoring/in-force.ts'
import { AGAIN_MOST } from '@mastery/topology/stages/scoring/serving.ts'
import { serveFolded } from '@mastery/topology/stages/scoring/together.ts'
import { exact } from '@mastery/topology/testing/exact.ts'
import { answer, DAY_ZERO, eventInput, marker, shuffled } from '@mastery/topology/testing/learner-log.ts'
import { RING } from '@mastery/topology/testing/topology-driver.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openServers } from '../../runtime/engines.ts'
import { threadServers } from '../../runtime/served-thread.ts'
import { featureRecords, type Scored, scored } from './testing/scored.ts'
import {
  ALL,
  all,
  artefacts,
  CARRIED,
  files,
  fitModels,
  hard,
  inputs,
  LEARNERS,
  metaOf,
  NEXT,
  put,
  rowsIn,
  rowsWith,
  STUDENTS,
  servers,
  unseen,
  whole,
} from './testing/served-models.ts'

beforeAll(fitModels, 60_000)
afterAll(() => servers.close())

describe('trained models in the stream', () => {
  it('are all those that this test serves', () => {
    expect(ALL.map((l) => l.id)).toEqual(SERVED_AND_BLEND.map((m) => m.id))
  })

  it.each(NEXT.map((l) => [l.id, l] as const))('%s predicts what the learner predicts', async (id, learner) => {
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

  it('say the same from a thread of their own, to the bit, and what is wrong with an artefact', async () => {
    const thread = threadServers(() => {})
    const here = openServers(SILENT)
    try {
      const records = featureRecords([...hard(9).slice(0, 60), ...all(), ...shuffled(hard(9).slice(60), 3)])
      const [mine, theirs] = await Promise.all([here, thread].map((s) => scored(records, s, () => 20)))
      expect(mine!.scores.some((s) => s.predictions.length === MODEL_IDS.length - 1)).toBe(true)
      expect(exact(theirs!.scores)).toBe(exact(mine!.scores))
      await expect(thread.of(SERVED[1]!, 1, filePayload({ ...files.get('dkt v1')!, model: 'sakt' }))).rejects.toThrow(
        /The artefact is one of sakt, not of dkt/,
      )
    } finally {
      await Promise.all([thread.close(), here.close()])
    }
  })
})
