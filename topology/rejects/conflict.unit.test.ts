import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import { describe, expect, it } from 'vitest'
import { answer, DAY_ZERO, eventInput, MINUTE } from '../testing/learner-log.ts'
import { type Input, TopologyDriver } from '../testing/topology-driver.ts'
import { acceptSecond } from './conflict.ts'

const NOW = DAY_ZERO + 100 * MINUTE
const others = [
  answer('n1', { occurred_at: DAY_ZERO + MINUTE }),
  answer('n2', { occurred_at: DAY_ZERO + 2 * MINUTE, score: 0 }),
]
const first = answer('a', { score: 1 })

/** What teachers see in the end: windows and mastery per topic, less how it came about. */
function outcome(driver: TopologyDriver) {
  const scores = [...driver.currentScores()].map(([key, { scores: models, opportunities, as_of }]) => [
    key,
    { models, opportunities, as_of },
  ])
  const windows = [...driver.currentFeatures()].filter(([, f]) => f.attempts_total > 0)
  return { scores: Object.fromEntries(scores), windows: Object.fromEntries(windows) }
}

const inputs = (r: ReturnType<typeof acceptSecond>): Input[] => [
  ...r.commands.map((value): Input => ({ subject: 'student-command', value })),
  ...r.events.map(eventInput),
]

describe('the later of two events under one id, accepted', () => {
  it.each<[string, LearningEvent, RegExp]>([
    ['another score', { ...first, score: 0, correct: false }, /first is corrected/],
    [
      'another time',
      { ...first, occurred_at: DAY_ZERO + 90 * MINUTE, observed_at: DAY_ZERO + 90 * MINUTE },
      /first is voided/,
    ],
    ['another item', { ...first, item: 'item-9' }, /first is voided/],
    ['no score any more', { ...first, score: null, correct: null }, /first is voided/],
    ['another topic and score', { ...first, topics: ['geometry'], score: 0, correct: false }, /first is voided/],
  ])('is what counts: %s', (_what, second, said) => {
    const alone = new TopologyDriver().events(second, ...others)
    const met = new TopologyDriver().events(first, ...others, second)
    expect(met.deadLetters()).toEqual([expect.objectContaining({ code: 'id_conflict', stage: 'features' })])
    const resolution = acceptSecond(first, second, NOW)
    expect(resolution.said).toMatch(said)
    met.send(...inputs(resolution))
    expect(outcome(met)).toEqual(outcome(alone))

    const steps = met.steps.length
    met.send(...inputs(acceptSecond(first, { ...second, observed_at: second.observed_at + 5 }, NOW + MINUTE)))
    expect(outcome(met)).toEqual(outcome(alone))
    const again = met.steps.slice(steps).flatMap(({ result }) => (result.type === 'ok' ? result.outputs : []))
    const dispositions = again.flatMap((o) =>
      o.subject === 'feature-record' ? [(o.value as { disposition: string }).disposition] : [],
    )
    expect(new Set(dispositions)).toEqual(new Set(['duplicate']))
  })

  it('is sent under an id of its own where the first is not known any more', () => {
    const { commands, events, said } = acceptSecond(null, { ...first, score: 0 }, NOW)
    expect(commands).toMatchObject([{ kind: 'void', target_event_id: 'a' }])
    expect(events[0]!.event_id).toMatch(/^a~[0-9a-f]{8}$/)
    expect(said).toMatch(/no longer has the first/)
  })
})
