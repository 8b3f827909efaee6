import { records, TOPIC } from '@mastery/topology/testing/event-log-fixtures.ts'
import type { TopicMessages } from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { Appender } from './appender.ts'
import { toMessage, toRecord } from './record.ts'

/** Requests as they are sent; each waits until it is answered. */
function broker() {
  const requests: { values: string[]; answer(error?: Error): void }[] = []
  const send = (topicMessages: TopicMessages[]) =>
    new Promise<void>((resolve, reject) => {
      const values = topicMessages.flatMap((t) => t.messages.map((m) => String(m.value)))
      requests.push({ values, answer: (error) => (error ? reject(error) : resolve()) })
    })
  return { requests, appender: new Appender(send, (r) => r.topic) }
}

const settle = () => new Promise((resolve) => setImmediate(resolve))

describe('appending to Kafka', () => {
  it('has one request in flight and sends all that waits meanwhile in the next', async () => {
    const { requests, appender } = broker()
    const done: number[] = []
    for (let i = 0; i < 4; i++) void appender.append(records(i % 2, 2, i * 10)).then(() => done.push(i))
    await settle()
    expect(requests.map((r) => r.values)).toEqual([['p0-0', 'p0-1']])
    requests[0]!.answer()
    await settle()
    expect(done).toEqual([0])
    expect(requests[1]!.values).toEqual(['p1-10', 'p1-11', 'p0-20', 'p0-21', 'p1-30', 'p1-31'])
    requests[1]!.answer()
    await appender.idle()
    expect(done).toEqual([0, 1, 2, 3])
  })

  it('cuts what a partition takes in one request below the limit of a broker', async () => {
    const sizes: number[] = []
    const appender = new Appender(
      async ([t]) => {
        sizes.push([...t!.messages].reduce((n, m) => n + m.value!.length, 0))
      },
      (r) => r.topic,
    )
    await appender.append(records(0, 50, 0, 100_000))
    expect(Math.max(...sizes)).toBeLessThan(1_000_000)
    expect(sizes.length).toBeGreaterThan(5)
    await appender.append(records(0, 1, 0, 3_000_000))
    expect(sizes.at(-1)).toBeGreaterThan(3_000_000)
  })

  it('fails those whose records were in the request, and goes on with the others', async () => {
    const { requests, appender } = broker()
    const outcome = (work: Promise<void>) =>
      work.then(
        () => 'ok',
        (e: Error) => e.message,
      )
    const a = outcome(appender.append(records(0, 2)))
    const b = outcome(appender.append(records(0, 2, 2)))
    await settle()
    requests[0]!.answer(new Error('down'))
    await settle()
    requests[1]!.answer()
    expect([await a, await b]).toEqual(['down', 'ok'])
    expect(requests[1]!.values).toEqual(['p0-2', 'p0-3'])
  })
})

describe("a record's time", () => {
  const now = 1_790_000_000_000
  const written = (timestamp: number) => {
    const m = toMessage({ topic: TOPIC, partition: 0, key: 'k', value: Buffer.from('v'), timestamp }, now)
    const headers =
      m.headers && Object.fromEntries(Object.entries(m.headers).map(([k, v]) => [k, Buffer.from(String(v))]))
    const read = toRecord({ ...m, key: Buffer.from('k'), offset: '3', attributes: 0, headers } as never)
    return { kafka: Number(m.timestamp), read: read.timestamp }
  }

  it('is the time of writing for Kafka, which deletes by it, and its own for whoever reads it', () => {
    for (const own of [0, 1_262_304_000_123, now + 86_400_000 * 365, now - 3_600_000])
      expect(written(own)).toEqual({ kafka: now, read: own })
  })

  it('is its own for both where it is about now', () => {
    expect(written(now - 1_000)).toEqual({ kafka: now - 1_000, read: now - 1_000 })
  })
})
