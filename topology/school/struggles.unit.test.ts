import { describe, expect, it } from 'vitest'
import { DAY } from './calendar.ts'
import { simulateSchool } from './school.ts'
import { STRUGGLING, stretches, TrueCourses } from './struggles.ts'

const END = 200 * DAY
const course = (...points: [day: number, p: number][]) => points.map(([day, p]) => ({ at: day * DAY, p }))
const found = (...points: [day: number, p: number][]) =>
  stretches(course(...points), STRUGGLING, END).map((s) => [s.from / DAY, s.until / DAY, s.overcome])

describe('a struggle', () => {
  it('lasts from the first sitting below the line to the first above it', () => {
    expect(found([0, 0.6], [2, 0.4], [5, 0.45], [9, 0.49], [12, 0.5], [13, 0.6])).toEqual([[2, 12, true]])
  })

  it('is none in less than a week, in two sittings, or on the line', () => {
    expect(found([0, 0.4], [3, 0.4], [6.9, 0.4], [8, 0.6])).toEqual([])
    expect(found([0, 0.4], [9, 0.4], [10, 0.6])).toEqual([])
    expect(found([0, 0.5], [4, 0.5], [9, 0.5])).toEqual([])
  })

  it('that is not overcome ends a week after the last sitting, or with the school', () => {
    expect(found([0, 0.4], [4, 0.4], [8, 0.4])).toEqual([[0, 15, false]])
    expect(found([190, 0.4], [194, 0.4], [198, 0.4])).toEqual([[190, 200, false]])
  })

  it('does not reach over a month in which the topic was left alone', () => {
    expect(found([0, 0.4], [4, 0.4], [8, 0.4], [40, 0.4], [44, 0.4], [60, 0.4])).toEqual([
      [0, 15, false],
      [40, 67, false],
    ])
  })
})

describe('the true courses of a simulated school', () => {
  const options = { seed: 3, students: 40, events: 40_000, tenant: 'school', pseudonym: (id: string) => `p-${id}` }
  const truth = new TrueCourses()
  const school = simulateSchool({ ...options, seen: truth.seen })
  let end = 0
  for (const r of school.records()) end = r.type === 'tick' ? r.at : end
  const struggles = truth.struggles(STRUGGLING, end)

  it('are heard without a change to what the school sends', () => {
    const plain = simulateSchool(options).records()
    const watched = simulateSchool({ ...options, seen: () => {} }).records()
    for (let i = 0; i < 2000; i++) expect(watched.next().value).toEqual(plain.next().value)
  })

  it('agree with the truth at the end up to what was forgotten since', () => {
    const apart = [...school.truth()].flatMap((t) => {
      const last = truth.chance(t.pseudonym, t.topic, end)
      return last === null ? [] : [Math.abs(last - t.trueProbability)]
    })
    expect(apart.length).toBeGreaterThan(300)
    expect(apart.reduce((a, b) => a + b, 0) / apart.length).toBeLessThan(0.1)
  })

  it('have more struggles of those who were planted to struggle', () => {
    const perHead = (planted: boolean) => {
      const own = school.students.filter((s) => (s.profile === 'struggling') === planted).map((s) => `p-${s.id}`)
      return struggles.filter((s) => own.includes(s.student)).length / own.length
    }
    expect(perHead(true)).toBeGreaterThan(2 * perHead(false))
  })
})
