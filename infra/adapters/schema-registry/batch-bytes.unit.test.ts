import { Random } from '@mastery/topology/school/random.ts'
import { shuffled, troublesomeLog } from '@mastery/topology/testing/learner-log.ts'
import { bothStages, type DriverOptions, TopologyDriver } from '@mastery/topology/testing/topology-driver.ts'
import { beforeAll, describe, expect, it } from 'vitest'
import type { AvroCodec } from './codec.ts'
import { openCodec } from './registry.ts'

let codec: AvroCodec
beforeAll(async () => {
  codec = await openCodec({ url: 'mock://batches' })
})

const events = troublesomeLog(8, 300)
const log = [...events.slice(0, 250), ...shuffled(events, 1).slice(0, 60), ...events.slice(250)]

/** Every output as the bytes that would stand in its topic, the records between the stages having gone through bytes. */
function wire(options: DriverOptions): Buffer[] {
  const driver = new TopologyDriver(bothStages(), { partitions: 2, codec, ...options }).events(...log)
  return (['learning.features', 'mastery.scores'] as const).flatMap((topic) =>
    driver.outputs(topic).map((o) => Buffer.from(codec.encode(o.subject, o.value))),
  )
}

describe('the same log in batches of other sizes', () => {
  const random = new Random(4)
  it.each<[string, DriverOptions]>([
    ['1', { cut: () => true }],
    ['7', { cut: (_stage, count) => count % 7 === 0 }],
    ['1000', { cut: (_stage, count) => count % 1000 === 0 }],
    ['random sizes', { cut: () => random.uniform() < 0.2 }],
  ])('gives the same bytes: %s', (_size, options) => {
    const whole = wire({})
    const cut = wire(options)
    expect(cut.length).toBe(whole.length)
    expect(cut.every((bytes, i) => bytes.equals(whole[i]!))).toBe(true)
    expect(whole.length).toBeGreaterThan(500)
  })
})
