import type { OpsMetric } from '@mastery/schemas/src/generated/ops-metric.gen.ts'
import { opsPartition } from '@mastery/topology/ops/place.ts'
import type { Telemetry } from '@mastery/topology/ports/telemetry.ts'
import { JSON_CODEC } from '@mastery/topology/testing/counting-stage.ts'
import { MemoryLog } from '@mastery/topology/testing/memory.ts'
import { beforeEach, describe, expect, it } from 'vitest'
import { Meters } from './meters.ts'
import { Publisher, type PublisherOptions } from './publisher.ts'

const warnings: string[] = []
const telemetry: Telemetry = { info() {}, warn: (m) => void warnings.push(m), error() {}, count() {} }

let log: MemoryLog
let meters: Meters
beforeEach(async () => {
  warnings.length = 0
  log = new MemoryLog()
  await log.ensureTopics(['ops.metrics'], 4)
  meters = new Meters()
})

function publisher(options: Partial<PublisherOptions> = {}): Publisher {
  return new Publisher(
    { log, codec: JSON_CODEC, telemetry, meters },
    { service: 'scoring', everySeconds: 0.01, ...options },
  )
}

async function written(): Promise<OpsMetric[]> {
  const records = await log.read('ops.metrics', opsPartition(4), 0, 1_000)
  return records.map((r) => JSON_CODEC.decode(r.value).value as OpsMetric)
}

async function until(come: (all: OpsMetric[]) => boolean): Promise<OpsMetric[]> {
  for (let i = 0; i < 500; i++) {
    const all = await written()
    if (come(all)) return all
    await new Promise((r) => setTimeout(r, 5))
  }
  throw new Error(`It never came: ${JSON.stringify(await written())}`)
}

const standing = async () => ({ lag: 7, partitions: 2, stopped: 1, rebuilding: 0, problem: 'gone from the log' })

describe('what is told of a part', () => {
  it('is what was done since the record before, and how it stands', async () => {
    const meter = meters.part('scoring', 2, standing)
    const p = publisher()
    meter.committed([{ timestamp: Date.now() }, { timestamp: 1_000 }], meter.begin())
    p.start()
    const [first] = await until((all) => all.length > 0)
    expect(first).toMatchObject({ service: 'scoring', part: 'scoring', generation: 2, last: false, operations: 2 })
    expect(first).toMatchObject({ lag: 7, partitions: 2, stopped: 1, problem: 'gone from the log' })
    expect(first!.latency.reduce((a, b) => a + b)).toBe(2)
    expect(first!.age.reduce((a, b) => a + b)).toBe(1)
    meter.tally.setAside(1)
    const all = await until((w) => w.some((m) => m.dead_letters > 0))
    expect(all.every((m, i) => i === 0 || m.from === all[i - 1]!.to)).toBe(true)
    expect(all.slice(1).reduce((n, m) => n + m.operations, 0)).toBe(0)
    await p.end(true)
  })

  it('is later than what was told before, also where the clock was set back', async () => {
    const meter = meters.part('scoring', 0, standing)
    let now = Date.now() + 60_000
    const p = publisher({ now: () => now })
    p.start()
    await until((all) => all.length > 1)
    now -= 3_600_000
    const before = (await written()).length
    meter.tally.setAside(3)
    await until((all) => all.length > before + 2)
    await p.end(true)
    const all = await written()
    for (const [i, m] of all.entries()) if (i > 0) expect(m.to).toBeGreaterThan(all[i - 1]!.to)
    expect(all.reduce((n, m) => n + m.dead_letters, 0)).toBe(3)
  })

  it('stands in one partition, whatever the part', async () => {
    meters.part('a')
    meters.part('b')
    const p = publisher()
    p.start()
    await until((all) => all.length >= 4)
    await p.end(true)
    for (const q of [0, 1, 2, 3].filter((x) => x !== opsPartition(4)))
      expect(await log.read('ops.metrics', q, 0, 10)).toEqual([])
  })

  it('lacks the lag where nobody knows it, and comes all the same', async () => {
    meters.part('slow', 0, () => new Promise(() => {}))
    meters.part('broken', 0, () => Promise.reject(new Error('no log')))
    const p = publisher({ standingMs: 5 })
    p.start()
    const all = await until((w) => w.length >= 2)
    await p.end(true)
    expect(all.map((m) => m.lag)).toEqual(all.map(() => null))
  })
})

describe('the end', () => {
  it('is told of every part, with what was left', async () => {
    const meter = meters.part('scoring', 0, standing)
    meters.part('drift')
    const p = publisher({ everySeconds: 3600 })
    p.start()
    p.pause()
    meter.tally.did(5, 1)
    await p.end(true)
    expect((await written()).map((m) => [m.part, m.operations, m.last])).toEqual([
      ['scoring', 5, true],
      ['drift', 0, true],
    ])
  })

  it('of a process that failed is not called one: somebody should miss it', async () => {
    const meter = meters.part('scoring')
    meter.ended = true
    await publisher({ everySeconds: 3600 }).end(false)
    expect((await written()).map((m) => m.last)).toEqual([false])
  })

  it('of one generation is told, and then nothing more of it', async () => {
    meters.part('scoring', 0)
    meters.part('scoring', 1).ended = true
    const p = publisher()
    p.start()
    const all = await until((w) => w.filter((m) => m.generation === 0).length >= 3)
    await p.end(true)
    expect(all.filter((m) => m.generation === 1).map((m) => m.last)).toEqual([true])
  })

  it('does not wait for a log that does not answer', async () => {
    meters.part('scoring')
    log.append = () => new Promise(() => {})
    await publisher({ everySeconds: 3600, lastMs: 20 }).end(true)
    expect(await written()).toEqual([])
  })
})

describe('a log that does not take it', () => {
  it('is warned about once, and what was not told is told later', async () => {
    const meter = meters.part('scoring')
    meter.tally.did(3, 1)
    const append = log.append.bind(log)
    let refused = 0
    log.append = async (records) => {
      if (refused++ < 3) throw new Error('no broker')
      return append(records)
    }
    const { from } = meter
    const p = publisher()
    p.start()
    const [first] = await until((all) => all.length > 0)
    await p.end(true)
    expect(first).toMatchObject({ operations: 3, from })
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toContain('no broker')
  })
})

it('nothing is written where the interval is 0', async () => {
  meters.part('scoring').tally.did(1, 1)
  const p = publisher({ everySeconds: 0 })
  p.start()
  await p.end(true)
  expect(await written()).toEqual([])
})
