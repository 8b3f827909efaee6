import { expect, it } from 'vitest'
import { logOf } from '../../evaluation/testing/answers.ts'
import { ITEM_RATE } from './learner.ts'

const rows = (all: [item: string | null, topic: string, correct: boolean][]) =>
  logOf(
    all.map(([item, topic, correct], row) => ({ student: 'ann', item, topics: [topic], correct, at: Number.NaN, row })),
  )

it('draws an item to its topic, and a topic to all answers', async () => {
  const train = rows([
    ['a', 'sums', true],
    ['a', 'sums', true],
    ['b', 'sums', false],
    ['c', 'areas', false],
  ])
  const run = { seed: 1 }
  const artefact = await ITEM_RATE.fit(train, run)
  const overall = 3 / 6
  const sums = (2 + 5 * overall) / 8
  const areas = (0 + 5 * overall) / 6
  const test = rows([
    ['a', 'sums', true],
    ['new', 'sums', true],
    [null, 'areas', true],
    ['new', 'unheard of', true],
  ])
  const p = await ITEM_RATE.predict(artefact, test, run)
  expect(p[0]).toBeCloseTo((2 + 5 * sums) / 7, 12)
  expect(p[1]).toBeCloseTo(sums, 12)
  expect(p[2]).toBeCloseTo(areas, 12)
  expect(p[3]).toBe(overall)
})
