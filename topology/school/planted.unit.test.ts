import { describe, expect, it } from 'vitest'
import { hash128 } from '../events/hash.ts'
import { exact } from '../testing/exact.ts'
import { type PlantedDrift, plantedDrift } from './planted.ts'
import { simulateSchool } from './school.ts'

const DAY = 86_400_000
const START = Date.UTC(2025, 8, 1)

const records = (drift?: PlantedDrift[]) => {
  const options = { seed: 7, students: 30, events: 6000, tenant: 'school', pseudonym: (id: string) => hash128('t', id) }
  return [...simulateSchool({ ...options, ...(drift ? { drift } : {}) }).records()]
}
const evidence = (all: ReturnType<typeof records>, from: number, item?: string) =>
  all.flatMap((r) =>
    r.type === 'event' && r.event.role === 'evidence' && r.event.occurred_at >= from && (!item || r.event.item === item)
      ? [r.event]
      : [],
  )
const rate = (events: { score: number | null }[]) => events.reduce((s, e) => s + e.score!, 0) / events.length

describe('a planted drift', () => {
  const plain = records()

  it('leaves the world as it was where there is none, and before its day', () => {
    expect(records([]).map(exact)).toEqual(plain.map(exact))
    const later = records([{ kind: 'skill', logits: -2, day: 40 }])
    const before = (r: (typeof plain)[number]) => r.type === 'event' && r.event.observed_at < START + 40 * DAY
    expect(later.filter(before).map(exact)).toEqual(plain.filter(before).map(exact))
  })

  it('changes from its day on what it says', () => {
    const from = START + 40 * DAY
    const weaker = evidence(records([{ kind: 'skill', logits: -2, day: 40 }]), from)
    expect(rate(weaker)).toBeLessThan(rate(evidence(plain, from)) - 0.15)
    const slow = evidence(records([{ kind: 'seconds', factor: 3, day: 40 }]), from)
    const mean = (events: typeof slow) => events.reduce((s, e) => s + e.response_time_ms!, 0) / events.length
    expect(mean(slow)).toBeGreaterThan(2 * mean(evidence(plain, from)))
    const flipped = evidence(records([{ kind: 'key', item: 'fractions-q01', day: 0 }]), START, 'fractions-q01')
    expect(rate(flipped)).toBeCloseTo(1 - rate(evidence(plain, START, 'fractions-q01')), 0)
  })

  it('is read from text, and what is none is refused with the forms there are', () => {
    expect(plantedDrift('skill:-0.25@120')).toEqual({ kind: 'skill', logits: -0.25, day: 120 })
    expect(plantedDrift('harder:fractions-q01:0.5@60')).toEqual({
      kind: 'harder',
      item: 'fractions-q01',
      logits: 0.5,
      day: 60,
    })
    expect(plantedDrift('key:fractions-q01@3')).toEqual({ kind: 'key', item: 'fractions-q01', day: 3 })
    for (const wrong of ['skill@3', 'skill:x@3', 'seconds:0@3', 'skill:1', 'moon:1@3'])
      expect(() => plantedDrift(wrong)).toThrow(/skill:LOGITS@DAY, seconds:FACTOR@DAY/)
  })
})
