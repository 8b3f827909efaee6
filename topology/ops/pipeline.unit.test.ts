import type { OpsMetric } from '@mastery/schemas/src/generated/ops-metric.gen.ts'
import { describe, expect, it } from 'vitest'
import { idleMetric } from '../testing/ops-metric.ts'
import { addTo } from './latency.ts'
import { pipelineOf } from './pipeline.ts'

const NOW = Date.UTC(2026, 8, 7, 9)
const SECOND = 1000

function metric(secondsAgo: number, more: Partial<OpsMetric> = {}): OpsMetric {
  const to = NOW - secondsAgo * SECOND
  return idleMetric({ part: 'scoring', from: to - 15 * SECOND, to, ...more })
}
const one = (...metrics: OpsMetric[]) => {
  const parts = pipelineOf(metrics, NOW)
  expect(parts).toHaveLength(1)
  return parts[0]!
}

describe('how a part stands', () => {
  it('is what its newest record says', () => {
    expect(one(metric(20, { lag: 900 }), metric(5, { lag: 30 }))).toMatchObject({ state: 'running', lag: 30 })
    expect(one(metric(5, { stopped: 1, problem: 'a gap' }))).toMatchObject({ state: 'stopped', problem: 'a gap' })
    expect(one(metric(5, { rebuilding: 2 })).state).toBe('rebuilding')
  })

  it('is silence where its process was killed, and an end where it was told to', () => {
    expect(one(metric(61)).state).toBe('silent')
    expect(one(metric(59)).state).toBe('running')
    expect(one(metric(20), metric(600, { last: true })).state).toBe('running')
    expect(one(metric(600), metric(590, { last: true })).state).toBe('ended')
  })

  it('waits for as long as its process takes between two records', () => {
    const slow = metric(170, { from: NOW - 230 * SECOND })
    expect(one(slow).state).toBe('running')
    expect(one({ ...slow, to: NOW - 181 * SECOND, from: NOW - 241 * SECOND }).state).toBe('silent')
  })

  it('adds up the partitions of processes that live, not of one whose place another took', () => {
    const killed = metric(100, { instance: 'a:1', lag: 5_000, partitions: 4 })
    const others = [metric(3, { instance: 'b:1', lag: 1 }), metric(1, { instance: 'c:1', lag: 2 })]
    expect(one(killed, ...others)).toMatchObject({ instances: 2, lag: 3, partitions: 8 })
  })

  it('does not know a lag that nobody knows', () => {
    expect(one(metric(1, { lag: null })).lag).toBeNull()
  })
})

it('rates are of the quarter of an hour up to the newest record, each interval once', () => {
  const latency: number[] = []
  addTo(latency, 30, 10)
  const untold = metric(15, { operations: 10, latency })
  const both = { ...untold, to: NOW, operations: 30, errors: 3 }
  const part = one(metric(1_000, { operations: 5_000 }), untold, both)
  expect(part).toMatchObject({ operations: 30, errors: 3, error_share: 0.1, per_second: 1 })
})

it('parts come in the order of their names, each generation by itself', () => {
  const of = (service: string, part: string, generation: number) => metric(1, { service, part, generation })
  const parts = pipelineOf([of('b', 'x', 10), of('b', 'x', 2), of('a', 'z', 0)], NOW)
  expect(parts.map((p) => `${p.service} ${p.part} ${p.generation}`)).toEqual(['a z 0', 'b x 2', 'b x 10'])
})
