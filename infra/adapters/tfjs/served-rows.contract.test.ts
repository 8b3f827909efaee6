import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import { logOf } from '@mastery/topology/evaluation/testing/answers.ts'
import { nextCorrect } from '@mastery/topology/features/next-correct.ts'
import { explainInWords } from '@mastery/topology/features/words.ts'
import { type BlendArtefact, blendRows } from '@mastery/topology/learners/blend/learner.ts'
import { BASES, type TreesArtefact, treesRows } from '@mastery/topology/learners/trees/learner.ts'
import { REASONS, type Reason } from '@mastery/topology/learners/trees/reasons.ts'
import type { WeekArtefact } from '@mastery/topology/learners/week/learner.ts'
import { provideParameters } from '@mastery/topology/models/parameters.ts'
import { SERVED_AND_BLEND } from '@mastery/topology/served/catalog.ts'
import { noteOf } from '@mastery/topology/served/notes.ts'
import { MODEL_IDS } from '@mastery/topology/stages/scoring/in-force.ts'
import { topicScore } from '@mastery/topology/stages/scoring/topic-score.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { featureRecords, type Scored, scored } from './testing/scored.ts'
import {
  all,
  artefacts,
  files,
  fitModels,
  inputs,
  isReason,
  LEARNERS,
  metaOf,
  put,
  SMALL_WEEK,
  servers,
  unseen,
  whole,
} from './testing/served-models.ts'

beforeAll(fitModels, 60_000)
afterAll(() => servers.close())

describe('what is said of trained models in rows', () => {
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

  it('are not named for what another version said before they spoke', async () => {
    const { state } = await scored(featureRecords([...all(), ...inputs]), servers, whole)
    const student = inputs.at(-1)!.subject === 'learning-event' ? (inputs.at(-1)!.value as LearningEvent).student : ''
    const s = state(student)
    const models = (version: string) => topicScore(s, 0, metaOf(version), null, 0).scores.map((x) => x.model)
    expect(models('v1')).toEqual(MODEL_IDS)
    expect(models('v2')).toEqual(['rule', 'bkt', 'elo', 'blend'])
    const codes = (version: string) => topicScore(s, 0, metaOf(version), null, 0).factors.map((f) => f.code)
    expect(codes('v1').every(isReason)).toBe(true)
    expect(codes('v2').some(isReason)).toBe(false)
    // What is said of the next answer is the fitted blend's own, where it is in force.
    const row = topicScore(s, 0, metaOf('v1'), null, 0)
    expect(nextCorrect(s, 0, metaOf('v1'), row.as_of).get('blend')).toBe(row.scores.at(-1)!.mastery)
  })

  it('take part in the blend, the uncertainty and the reasons', async () => {
    const { scores } = await scored(featureRecords([...LEARNERS.flatMap((l) => put(l.id)), ...inputs]), servers, whole)
    const row = scores.at(-1)!.rows[0]!
    const parts = row.scores.slice(0, -1)
    expect(parts.map((p) => p.model)).toEqual(MODEL_IDS.slice(0, -1))
    const mixed = parts.filter((p) => p.model !== 'trees-week')
    const mean = mixed.reduce((sum, p) => sum + p.mastery, 0) / mixed.length
    expect(row.scores.at(-1)!.mastery).toBeCloseTo(mean, 12)
    const codes = new Set(scores.flatMap((s) => s.rows.flatMap((r) => r.factors.map((f) => f.code))))
    expect([...codes]).toEqual(expect.arrayContaining(['seen_by_dkt', 'seen_by_sakt', 'seen_by_irt']))
  })

  it.each([
    ['trees', 'as parts of the mean', 4],
    ['blend', 'as parts of the whole', 1],
  ])(
    'are explained, where %s are in force, by what moved them from what they say of nobody: %s',
    async (id, _, parts) => {
      const student = inputs[0]!.subject === 'learning-event' ? inputs[0]!.value.student : ''
      const own = inputs.filter((i) => i.subject === 'learning-event' && i.value.student === student)
      const { scores, state } = await scored(featureRecords([...put(id), ...own]), servers, whole)
      const row = scores.at(-1)!.rows[0]!
      const s = state(student)
      const topic = s.sets.topics.names.indexOf(row.topic)
      const note = noteOf(s.current.served[SERVED_AND_BLEND.findIndex((m) => m.id === id)]!.values, topic)!
      // The learner itself, asked for any item of the topic after all of the student's answers.
      const answered = unseen.filter((a) => a.student === student)
      const asked = {
        student,
        item: null,
        topics: [row.topic],
        correct: false,
        at: answered.at(-1)!.at,
        bundle: 'asked',
      }
      const log = logOf([...answered, { ...asked, row: answered.at(-1)!.row + 1 }])
      const last = Int32Array.of(log.size - 1)
      const { p, reasons } =
        id === 'trees'
          ? await treesRows(artefacts.get(id) as TreesArtefact, BASES, log, last, { seed: 0 })
          : await blendRows(artefacts.get(id) as BlendArtefact, BASES, log, last, { seed: 0 })
      const { chance } = reasons([0])[0]!
      expect(p[0]).toBeCloseTo(row.scores.find((x) => x.model === id)!.mastery, 12)
      expect(chance.base + chance.effects.reduce((a, b) => a + b, 0)).toBeCloseTo(p[0]!, 9)
      chance.effects.forEach((e, i) => {
        expect(note.effects[i]).toBeCloseTo(e, 12)
      })
      // The row has the three that moved it most, beside what else a mean is made of.
      const effects = new Map(REASONS.map((r, i) => [r as string, note.effects[i]! / parts]))
      const told = row.factors.filter((f) => isReason(f.code))
      const codes = scores.flatMap((x) => x.rows.flatMap((r) => r.factors.map((f) => f.code)))
      expect(codes.some(isReason)).toBe(true)
      for (const f of told) expect(f.effect).toBeCloseTo(effects.get(f.code)!, 12)
      if (id === 'blend') {
        const largest = [...effects.values()].map(Math.abs).sort((a, b) => b - a)
        expect(row.factors.map((f) => Math.abs(f.effect))).toEqual(largest.slice(0, 3))
        expect(explainInWords(row).text).toMatch(/ % were right \(.*points?\)/)
      } else expect(codes).not.toContain('seen_by_trees')
      // What is said beside them is of the student's answers.
      const right = (of: typeof answered) => of.filter((a) => a.correct).length / of.length
      const value = (r: Reason) => note.values[REASONS.indexOf(r)]!
      expect(value('all_answers')).toBeCloseTo(right(answered), 12)
      expect(value('topic_answers')).toBeCloseTo(right(answered.filter((a) => a.topics.includes(row.topic))), 12)
      expect(value('last_answers')).toBeCloseTo(right(answered.slice(-5)), 12)
      const elsewhere = answered.findLastIndex((a) => a.topics[0] !== row.topic)
      expect(value('in_a_row')).toBe(answered.length - 1 - elsewhere)
    },
  )

  it('say what is to be expected of the week after beside mastery, and nothing of the next answer', async () => {
    const student = inputs[0]!.subject === 'learning-event' ? inputs[0]!.value.student : ''
    const own = inputs.filter((i) => i.subject === 'learning-event' && i.value.student === student)
    const [plain, beside] = await Promise.all(
      [[], put('trees-week')].map((first) => scored(featureRecords([...first, ...own]), servers, whole)),
    )
    const answered = unseen.filter((a) => a.student === student)
    let compared = 0
    for (const [i, { rows, predictions }] of beside!.scores.entries()) {
      const before = plain!.scores[i]!
      expect(predictions).toEqual(before.predictions)
      for (const [k, { scores, ...row }] of rows.entries()) {
        const { scores: others, ...same } = before.rows[k]!
        expect(row).toEqual(same)
        expect(scores.filter((s) => s.model !== 'trees-week')).toEqual(others)
        const said = scores.find((s) => s.model === 'trees-week')!
        expect(said.version).toBe('v1')
        if (i % 6 > 0) continue
        const given = answered.slice(0, i + 1)
        const { at, row: last } = given.at(-1)!
        const asked = { student, item: null, topics: [row.topic], correct: false, at, bundle: 'asked', row: last + 1 }
        const log = logOf([...given, asked])
        const p = await SMALL_WEEK.predict(artefacts.get('trees-week') as WeekArtefact, log, { seed: 0 })
        expect(said.mastery).toBeCloseTo(p[log.size - 1]!, 12)
        compared++
      }
    }
    expect(compared).toBeGreaterThan(3)
    const s = beside!.state(student)
    const next = nextCorrect(s, 0, metaOf('v1', ['trees-week']), inputs.length)
    expect([...next.keys()]).toEqual(['rule', 'bkt', 'elo', 'blend'])
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
