import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { openBullJobs } from '@mastery/infra/adapters/bullmq/jobs.ts'
import { MailServer } from '@mastery/infra/adapters/smtp/testing/mail-server.ts'
import type { JobHandler } from '@mastery/topology/ports/job-queue.ts'
import { Random } from '@mastery/topology/school/random.ts'
import { exampleDelivery } from '@mastery/topology/testing/notifier-contract.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { deliveryJobs } from '../src/jobs.ts'
import type { ChildTask } from './bull-child.ts'

const url = process.env['MASTERY_TEST_REDIS']
const DELIVERIES = 120
const CONCURRENCY = 4
const KILLS = 3

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((done) => child.once('exit', () => done()))
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((r) => setTimeout(r, 20))
}

describe.skipIf(!url)(url ? 'mails by BullMQ' : 'mails by BullMQ, not run: no Redis', () => {
  let mail: MailServer
  beforeAll(async () => {
    mail = await new MailServer().listen()
  })
  afterAll(() => mail.close())

  it('are each sent, under one id, though the worker is killed again and again and the server fails', async () => {
    const random = new Random(5)
    const manners = ['accept', 'accept', 'accept', 'accept', 'greylist', 'drop-before'] as const
    mail.manner = () => manners[Math.floor(random.uniform() * manners.length)]!
    const keyPrefix = `test-${randomUUID().slice(0, 8)}-`
    const task: ChildTask = { redis: url!, keyPrefix, lockMs: 2_000, smtpPort: mail.port, deliveries: DELIVERIES }
    const definitions = deliveryJobs({ attempts: 30, backoffSeconds: 0.02 }, () =>
      Promise.reject(new Error('this process sends nothing')),
    ) as unknown as JobHandler[]
    const queue = await openBullJobs({ url: url!, keyPrefix, lockMs: task.lockMs }, definitions)
    for (let offset = 0; offset < DELIVERIES; offset++) {
      const { delivery_id: id } = exampleDelivery(offset)
      const payload = { topic: 'mastery.deliveries', partition: 0, offset, delivery: id }
      await queue.add({ name: 'deliver-mail', id, payload })
      // Handed over again, as after a kill of whoever hands over.
      expect((await queue.add({ name: 'deliver-mail', id, payload })).added).toBe(false)
    }
    const launch = () =>
      spawn(process.execPath, [join(import.meta.dirname, 'bull-child.ts')], {
        env: { ...process.env, DELIVERY_TASK: JSON.stringify(task) },
        stdio: ['ignore', 'inherit', 'inherit'],
      })
    const ids = () => mail.mailbox.map((m) => m.messageId)
    for (let kill = 1; kill <= KILLS; kill++) {
      const child = launch()
      const wanted = Math.floor((DELIVERIES * kill) / (KILLS + 2))
      await until(() => new Set(ids()).size >= wanted)
      await new Promise((r) => setTimeout(r, Math.floor(random.uniform() * 40)))
      child.kill('SIGKILL')
      await ended(child)
    }
    const last = launch()
    // Jobs that were lost with their worker too often are dead, for a person to look at; nobody is at fault here.
    await until(async () => {
      for (const job of await queue.list({ states: ['dead'], limit: 1000 })) await queue.retry(job.id)
      return (await queue.list({ states: ['completed'], limit: 1000 })).length === DELIVERIES
    })
    last.kill('SIGTERM')
    await ended(last)
    await queue.close()
    expect(new Set(ids())).toEqual(
      new Set(Array.from({ length: DELIVERIES }, (_, n) => `<${exampleDelivery(n).delivery_id}@school.example>`)),
    )
    // Only what was under way at a kill may have come twice.
    expect(ids().length - DELIVERIES).toBeLessThanOrEqual(KILLS * CONCURRENCY)
  })
})
