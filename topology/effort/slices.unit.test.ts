import { describe, expect, it } from 'vitest'
import { type BehaviourSlices, behaviourReport, differenceOf, MEASURES } from './slices.ts'

const group = (name: string, accuracy: number, hints: number | null) => ({
  name,
  students: 40,
  abilityFrom: -1,
  abilityTo: 1,
  measures: {
    ...Object.fromEntries(MEASURES.map((m) => [m.id, { mean: 0, se: 0 }])),
    accuracy: { mean: accuracy, se: 0.01 },
    median_seconds: { mean: 12.34, se: 0.5 },
    hints: { mean: hints, se: hints === null ? null : 0.02 },
  },
})

const slices: BehaviourSlices = {
  tenant: 'school',
  source: 'elo',
  students: 130,
  left: 10,
  answers: 12_345,
  from: '2025-09-01',
  to: '2025-12-19',
  groups: [group('low', 0.5, 0.3), group('middle', 0.6, 0.3), group('high', 0.8, 0.29)],
}

describe('the report of behaviour', () => {
  it('shows means with intervals, and points out what differs by more than chance', () => {
    const text = behaviourReport(slices)
    expect(text).toContain('12,345 answers of 130 students, 2025-09-01 to 2025-12-19. 10 students with fewer than 20')
    expect(text).toContain('| right answers | 50.0 % ± 2.0 % | 60.0 % ± 2.0 % | 80.0 % ± 2.0 % | +30.0 % ± 2.8 % |')
    expect(text).toContain('| response time | 12.3 s ± 1.0 s |')
    expect(text).toContain('- right answers: 50.0 % among the least able third, 80.0 % among the ablest.')
    expect(text).not.toContain('- answers with hints: 30.0 %')
  })

  it('names what no source records instead of showing zeros', () => {
    const without = { ...slices, groups: slices.groups.map((g) => group(g.name, 0.5, null)) }
    const text = behaviourReport(without)
    expect(text).toMatch(/Not recorded by these sources, or never seen: .*answers with hints.*requests for help/)
    expect(text).not.toContain('| answers with hints |')
    expect(text).toContain('Nothing differs by more than chance allows.')
  })

  it('has differences with the errors of both groups', () => {
    expect(differenceOf({ mean: 0.5, se: 0.03 }, { mean: 0.2, se: 0.04 })).toEqual({ value: 0.3, se: 0.05 })
    expect(differenceOf({ mean: null, se: null }, { mean: 0.2, se: 0.04 })).toBe(null)
    expect(differenceOf(undefined, { mean: 0.2, se: 0.04 })).toBe(null)
  })
})
