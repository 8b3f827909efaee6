import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@clickhouse/client'
import { SchemaRegistryClient } from '@confluentinc/schemaregistry'
import { Redis } from 'ioredis'
import { ConfigResourceTypes, Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PART_NAMES } from './layout.ts'
import { bornOf, stopProcess } from './process.ts'
import { downStack, type StackAddresses, stackUnavailable, statusStack, upStack } from './stack.ts'

const reasons = await stackUnavailable()
if (reasons.length > 0 && process.env['CI'] === 'true') throw new Error(`the stack can't run: ${reasons.join('; ')}`)
const title = reasons.length === 0 ? 'the stack' : `the stack (not run: ${reasons.join('; ')})`

describe.skipIf(reasons.length > 0)(title, { timeout: 120_000 }, () => {
  const root = mkdtempSync(join(tmpdir(), 'stack-'))
  const lines: string[] = []
  const log = (line: string) => void lines.push(line)
  let at: StackAddresses
  /** Records in the topic, and how many there were when its reader had seen all. */
  const ends = async () => {
    const admin = new Kafka({ brokers: [at.kafka], logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    const offsets = await admin.fetchTopicOffsets('t')
    await admin.disconnect()
    return offsets.reduce((sum, { high }) => sum + Number(high), 0)
  }
  let written = 0
  const pids = async () => (await statusStack(root)).map(({ pid }) => pid)
  const pidOf = async (part: string) => (await statusStack(root)).find((status) => status.part === part)!.pid!

  beforeAll(async () => {
    at = await upStack({ root, log })
  }, 300_000)
  afterAll(async () => {
    await downStack(root)
    rmSync(root, { recursive: true, force: true })
  }, 60_000)

  it('carries a thousand records through Kafka, in order and to the group', async () => {
    const client = new Kafka({ brokers: [at.kafka], logLevel: logLevel.NOTHING })
    const admin = client.admin()
    await admin.connect()
    await admin.createTopics({ waitForLeaders: true, topics: [{ topic: 't', numPartitions: 4, replicationFactor: 1 }] })
    const producer = client.producer()
    await producer.connect()
    await producer.send({
      topic: 't',
      acks: -1,
      messages: Array.from({ length: 1000 }, (_, n) => ({ key: `k${n % 7}`, value: String(n) })),
    })
    const consumer = client.consumer({ groupId: 'g', maxWaitTimeInMs: 200 })
    await consumer.connect()
    await consumer.subscribe({ topic: 't', fromBeginning: true })
    const seen = new Map<string, number[]>()
    await new Promise<void>((resolve) => {
      // A send that reached a part of a new topic's partitions is repeated for all of them: a value may come twice.
      const values = new Set<number>()
      void consumer.run({
        eachMessage: async ({ message }) => {
          const key = message.key!.toString()
          const value = Number(message.value)
          if (!values.has(value)) seen.set(key, [...(seen.get(key) ?? []), value])
          values.add(value)
          if (values.size === 1000) resolve()
        },
      })
    })
    written = await ends()
    expect(written).toBeGreaterThanOrEqual(1000)
    expect([...seen.values()].flat().sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, n) => n))
    for (const values of seen.values()) expect(values).toEqual([...values].sort((a, b) => a - b))
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: ConfigResourceTypes.BROKER, name: '1', configNames: ['auto.create.topics.enable'] }],
    })
    expect(resources[0]!.configEntries).toMatchObject([{ configValue: 'false' }])
    await Promise.all([consumer.disconnect(), producer.disconnect(), admin.disconnect()])
  })

  it('keeps Redis writes in the append-only file and never evicts', async () => {
    const client = new Redis(at.redis)
    expect(await client.ping()).toBe('PONG')
    await client.set('kept', 'yes')
    expect(await client.config('GET', 'appendonly')).toEqual(['appendonly', 'yes'])
    expect(await client.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction'])
    await client.quit()
  })

  const record = (...fields: object[]) => ({
    schemaType: 'AVRO',
    schema: JSON.stringify({ type: 'record', name: 'R', namespace: 'n', fields }),
  })
  const registryClient = () => new SchemaRegistryClient({ baseURLs: [at.registry], cacheCapacity: 10 })
  const x = { name: 'x', type: 'long' }

  it('refuses schemas that break the level of their subject', async () => {
    const client = registryClient()
    const id = await client.register('events-value', record(x))
    expect(JSON.parse((await registryClient().getBySubjectAndId('events-value', id)).schema)).toMatchObject({
      name: 'R',
    })
    await client.updateCompatibility('events-value', 'BACKWARD_TRANSITIVE' as never)
    const added = await client.register('events-value', record(x, { name: 'y', type: 'int', default: 0 }))
    expect(added).not.toBe(id)
    // Readable with the newest version, not with the first: only a transitive check finds it.
    const third = client.register('events-value', record(x, { name: 'y', type: 'int' }))
    await expect(third).rejects.toMatchObject({ status: 409 })
    await client.register('scores-value', record(x))
    await client.updateCompatibility('scores-value', 'FULL_TRANSITIVE' as never)
    await expect(client.register('scores-value', record())).rejects.toMatchObject({ status: 409 })
    expect(await registryClient().getId('events-value', record(x))).toBe(id)
  })

  it('answers SQL', async () => {
    const client = createClient({ url: at.clickhouse })
    await client.command({ query: 'CREATE TABLE t (a UInt32) ENGINE = MergeTree ORDER BY a' })
    await client.insert({ table: 't', values: [{ a: 1 }, { a: 2 }], format: 'JSONEachRow' })
    const result = await client.query({ query: 'SELECT sum(a) AS s FROM t', format: 'JSONEachRow' })
    expect(await result.json()).toEqual([{ s: 3 }])
    await client.close()
  })

  it('leaves healthy parts alone', async () => {
    const before = await pids()
    expect(await upStack({ root })).toEqual(at)
    expect(await pids()).toEqual(before)
  })

  it.each(PART_NAMES)('starts %s again after kill -9, at its address and with its data', async (part) => {
    const before = await pids()
    process.kill(await pidOf(part), 'SIGKILL')
    expect(await upStack({ root, log })).toEqual(at)
    const changed = (await pids()).filter((pid, index) => pid !== before[index])
    expect(changed).toHaveLength(1)
    if (part === 'kafka') {
      expect(await ends()).toBe(written)
    } else if (part === 'redis') {
      // Written more than a second before the kill.
      const client = new Redis(at.redis)
      expect(await client.get('kept')).toBe('yes')
      await client.quit()
    } else if (part === 'registry') {
      const client = registryClient()
      const id = await client.getId('events-value', record(x))
      const fresh = await client.register('later-value', record({ name: 'z', type: 'string' }))
      expect(fresh).toBeGreaterThan(id)
    } else {
      const answer = await fetch(`${at.clickhouse}/?query=SELECT+count()+FROM+t`)
      expect(await answer.text()).toBe('2\n')
    }
  })

  it('never signals a stranger that got the process id of a dead part', async () => {
    const file = join(root, '.local', 'stack', 'redis', 'process.json')
    const kept = readFileSync(file, 'utf8')
    expect(bornOf(process.pid)).not.toBeNull()
    expect(await stopProcess({ pid: process.pid, born: 'another time' }, 100)).toBe('absent')
    expect(readFileSync(file, 'utf8')).toBe(kept)
  })

  it('leaves no process after down', async () => {
    const before = (await pids()).filter((pid) => pid !== null)
    expect(before).toHaveLength(4)
    await downStack(root)
    for (const pid of before) expect(bornOf(pid)).toBeNull()
    expect((await statusStack(root)).map(({ state }) => state)).toEqual(Array(4).fill('stopped'))
    expect(processesNaming(root)).toEqual([])
  })
})

/** Command lines on this machine that name the folder; only where the system shows them as files. */
function processesNaming(folder: string): string[] {
  if (!existsSync('/proc/self/cmdline')) return []
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      try {
        const line = readFileSync(join('/proc', name, 'cmdline'), 'utf8').replaceAll('\0', ' ')
        return line.includes(folder) ? [line] : []
      } catch {
        return []
      }
    })
}
