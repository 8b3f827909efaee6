import { describe, expect, it } from 'vitest'
import { policyOf } from '../testing/alert-log.ts'
import { suggestionFor, type Told, usefulnessOf } from './usefulness.ts'

const [LOW, FALLING] = policyOf({
  rules: [
    { id: 'low', kind: 'mastery_below', enter: 0.45, leave: 0.55 },
    { id: 'falling', kind: 'falling' },
  ],
}).rules
const told = (n: number, mastery: (i: number) => number, said: Told['said'], rule = 'low'): Told[] =>
  Array.from({ length: n }, (_, i) => ({ rule, mastery: mastery(i), said }))
/** Of no use at 0.4 and above, taken on below. */
const APART = [...told(20, (i) => 0.4 + i / 500, 'not_useful'), ...told(20, (i) => 0.2 + i / 200, 'acknowledged')]

describe('what teachers say of alerts', () => {
  it('is counted by rule, with intervals, the least useful first', () => {
    const all = [...APART, ...told(10, () => 0.3, null), ...told(2, () => 0.3, null, 'falling')]
    const [low, falling] = usefulnessOf(all)
    expect(low).toMatchObject({ rule: 'low', told: 50, acknowledged: 20, notUseful: 20, share: 0.4 })
    expect(low!.low).toBeCloseTo(0.2761, 3)
    expect(low!.high).toBeCloseTo(0.5382, 3)
    expect(low!.ofAnswered!.share).toBe(0.5)
    expect(falling).toMatchObject({ rule: 'falling', told: 2, notUseful: 0, low: 0, ofAnswered: null })
  })

  it('suggests the threshold that leaves out those of no use', () => {
    const found = suggestionFor(LOW!, APART)!
    expect(found).toMatchObject({ rule: 'low', now: 0.45, leftOut: { notUseful: 1, others: 0 } })
    expect(found.then).toBeGreaterThanOrEqual(0.3)
    expect(found.then).toBeLessThan(0.4)
  })

  it.each<[string, Told[]]>([
    ['few were judged', APART.slice(11)],
    ['few of many are of no use', [...APART, ...told(80, () => 0.3, null)]],
    [
      'mastery does not tell them apart',
      [...told(20, (i) => 0.2 + i / 100, 'not_useful'), ...told(20, (i) => 0.2 + i / 100, null)],
    ],
    ['those of no use lie lower', [...told(20, () => 0.1, 'not_useful'), ...told(20, () => 0.4, null)]],
  ])('suggests nothing where %s', (_, all) => {
    expect(suggestionFor(LOW!, all)).toBeNull()
  })

  it('suggests nothing for rules whose threshold is none of low mastery', () => {
    expect(
      suggestionFor(
        FALLING!,
        APART.map((t) => ({ ...t, rule: 'falling' })),
      ),
    ).toBeNull()
  })
})
