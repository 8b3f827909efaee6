import { describe, expect, it } from 'vitest'
import { Random } from '../school/random.ts'
import { type DriftRow, ItemFold } from './fold.ts'

const WEEK = 7 * 86_400_000
const MONDAY = Date.UTC(2025, 8, 1)
const ITEMS = 20
const WEEKS = 12

/**
 * Items of a year: per week 60 students of an ability that the model knows answer each. `harder` by week and item and
 * `weaker` by week, in logits, are what it does not know.
 */
function rows(harder: (week: number, item: number) => number, weaker: (week: number) => number, seed = 1): DriftRow[] {
  const random = new Random(seed)
  const found: DriftRow[] = []
  const fold = new ItemFold({ parameters: new Map(), health() {}, drift: (r) => void found.push(r) })
  for (let item = 0; item < ITEMS; item++)
    for (let week = 0; week < WEEKS; week++)
      for (let s = 0; s < 60; s++) {
        const ability = random.normal()
        const p = 1 / (1 + Math.exp(-ability))
        const true_ = 1 / (1 + Math.exp(-(ability - harder(week, item) - weaker(week))))
        fold.add('school', `item-${item}`, {
          student: s,
          correct: random.uniform() < true_,
          p,
          ability,
          responseMs: Number.NaN,
          first: true,
          option: '',
          at: MONDAY + week * WEEK + s,
        })
      }
  fold.end()
  return found.filter((r) => r.period === 'week')
}

const none = () => 0
const drifting = (all: readonly DriftRow[]) => new Set(all.filter((r) => r.verdict === 'drift').map((r) => r.item))

describe('an item', () => {
  it('that becomes harder by half a logit is found, and no other', () => {
    const found = rows((week, item) => (week >= 6 && item === 3 ? 0.5 : 0), none)
    const of = found.filter((r) => r.item === 'item-3' && r.cusumHarder > 5)
    expect(of.length).toBeGreaterThan(0)
    expect([...drifting(rows((week, item) => (week >= 6 && item === 3 ? 0.8 : 0), none))]).toEqual(['item-3'])
  })

  it('whose key is wrong from a week on is found within two weeks', () => {
    // Right answers count as wrong: on average students, 0 becomes about -2 logits of slope; a shift of 2 stands for it.
    const found = rows((week, item) => (week >= 6 && item === 3 ? 2 : 0), none)
    const first = found.find((r) => r.item === 'item-3' && r.verdict === 'drift')!
    expect((first.startsAt - MONDAY) / WEEK).toBe(7)
  })

  it('is left alone where its students have changed, which all items show', () => {
    const found = rows(none, (week) => (week >= 6 ? 0.8 : 0))
    expect([...drifting(found)]).toEqual([])
    const later = found.filter((r) => r.startsAt === MONDAY + 7 * WEEK)
    expect(later[0]!.populationShift).toBeGreaterThan(0.4)
    // Without taking it off they would be four times as far from nothing as chance has it.
    const raw = later.map((r) => (r.change!.value / r.change!.se) * (r.change!.value / r.change!.se))
    expect(raw.reduce((a, b) => a + b, 0) / ITEMS).toBeGreaterThan(3)
  })

  it('is hardly ever called drifting where nothing has changed', () => {
    let items = 0
    for (let seed = 1; seed <= 10; seed++) items += drifting(rows(none, none, seed)).size
    // 200 items over 11 weeks: 550 item months.
    expect(items).toBeLessThanOrEqual(5)
  })
})
