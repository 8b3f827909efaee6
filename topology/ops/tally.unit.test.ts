import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addTo, countOf } from './latency.ts'
import { Tally } from './tally.ts'

const NOW = Date.UTC(2026, 8, 7, 9)
const at = (...ms: number[]) => ms.map((m) => ({ timestamp: NOW - m }))

describe('a tally', () => {
  it('says what was counted since it was last asked', () => {
    const t = new Tally()
    t.did(100, 7)
    t.did(2, null)
    t.failed()
    t.setAside(3)
    t.retried()
    expect(t.take()).toEqual({
      operations: 102,
      errors: 1,
      dead_letters: 3,
      retries: 1,
      latency: [0, 0, 0, 100],
      age: [],
      sources: [],
    })
    expect(t.take()).toEqual(new Tally().take())
  })

  it('sums what came from a source of an organisation', () => {
    const t = new Tally()
    t.came('a', 'xapi', 5, 0)
    t.came('a', 'xapi', 1, 2)
    t.came('b', 'xapi', 0, 1)
    t.came('b', 'caliper', 0, 0)
    expect(t.take().sources).toEqual([
      { tenant: 'a', source: 'xapi', accepted: 6, rejected: 2 },
      { tenant: 'b', source: 'xapi', accepted: 0, rejected: 1 },
    ])
  })

  it('leaves out the age of records that carry another clock', () => {
    const t = new Tally()
    t.aged(at(3, 86_400_001, 4, -1001, 86_400_000, -900, 400 * 86_400_000), NOW)
    const { age } = t.take()
    expect(countOf(age)).toBe(4)
    expect([age[0], age[2], age.at(-1)]).toEqual([1, 2, 1])
  })

  it('finds the bin of every age, whatever stands beside it', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -1000, max: 86_400_000 }), { maxLength: 100 }), (ages) => {
        const t = new Tally()
        t.aged(at(...ages), NOW)
        const one: number[] = []
        for (const ms of ages) addTo(one, ms, 1)
        expect(t.take().age).toEqual(one)
      }),
    )
  })

  it('counts again what could not be told', () => {
    const t = new Tally()
    t.did(10, 40)
    t.aged(at(5, 70), NOW)
    t.came('a', 'own', 2, 1)
    t.retried()
    const before = t.take()
    t.did(1, 400)
    t.putBack(before)
    const after = t.take()
    expect(after.operations).toBe(11)
    expect(after.retries).toBe(1)
    expect(countOf(after.latency)).toBe(11)
    expect(after.age).toEqual(before.age)
    expect(after.sources).toEqual(before.sources)
  })
})
