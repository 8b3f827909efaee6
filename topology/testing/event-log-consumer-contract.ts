import { expect, it } from 'vitest'
import type { ConsumerOptions, EventLog, LogConsumer } from '../ports/event-log.ts'
import { ConsumerRecorder, eventually, pause } from './consumer-recorder.ts'
import { record, records, TOPIC, type withLog } from './event-log-fixtures.ts'

type Use = (work: Parameters<typeof withLog>[2]) => Promise<void>

const OPTIONS: ConsumerOptions = { group: 'contract', topics: [TOPIC], maxRecords: 100, maxDelayMs: 60 }

async function consuming(
  log: EventLog,
  recorder: ConsumerRecorder,
  work: (consumer: LogConsumer) => Promise<void>,
  options: Partial<ConsumerOptions> = {},
): Promise<void> {
  const consumer = log.consumer({ ...OPTIONS, ...options })
  await consumer.start(recorder)
  try {
    await work(consumer)
  } finally {
    await consumer.stop()
  }
}

const texts = (recorder: ConsumerRecorder, partition: number) =>
  recorder.of(TOPIC, partition).map((r) => r.value.toString())

/** The consumer's half of the event log contract. */
export function consumerContract(use: Use, keepsReports: boolean): void {
  it('is assigned every partition once and reads from the offset that it was given', () =>
    use(async (log) => {
      await log.append([...records(0, 10), ...records(1, 10), ...records(2, 10)])
      const recorder = new ConsumerRecorder()
      recorder.from = (_topic, partition) => partition * 3
      const owned: (boolean | undefined)[] = []
      await consuming(log, recorder, async (consumer) => {
        await eventually('21 records', () => recorder.count >= 21)
        owned.push(...[0, 1, 2].map((p) => consumer.owns?.(TOPIC, p)))
      })
      expect(owned.filter((o) => o === false)).toEqual([])
      expect(recorder.assignments.map((a) => a.partition).sort()).toEqual([0, 1, 2])
      for (const p of [0, 1, 2]) {
        const got = recorder.of(TOPIC, p)
        expect(got.map((r) => r.offset)).toEqual(Array.from({ length: 10 - p * 3 }, (_, i) => i + p * 3))
        expect(recorder.batches.find((b) => b.partition === p)?.requested).toBe(p * 3)
      }
    }))

  it('reads on where the next owner says', () =>
    use(async (log) => {
      await log.append(records(0, 30))
      const first = new ConsumerRecorder()
      await consuming(log, first, async (consumer) => {
        await eventually('30 records', () => first.count >= 30)
        await consumer.report(TOPIC, 0, 30)
      })
      await log.append(records(0, 5, 30))
      const second = new ConsumerRecorder()
      // The state decides, not what was reported to the group.
      second.from = (_topic, partition) => (partition === 0 ? 28 : 0)
      await consuming(log, second, () => eventually('7 records', () => second.count >= 7))
      expect(second.of(TOPIC, 0).map((r) => r.offset)).toEqual([28, 29, 30, 31, 32, 33, 34])
    }))

  it('tells every later member what the group was told, and nothing of another group', () =>
    use(async (log) => {
      await log.append([...records(0, 30), ...records(1, 5)])
      const first = new ConsumerRecorder()
      await consuming(log, first, async (consumer) => {
        await eventually('35 records', () => first.count >= 35)
        expect(await consumer.reported(TOPIC, 0)).toBeNull()
        await consumer.report(TOPIC, 0, 12)
        await consumer.report(TOPIC, 0, 30)
      })
      const told = async (group: string) => {
        const recorder = new ConsumerRecorder()
        const found: (number | null)[] = []
        const work = async (consumer: LogConsumer) => {
          await eventually('three assignments', () => recorder.assignments.length === 3)
          for (const p of [0, 1, 2]) found.push(await consumer.reported(TOPIC, p))
        }
        await consuming(log, recorder, work, { group })
        return found
      }
      expect(await told('contract')).toEqual(keepsReports ? [30, null, null] : [null, null, null])
      expect(await told('another')).toEqual([null, null, null])
    }))

  it('gets what is appended while it waits', () =>
    use(async (log) => {
      const recorder = new ConsumerRecorder()
      await consuming(log, recorder, async () => {
        await eventually('three assignments', () => recorder.assignments.length === 3)
        for (let i = 0; i < 10; i++) {
          await log.append(records(i % 3, 2, i * 2))
          await pause(20)
        }
        await eventually('20 records', () => recorder.count >= 20)
      })
      expect(recorder.count).toBe(20)
    }))

  it('cuts batches at maxRecords, each requested where the one before ended', () =>
    use(async (log) => {
      await log.append([...records(0, 95), ...records(1, 40)])
      const recorder = new ConsumerRecorder()
      await consuming(log, recorder, () => eventually('all records', () => recorder.count >= 135), { maxRecords: 10 })
      expect(Math.max(...recorder.batches.map((b) => b.records.length))).toBe(10)
      const next = [0, 0, 0]
      for (const b of recorder.batches) {
        expect(b.requested).toBe(next[b.partition])
        expect(b.highWatermark).toBeGreaterThanOrEqual(b.records.at(-1)!.offset + 1)
        next[b.partition] = b.records.at(-1)!.offset + 1
      }
      expect(next).toEqual([95, 40, 0])
    }))

  it('gathers records for maxDelayMs, and then no longer waits for more', () =>
    use(async (log) => {
      const recorder = new ConsumerRecorder()
      const options = { maxRecords: 100_000, maxDelayMs: 400 }
      let spans = 0
      await consuming(
        log,
        recorder,
        async () => {
          await eventually('three assignments', () => recorder.assignments.length === 3)
          const began = performance.now()
          for (let i = 0; i < 20; i++) {
            await log.append([record(0, `r${i}`)])
            await pause(10)
          }
          await eventually('20 records', () => recorder.count >= 20, 5_000)
          spans = (performance.now() - began) / options.maxDelayMs
        },
        options,
      )
      // However long the appends took: one for each time to gather, and some at the edges.
      expect(recorder.batches.length).toBeLessThanOrEqual(5 + Math.floor(spans))
      expect(texts(recorder, 0)).toEqual(Array.from({ length: 20 }, (_, i) => `r${i}`))
    }))

  it('reads more than one fetch carries, each record once and in order', () =>
    use(async (log) => {
      await log.append([...records(0, 6_000, 0, 1_000), ...records(1, 2, 0, 900_000)])
      const recorder = new ConsumerRecorder()
      const options = { maxRecords: 50_000 }
      await consuming(log, recorder, () => eventually('all records', () => recorder.count >= 6_002), options)
      expect(recorder.of(TOPIC, 0).map((r) => r.offset)).toEqual(Array.from({ length: 6_000 }, (_, i) => i))
      expect(recorder.of(TOPIC, 1).map((r) => r.value.length)).toEqual([900_004, 900_004])
    }))

  it('never has two batches of one partition in flight', () =>
    use(async (log) => {
      await log.append([...records(0, 60), ...records(1, 60)])
      const recorder = new ConsumerRecorder()
      const busy = new Set<number>()
      let overlaps = 0
      recorder.onBatch = async (b) => {
        if (busy.has(b.partition)) overlaps++
        busy.add(b.partition)
        await pause(5)
        busy.delete(b.partition)
      }
      await consuming(log, recorder, () => eventually('all records', () => recorder.count >= 120), { maxRecords: 7 })
      expect(overlaps).toBe(0)
    }))

  it('waits for the batch in flight when it stops, and begins none after', () =>
    use(async (log) => {
      await log.append(records(0, 50))
      const recorder = new ConsumerRecorder()
      let finished = 0
      recorder.onBatch = async (_b, fetch) => {
        await pause(300)
        await fetch.heartbeat()
        finished++
      }
      const consumer = log.consumer({ ...OPTIONS, maxRecords: 5 })
      await consumer.start(recorder)
      await eventually('a batch', () => recorder.batches.length > 0)
      await consumer.stop()
      expect(finished).toBe(recorder.batches.length)
      const seen = recorder.batches.length
      await pause(100)
      expect(recorder.batches.length).toBe(seen)
      expect(seen).toBeLessThan(10)
      expect(recorder.failures).toEqual([])
    }))

  it('stops one partition when asked, and the others go on', () =>
    use(async (log) => {
      await log.append([...records(0, 20), ...records(1, 20)])
      const recorder = new ConsumerRecorder()
      recorder.onBatch = (b, fetch) => {
        if (b.partition === 0) fetch.stopPartition()
      }
      const options = { maxRecords: 5 }
      await consuming(
        log,
        recorder,
        async () => {
          await eventually('partition 1', () => recorder.of(TOPIC, 1).length >= 20)
          await log.append([...records(0, 5, 20), ...records(1, 5, 20)])
          await eventually('more of partition 1', () => recorder.of(TOPIC, 1).length >= 25)
          await pause(200)
        },
        options,
      )
      expect(recorder.of(TOPIC, 0).length).toBe(5)
      expect(recorder.failures).toEqual([])
    }))

  it('hands an error of the handler to failed, once, and reads no more', () =>
    use(async (log) => {
      await log.append([...records(0, 20), ...records(1, 20), ...records(2, 20)])
      const recorder = new ConsumerRecorder()
      recorder.onBatch = () => {
        throw new Error('the handler broke')
      }
      await consuming(
        log,
        recorder,
        async () => {
          await eventually('the failure', () => recorder.failures.length > 0)
          await pause(300)
          const seen = recorder.batches.length
          await log.append(records(0, 5, 20))
          await pause(500)
          expect(recorder.batches.length).toBe(seen)
        },
        { maxRecords: 5 },
      )
      expect(recorder.failures.map((e) => e.message)).toEqual(['the handler broke'])
      expect(new Set(recorder.batches.map((b) => b.partition)).size).toBe(recorder.batches.length)
    }))

  it('hands an error of an assignment to failed', () =>
    use(async (log) => {
      await log.append(records(0, 5))
      const recorder = new ConsumerRecorder()
      recorder.from = () => {
        throw new Error('no claim')
      }
      await consuming(log, recorder, async () => {
        await eventually('the failure', () => recorder.failures.length > 0)
        await pause(100)
      })
      expect(recorder.failures.map((e) => e.message)).toEqual(['no claim'])
      expect(recorder.count).toBe(0)
    }))

  it('serves groups apart from each other', () =>
    use(async (log) => {
      await log.append(records(0, 10))
      const [a, b] = [new ConsumerRecorder(), new ConsumerRecorder()]
      await consuming(log, a, () =>
        consuming(log, b, () => eventually('both groups', () => a.count >= 10 && b.count >= 10), { group: 'other' }),
      )
      expect([a.count, b.count]).toEqual([10, 10])
    }))
}
