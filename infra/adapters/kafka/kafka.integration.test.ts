import { randomUUID } from 'node:crypto'
import { eventLogContract } from '@mastery/topology/testing/event-log-contract.ts'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, describe } from 'vitest'
import { openKafkaLog } from './log.ts'

const broker = process.env['MASTERY_TEST_KAFKA']
const run = randomUUID().slice(0, 8)
const title = broker ? 'Kafka log' : 'Kafka log, not run: no Kafka (MASTERY_TEST_KAFKA unset)'
const open = (place: string) => openKafkaLog({ brokers: [broker!], clientId: 'test', prefix: `t${run}.${place}.` })

describe.skipIf(!broker)(title, { timeout: 60_000 }, () => {
  afterAll(async () => {
    const admin = new Kafka({ brokers: [broker!], logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    const topics = (await admin.listTopics()).filter((t) => t.startsWith(`t${run}.`))
    if (topics.length > 0) await admin.deleteTopics({ topics })
    await admin.disconnect()
  })

  eventLogContract('Kafka', async (place) => {
    const log = await open(place)
    return { log, close: () => log.close() }
  })
})
