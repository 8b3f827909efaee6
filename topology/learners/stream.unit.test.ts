import { describe, expect, it } from 'vitest'
import { answersOf, logOf } from '../evaluation/testing/answers.ts'
import { MODELS } from '../models/catalog.ts'
import { answer, DAY_ZERO, eventInput, marker } from '../testing/learner-log.ts'
import { TopologyDriver } from '../testing/topology-driver.ts'
import { LEARNERS } from './catalog.ts'

const served = LEARNERS.filter((l) => MODELS.some((m) => m.id === (l.serves ?? l.id)))
const made = answersOf(21, { students: 60, answers: 30 })
const names = [...new Set(made.map((a) => a.student))]
const isNew = new Set(names.slice(40))
const train = logOf(made.filter((a) => !isNew.has(a.student)))
const unseen = made.filter((a) => isNew.has(a.student))

it('some learners are served', () => {
  expect(served.map((l) => l.id)).toEqual(expect.arrayContaining(['bkt', 'bkt-forget', 'elo']))
})

// What was measured offline is what students get only if these agree.
describe.each(served.map((l) => [l.id, l] as const))('%s in the stream', (_id, learner) => {
  it('predicts what the learner predicts, once its artefact has been prepared and activated', async () => {
    const run = { seed: 3 }
    const artefact = await learner.fit(train, run)
    const log = logOf(unseen)
    const offline = await learner.predict(artefact, log, run)
    const model = learner.serves ?? learner.id
    const payload: unknown = JSON.parse(new TextDecoder().decode(learner.encode(artefact)))
    const driver = new TopologyDriver()
    driver.send(marker('prepare', model, 'fitted-1', payload), marker('activate', model, 'fitted-1'))
    unseen.forEach((a, i) => {
      driver.send(
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
            // Two answers to one item soon after each other are two opportunities here.
            opportunity_key: `opportunity ${i}`,
          }),
        ),
      )
    })
    expect(driver.deadLetters()).toEqual([])
    const said = new Map(
      driver.scores().flatMap((s) => {
        const p = s.predictions.find((x) => x.model === model)
        return p ? [[s.event_id, p] as const] : []
      }),
    )
    expect(said.size).toBe(log.size)
    for (let r = 0; r < log.size; r++) {
      const online = said.get(`e${unseen.findIndex((a) => a.row === log.row[r])}`)!
      expect(online.version).toBe('fitted-1')
      expect(Math.abs(online.p - offline[r]!)).toBeLessThan(1e-12)
    }
  })
})
