import { assistmentsGervet } from '@mastery/topology/importers/assistments-gervet.ts'
import { readAll } from '@mastery/topology/importers/testing/read-all.ts'
import { describeWithData, sharedData } from '@mastery/topology/importers/testing/shared-data.ts'
import { TopologyDriver } from '@mastery/topology/testing/topology-driver.ts'
import { beforeAll, expect, it } from 'vitest'

const FILE = 'assist2009_gervet/preprocessed_data_test.csv'
const ROWS = 58_266

/** Mean log loss, sum of the predictions, by model; from the file's outcomes and nothing of ours but the predictions. */
interface Tally {
  loss: number
  sum: number
  n: number
}

// Anything else than these figures means that rows were lost, doubled or folded out of order.
describeWithData('ASSISTments 2009 through importer, windowing and scoring', [FILE], () => {
  const tallies = new Map<string, Tally>()
  const dispositions = new Map<string, number>()
  let dead = 0
  let predicted = 0

  beforeAll(() => {
    const { events } = readAll(assistmentsGervet, sharedData(FILE))
    expect(events.length).toBe(ROWS)
    const driver = new TopologyDriver()
    for (const event of events) driver.events(event)
    const truth = new Map(events.map((e) => [e.event_id, e.correct === true]))
    for (const f of driver.features()) dispositions.set(f.disposition, (dispositions.get(f.disposition) ?? 0) + 1)
    for (const score of driver.scores()) {
      predicted++
      const right = truth.get(score.event_id)!
      expect(score.correct).toBe(right)
      for (const { model, p } of score.predictions) {
        const t = tallies.get(model) ?? { loss: 0, sum: 0, n: 0 }
        tallies.set(model, t)
        t.loss -= Math.log(right ? p : 1 - p)
        t.sum += p
        t.n++
      }
    }
    dead = driver.deadLetters().length
  }, 120_000)

  it('makes one record with a prediction of every row', () => {
    expect(predicted).toBe(ROWS)
    expect([...dispositions]).toEqual([['counted', ROWS]])
    expect(dead).toBe(0)
    for (const t of tallies.values()) expect(t.n).toBe(ROWS)
  })

  it.each([
    ['bkt', '0.672164', '37527.3105'],
    ['elo', '0.583100', '36903.9695'],
  ])('%s: log loss %s, sum of predictions %s', (model, loss, sum) => {
    const t = tallies.get(model)!
    expect((t.loss / t.n).toFixed(6)).toBe(loss)
    expect(t.sum.toFixed(4)).toBe(sum)
  })
})
