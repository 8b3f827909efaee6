import { STAGES, type StageName } from '@mastery/topology/flow.ts'
import { MemoryLog, MemoryState } from '@mastery/topology/testing/memory.ts'
import { TOPICS, type TopicName, topicsReadBy } from '@mastery/topology/topics.ts'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { drain } from './drain.ts'
import { PATIENCE, StandsStill } from './stands-still.ts'

const PARTITIONS = 2

/** Lets time go on for as long as something waits for it. */
async function inTime<T>(work: Promise<T>): Promise<T> {
  let over = false
  const end = () => {
    over = true
  }
  work.then(end, end)
  while (!over) await vi.advanceTimersByTimeAsync(1_000)
  return work
}

async function opened() {
  const log = new MemoryLog()
  await log.ensureTopics(
    TOPICS.map((t) => t.name),
    PARTITIONS,
  )
  const state = new MemoryState()
  const write = (topic: TopicName, n: number) =>
    log.append(
      Array.from({ length: n }, (_, i) => ({
        topic,
        partition: i % PARTITIONS,
        key: 'k',
        value: Buffer.from('v'),
        timestamp: 0,
      })),
    )
  /** The stage commits all that there is of what it reads. */
  const pass = async (stage: StageName) => {
    for (const topic of topicsReadBy(stage))
      for (let partition = 0; partition < (await log.partitions(topic)); partition++) {
        const scope = { stage, generation: 0, topic, partition }
        const { epoch, nextOffset } = await state.claim(scope, 'test')
        const { end } = await log.bounds(topic, partition)
        const at = {
          epoch,
          expectedOffset: nextOffset,
          nextOffset: end,
          meta: new Uint8Array(),
          changes: [],
          outputs: [],
        }
        expect(await state.commit(scope, at)).toBe('committed')
      }
  }
  const said: string[] = []
  /** `looked`: at every look. */
  const drained = (looked: () => void = () => {}) =>
    inTime(drain(log, state, 0, looked, undefined, (words) => said.push(words)))
  return { log, state, write, pass, said, drained }
}

const AWAITED = STAGES.filter((s) => s.awaited === 'always').map((s) => s.name)

describe('waiting until everything has reached gold', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
  afterEach(() => void vi.useRealTimers())

  it('is over at once where nothing was sent, whoever runs', async () => {
    const { drained, said } = await opened()
    await drained()
    expect(said).toEqual([])
  })

  it.each(AWAITED)('names the service that does not run, and how to start it: %s', async (missing) => {
    const { write, pass, said, drained } = await opened()
    await write(topicsReadBy(missing)[0]!, 5)
    for (const name of AWAITED) if (name !== missing) await pass(name)
    const { service } = STAGES.find((s) => s.name === missing)!
    const words = new RegExp(`${service} has 5 records.* left.*npx node services/${service}/src/main.ts`)
    await expect(drained()).rejects.toThrow(words)
    await expect(drained()).rejects.toBeInstanceOf(StandsStill)
    expect(said.length).toBeGreaterThan(0)
    for (const text of said) expect(text).toMatch(words)
    await pass(missing)
    await drained()
  })

  it('goes on for as long as something moves, however slowly', async () => {
    const { write, pass, drained } = await opened()
    await write('learning.events', 1)
    await pass('gold')
    const began = performance.now()
    let last = began
    let moves = 0
    await drained(() => {
      if (performance.now() - last < PATIENCE.givesUpMs - 10_000) return
      last = performance.now()
      if (++moves < 4) void write('learning.events', 1)
      else void pass('features').then(() => pass('gold'))
    })
    expect(performance.now() - began).toBeGreaterThan(3 * PATIENCE.givesUpMs)
  })

  it('waits for drift only where it runs, and for nobody to send', async () => {
    const { write, pass, drained } = await opened()
    await write('learning.features', 3)
    await write('mastery.deliveries', 3)
    await write('learning.intake', 3)
    for (const name of AWAITED) await pass(name)
    await drained()
    await pass('drift-features')
    await write('learning.features', 2)
    for (const name of AWAITED) await pass(name)
    await expect(drained()).rejects.toThrow(/drift has 2 records in drift-features left/)
    await pass('drift-features')
    await drained()
  })

  it('ends beside services that never stop to report on themselves', async () => {
    const { write, pass, drained } = await opened()
    await write('ops.metrics', 2)
    let looks = 0
    await drained(() => {
      void write('ops.metrics', 1)
      if (++looks === 4) void pass('gold')
    })
    expect(looks).toBeGreaterThan(4)
  })

  it('does not send anybody to other services where log and state are one process', async () => {
    const { log, state, write, pass } = await opened()
    await write('learning.events', 1)
    await pass('gold')
    const one = Object.create(state, { carriesOutputs: { value: true } }) as typeof state
    await expect(inTime(drain(log, one, 0, () => {}))).rejects.toThrow(
      /features has 1 record left\. The stages run in this process/,
    )
  })
})
