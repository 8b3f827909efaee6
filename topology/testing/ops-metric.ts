import type { OpsMetric } from '@mastery/schemas/src/generated/ops-metric.gen.ts'

type Needed = 'part' | 'from' | 'to'

/** A record of a part that did nothing and lacks nothing; what is given is otherwise. Times in UTC milliseconds. */
export function idleMetric(given: Pick<OpsMetric, Needed> & Partial<OpsMetric>): OpsMetric {
  return {
    service: given.part,
    instance: 'a:1',
    generation: 0,
    started: 0,
    last: false,
    operations: 0,
    errors: 0,
    dead_letters: 0,
    retries: 0,
    lag: 0,
    partitions: 4,
    stopped: 0,
    rebuilding: 0,
    problem: null,
    latency: [],
    age: [],
    sources: [],
    ...given,
  }
}
