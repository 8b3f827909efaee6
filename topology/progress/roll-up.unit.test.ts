import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { topicGraph } from './graph.ts'
import { rollUp } from './roll-up.ts'

const graph = topicGraph(
  ['a', 'b', 'c', 'd'].map((id, i) => ({
    id,
    name: id,
    chapter: i < 2 ? 'one' : 'two',
    subject: 's',
    course: '',
    prerequisites: [],
  })),
)

describe('rolling mastery up', () => {
  it('weighs by n / (n + 10), and says how much of a node it speaks about', () => {
    const rows = rollUp(
      graph,
      [
        { topic: 'a', mastery: 0.9, uncertainty: 0.1, opportunities: 10, asOf: 5 },
        { topic: 'c', mastery: 0.3, uncertainty: 0.2, opportunities: 30, asOf: 9 },
        { topic: 'elsewhere', mastery: 1, uncertainty: 0, opportunities: 99, asOf: 99 },
        { topic: 'd', mastery: 0.5, uncertainty: 0.5, opportunities: 0, asOf: 0 },
      ],
      0.7,
    )
    expect(rows.map((r) => [r.node.level, r.node.id])).toEqual([
      ['topic', 'a'],
      ['topic', 'c'],
      ['chapter', 's / one'],
      ['chapter', 's / two'],
      ['subject', 's'],
    ])
    const subject = rows.at(-1)!
    // Weights 1/2 and 3/4.
    expect(subject.mastery).toBeCloseTo((0.5 * 0.9 + 0.75 * 0.3) / 1.25, 12)
    expect(subject.uncertainty).toBeCloseTo(Math.sqrt(0.05 * 0.05 + 0.15 * 0.15) / 1.25, 12)
    expect(subject).toMatchObject({ topics: 4, seen: 2, mastered: 1, coverage: 0.5, opportunities: 40, asOf: 9 })
    expect(subject.evidence).toBeCloseTo(1.25 / 4, 12)
  })

  it('does not depend on the order of the topics, and lies within what it is made of', () => {
    const standing = fc.record({
      topic: fc.constantFrom('a', 'b', 'c', 'd'),
      mastery: fc.double({ min: 0, max: 1, noNaN: true }),
      uncertainty: fc.double({ min: 0, max: 0.5, noNaN: true }),
      opportunities: fc.integer({ min: 1, max: 500 }),
      asOf: fc.nat(),
    })
    fc.assert(
      fc.property(fc.uniqueArray(standing, { selector: (s) => s.topic, minLength: 1 }), (all) => {
        const rows = rollUp(graph, all, 0.7)
        expect(rollUp(graph, [...all].reverse(), 0.7)).toEqual(rows)
        const subject = rows.at(-1)!
        const masteries = all.map((s) => s.mastery)
        expect(subject.mastery).toBeGreaterThanOrEqual(Math.min(...masteries) - 1e-12)
        expect(subject.mastery).toBeLessThanOrEqual(Math.max(...masteries) + 1e-12)
        expect(subject.coverage).toBe(all.length / 4)
      }),
    )
  })
})
