import { randomUUID } from 'node:crypto'
import { foldStage, type RunningStage } from '@mastery/infra/runtime/stage-runner.ts'
import { SILENT } from '@mastery/topology/ports/telemetry.ts'
import { eventually, pause } from '@mastery/topology/testing/consumer-recorder.ts'
import { COUNTING, JSON_CODEC } from '@mastery/topology/testing/counting-stage.ts'
import { TOPIC } from '@mastery/topology/testing/event-log-fixtures.ts'
import { MemoryState } from '@mastery/topology/testing/memory.ts'
import { type Admin, Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { History } from '../../runtime/history.ts'
import { PLAIN } from '../../runtime/logic.ts'
import { type KafkaLog, openKafkaLog } from './log.ts'

const broker = process.env['MASTERY_TEST_KAFKA']
const title = broker ? 'A stage on Kafka' : 'A stage on Kafka, not run: no Kafka (MASTERY_TEST_KAFKA unset)'
const run = `s${randomUUID().slice(0, 8)}`
const MESSAGE = JSON_CODEC.encode('learning-event', 1)
const scope = (partition: number) => ({ stage: 'counting', generation: 1, topic: TOPIC, partition }) as const

describe.skipIf(!broker)(title, { timeout: 60_000 }, () => {
  let kafka: Kafka
  let admin: Admin
  beforeAll(async () => {
    kafka = new Kafka({ brokers: [broker!], logLevel: logLevel.NOTHING })
    admin = kafka.admin()
    await admin.connect()
  })
  afterAll(async () => {
    await admin.deleteTopics({ topics: (await admin.listTopics()).filter((t) => t.startsWith(run)) })
    await admin.disconnect()
  })

  /** A log of its own with three partitions, the state, and as many processes of the counting stage as are started. */
  class Town {
    state = new MemoryState()
    readonly name: string
    readonly failures: Error[] = []
    private readonly opened: (() => Promise<void>)[] = []
    log!: KafkaLog

    constructor(place: string) {
      this.name = `${run}.${place}.`
    }

    async open(): Promise<KafkaLog> {
      const log = await openKafkaLog({ brokers: [broker!], clientId: 'test', prefix: this.name })
      this.opened.push(() => log.close())
      return log
    }

    readonly errors: string[] = []

    async process(maxRecords = 100, history?: History): Promise<RunningStage> {
      const parts = { log: await this.open(), state: this.state, codec: JSON_CODEC, sealer: PLAIN, version: '1' }
      const telemetry = { ...SILENT, error: (m: string) => void this.errors.push(m) }
      const options = {
        generation: 1,
        batch: { maxRecords, maxDelayMs: 50 },
        cachedStates: 1_000,
        ...(history ? { history } : {}),
      }
      const onFailure = (e: Error) => void this.failures.push(e)
      const stage = foldStage({ ...parts, telemetry }, COUNTING, { ...options, onFailure })
      await stage.start()
      this.opened.push(() => stage.stop())
      return stage
    }

    async append(partition: number, count: number, bytes = MESSAGE): Promise<void> {
      const record = { topic: TOPIC, partition, value: bytes, timestamp: 1_700_000_000_000 } as const
      await this.log.append(Array.from({ length: count }, (_, i) => ({ ...record, key: `s${partition}-${i % 5}` })))
    }

    async truncate(partition: number, before: number): Promise<void> {
      // kafkajs deletes only from topics that it has looked at.
      await admin.fetchTopicOffsets(this.name + TOPIC)
      const partitions = [{ partition, offset: String(before) }]
      await admin.deleteTopicRecords({ topic: this.name + TOPIC, partitions })
    }

    async committed(partition: number): Promise<number> {
      return (await this.state.peek(scope(partition)))?.nextOffset ?? 0
    }

    /** Whether the group was told of this offset, which happens now and then. */
    async told(partition: number, offset: number): Promise<boolean> {
      const topic = this.name + TOPIC
      const { groups } = await admin.listGroups()
      for (const { groupId } of groups.filter((g) => g.groupId.startsWith(this.name))) {
        const [found] = await admin.fetchOffsets({ groupId, topics: [topic] })
        if (found?.partitions.some((p) => p.partition === partition && Number(p.offset) >= offset)) return true
      }
      return false
    }

    /** Records folded, over all keys of a partition. */
    async folded(partition: number): Promise<number> {
      const meta = (await this.state.peek(scope(partition)))?.meta
      return meta ? JSON.parse(Buffer.from(meta).toString()).seen : 0
    }

    reached(partition: number, offset: number): Promise<void> {
      const what = `partition ${partition} at ${offset}`
      return eventually(what, async () => (await this.committed(partition)) >= offset, 30_000)
    }

    async close(): Promise<void> {
      for (const close of this.opened.reverse()) await close()
    }
  }

  async function town(work: (t: Town) => Promise<void>): Promise<void> {
    const t = new Town(randomUUID().slice(0, 6))
    try {
      t.log = await t.open()
      await t.log.ensureTopics([TOPIC, 'learning.features', 'learning.rejects'], 3)
      await work(t)
    } finally {
      await t.close()
    }
  }

  it('stops a partition whose next records are gone, says so, and goes on with the others', () =>
    town(async (t) => {
      for (const p of [0, 1, 2]) await t.append(p, 50)
      await t.truncate(0, 20)
      const stage = await t.process()
      await t.reached(1, 50)
      await t.reached(2, 50)
      await eventually('a problem', () => stage.problems().length > 0)
      expect(stage.problems()).toEqual([expect.stringMatching(/partition 0: .*Records 0 to 19 are gone/)])
      await t.append(0, 5)
      await t.append(1, 5)
      await t.reached(1, 55)
      expect(await t.committed(0)).toBe(0)
      expect(t.failures).toEqual([])
    }))

  it('tells of the gap though nothing is left to read', () =>
    town(async (t) => {
      await t.append(2, 30)
      await t.truncate(2, -1)
      const stage = await t.process()
      await eventually('a problem', () => stage.problems().length > 0)
      expect(stage.problems()[0]).toMatch(/partition 2: .*Records 0 to 29 are gone/)
    }))

  it('rebuilds a lost state from history and the log, and says so', () =>
    town(async (t) => {
      await t.append(0, 50)
      const first = await t.process()
      await t.reached(0, 50)
      await eventually('the group is told', () => t.told(0, 50))
      await first.stop()
      const [kept, outputs] = [await t.log.read(TOPIC, 0, 0, 100), await t.log.read('learning.features', 0, 0, 100)]
      t.state = new MemoryState()
      await t.truncate(0, 20)
      const stage = await t.process(100, async (_topic, partition, from, max) =>
        partition === 0 ? kept.filter((r) => r.offset >= from && r.offset < 20).slice(0, Math.min(max, 7)) : [],
      )
      await t.reached(0, 50)
      await eventually('the end of the rebuild', () => stage.rebuilding().length === 0)
      expect(t.errors).toEqual([expect.stringMatching(/^rebuilding: .*partition 0.*up to offset 50/)])
      expect(await t.folded(0)).toBe(50)
      const again = await t.log.read('learning.features', 0, outputs.length, 100)
      expect(again.map((r) => r.value.toString())).toEqual(outputs.map((r) => r.value.toString()))
      expect([stage.problems(), t.failures]).toEqual([[], []])
    }))

  it('notices records that are deleted ahead of it while it reads', () =>
    town(async (t) => {
      const large = JSON_CODEC.encode('learning-event', 'x'.repeat(100_000))
      await t.append(0, 60, large)
      let truncated = false
      const commit = t.state.commit.bind(t.state)
      t.state.commit = async (s, c) => {
        if (!truncated && s.partition === 0) {
          truncated = true
          await t.append(0, 10, large)
          await t.truncate(0, 65)
        }
        return commit(s, c)
      }
      const stage = await t.process(10)
      await t.append(1, 5)
      await t.reached(1, 5)
      await eventually('a problem', () => stage.problems().length > 0)
      const next = await t.committed(0)
      expect(stage.problems()[0]).toMatch(new RegExp(`Records ${next} to 64 are gone`))
      expect(await t.folded(0)).toBe(next)
    }))

  it('refuses a log that ends before its state', () =>
    town(async (t) => {
      await t.append(1, 10)
      const { epoch } = await t.state.claim(scope(1), 'before')
      const commit = { epoch, expectedOffset: 0, nextOffset: 100, meta: Buffer.from('{"seen":100}') }
      await t.state.commit(scope(1), { ...commit, changes: [], outputs: [] })
      await t.process()
      await eventually('the failure', () => t.failures.length > 0, 30_000)
      expect(t.failures[0]!.message).toMatch(/partition 1 ends at offset 10.*read up to 100.*made anew/)
    }))

  it('takes aborted transactions and their markers for no gap', () =>
    town(async (t) => {
      const producer = kafka.producer({ transactionalId: t.name, maxInFlightRequests: 1, idempotent: true })
      await producer.connect()
      const transaction = async (end: 'commit' | 'abort', count: number) => {
        const tx = await producer.transaction()
        const messages = Array.from({ length: count }, () => ({ partition: 0, key: 's0-0', value: MESSAGE }))
        await tx.send({ topic: t.name + TOPIC, messages })
        await tx[end]()
      }
      const stage = await t.process(10)
      await t.append(0, 3)
      await t.reached(0, 3)
      for (let i = 0; i < 3; i++) await transaction('abort', 4)
      await pause(700)
      await transaction('commit', 2)
      await t.append(0, 3)
      await eventually('8 records', async () => (await t.folded(0)) === 8)
      // A marker may be written after the transaction has ended, and be the last of the log.
      await pause(300)
      await t.append(0, 1)
      await eventually('9 records', async () => (await t.folded(0)) === 9)
      expect(stage.problems()).toEqual([])
      await producer.disconnect()
    }))

  it('moves partitions between two members; nothing is lost or counted twice', () =>
    town(async (t) => {
      let writing = true
      let written = 0
      const writer = (async () => {
        for (; writing; written++) {
          for (const p of [0, 1, 2]) await t.append(p, 20)
          await pause(15)
        }
      })()
      const first = await t.process(50)
      await eventually('progress', async () => (await t.folded(0)) > 100)
      const second = await t.process(50)
      await eventually('both at work', () => second.runners.size > 0, 30_000)
      await pause(500)
      await first.stop()
      await eventually('the second has all', () => second.runners.size === 3, 30_000)
      const third = await t.process(50)
      await eventually('the third at work', () => third.runners.size > 0, 30_000)
      await pause(300)
      writing = false
      await writer
      for (const p of [0, 1, 2]) await t.reached(p, written * 20)
      for (const p of [0, 1, 2]) {
        expect(await t.folded(p)).toBe(written * 20)
        const keys = Array.from({ length: 5 }, (_, i) => `s${p}-${i}`)
        const counts = (await t.state.load(scope(p), keys)).map((b) => JSON.parse(Buffer.from(b!).toString()).count)
        expect(counts).toEqual(keys.map(() => written * 4))
        const outputs = await t.log.read('learning.features', p, 0, 1e6)
        const origins = outputs.map((r) => (JSON_CODEC.decode(r.value).value as { from: number }).from)
        expect(new Set(origins).size).toBe(written * 20)
      }
      expect(t.failures).toEqual([])
    }))

  it('fences an owner that another has replaced outside of the group', () =>
    town(async (t) => {
      await t.append(0, 10)
      await t.process()
      await t.reached(0, 10)
      await t.state.claim(scope(0), 'another')
      await t.append(0, 10)
      await eventually('the failure', () => t.failures.length > 0)
      expect(t.failures[0]!.message).toMatch(/no longer owns learning\.events partition 0/)
      expect(await t.folded(0)).toBe(10)
    }))
})
