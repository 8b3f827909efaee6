import { UNSENT } from '@mastery/infra/config/delivery.ts'
import { plainWords } from '@mastery/topology/delivery/words.ts'
import { asLedger, TableLedger } from '@mastery/topology/jobs/ledger.ts'
import { TransientError } from '@mastery/topology/ports/failure.ts'
import type { JobContext, Json } from '@mastery/topology/ports/job-queue.ts'
import { type Acceptance, MessageRefused, type OutgoingMessage } from '@mastery/topology/ports/notifier.ts'
import { SILENT } from '@mastery/topology/ports/telemetry.ts'
import { JSON_CODEC } from '@mastery/topology/testing/counting-stage.ts'
import { MapJobStore } from '@mastery/topology/testing/map-job-store.ts'
import { MapVault } from '@mastery/topology/testing/map-vault.ts'
import { MemoryLog } from '@mastery/topology/testing/memory.ts'
import { exampleDelivery } from '@mastery/topology/testing/notifier-contract.ts'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Channels } from './channels.ts'
import { deliveryJobs } from './jobs.ts'
import { KnownDeliveries } from './known.ts'
import type { Outcome } from './outcomes.ts'

const D = exampleDelivery(1)
const [STUDENT, READER] = [D.items[0]!.student!, D.recipient]
const AFTER = D.now + 60_000

let sent: OutgoingMessage[]
let outcomes: Outcome[]
let answer: () => Promise<Acceptance>
let optedOut: boolean
let acceptedBefore: string | null
let vault: MapVault
let now: number
let log: MemoryLog
let ledger: ReturnType<typeof asLedger>

beforeEach(async () => {
  sent = []
  outcomes = []
  answer = async () => ({ messageId: '<1@x>', answer: '250 ok' })
  optedOut = false
  acceptedBefore = null
  now = AFTER
  vault = new MapVault()
  await vault.replace('school', {
    version: '1',
    people: [
      { pseudonym: READER, name: 'Dora', email: 'dora@school.example', language: 'de' },
      { pseudonym: STUDENT, name: 'Ann', email: null, language: null },
    ],
    titles: [],
  })
  log = new MemoryLog()
  await log.ensureTopics(['mastery.deliveries'], 1)
  const value = JSON_CODEC.encode('delivery', D)
  await log.append([{ topic: 'mastery.deliveries', partition: 0, key: READER, value, timestamp: 0 }])
  ledger = asLedger(new TableLedger(new MapJobStore()), () => now)
  await ledger.reserve('key', 'job')
})

function context(attempt = 1): JobContext {
  return {
    jobId: 'job',
    attempt,
    telemetry: SILENT,
    signal: new AbortController().signal,
    progress() {},
    checkpoint: null,
    save: async () => {},
    async once(step, effect) {
      const known = await ledger.step('key', step)
      if (known !== undefined) return known as never
      return (await ledger.record('key', step, (await effect()) as Json)) as never
    },
  }
}

function run(attempt = 1, given: { channel?: 'mail' | 'inbox'; offset?: number } = {}) {
  const { channel = 'mail', offset = 0 } = given
  const jobs = deliveryJobs({ attempts: 3, backoffSeconds: 1 }, async () => ({
    log,
    codec: JSON_CODEC,
    secrets: { tenants: [{ id: 'school', pseudonymKey: 'ab'.repeat(32), apiKeyHashes: [] }], rejectKey: '' },
    config: { ...UNSENT, publicUrl: 'https://x.example', maxAgeHours: 72 },
    vault: () => vault,
    topicNames: async () => new Map([['fractions', 'Brüche']]),
    wordsOf: plainWords,
    known: new KnownDeliveries(),
    channels: {
      of: async () => ({
        channel,
        close: async () => {},
        send: async (m: OutgoingMessage) => {
          sent.push(m)
          return answer()
        },
      }),
    } as unknown as Channels,
    outcomes: {
      note: async (o: Outcome) => void outcomes.push(o),
      accepted: async () => acceptedBefore,
      unwanted: async () => optedOut,
    } as never,
    now: () => now,
  }))
  const job = jobs.find((j) => j.name === `deliver-${channel}`)!
  const place = { topic: 'mastery.deliveries', partition: 0, offset, delivery: D.delivery_id }
  return job.run(job.parse(place), context(attempt))
}
const noted = () => outcomes.map((o) => [o.outcome, o.detail])

describe('a delivery job', () => {
  it('sends the message once, in the words and the language of its reader', async () => {
    expect(await run()).toMatchObject({ outcome: 'accepted', messageId: '<1@x>' })
    expect(sent[0]).toMatchObject({ address: 'dora@school.example', language: 'de' })
    expect(sent[0]!.text).toContain('Ann: Hilfe ist nötig bei Brüche.')
    expect(sent[0]!.unsubscribe).toMatch(/^https:\/\/x\.example\/unsubscribe\?token=/)
    await run(2)
    expect(sent).toHaveLength(1)
    expect(noted()).toEqual([
      ['accepted', '250 ok'],
      ['accepted', '250 ok'],
    ])
  })

  it('is tried again after what passes, and dead after the last attempt', async () => {
    answer = () => Promise.reject(new TransientError('greylisted'))
    await expect(run(1)).rejects.toThrow('greylisted')
    await expect(run(3)).rejects.toThrow('greylisted')
    expect(noted()).toEqual([
      ['failed', 'greylisted'],
      ['dead', 'greylisted'],
    ])
    answer = async () => ({ messageId: '<1@x>', answer: 'now' })
    expect(await run(1)).toMatchObject({ outcome: 'accepted' })
  })

  it('is dead at once where the receiver refuses for good', async () => {
    answer = () => Promise.reject(new MessageRefused('no such reader'))
    await expect(run(1)).rejects.toMatchObject({ name: 'PermanentJobError' })
    expect(noted()).toEqual([['dead', 'no such reader']])
  })

  it('sends nothing to those who take no mails, nor what is old, nor what gold knows as accepted', async () => {
    optedOut = true
    expect(await run()).toMatchObject({ outcome: 'unwanted', detail: 'the reader takes no such messages' })
    await ledger.close()
    ledger = asLedger(new TableLedger(new MapJobStore()), () => now)
    await ledger.reserve('key', 'job')
    optedOut = false
    acceptedBefore = '<old@x>'
    expect(await run()).toMatchObject({ outcome: 'accepted', messageId: '<old@x>' })
    ledger = asLedger(new TableLedger(new MapJobStore()), () => now)
    await ledger.reserve('key', 'job')
    now = D.now + 72 * 3_600_000
    expect(await run()).toMatchObject({ outcome: 'unwanted', detail: expect.stringContaining('maxAgeHours is 72') })
    expect(sent).toEqual([])
  })

  it('fills an inbox however old the delivery is', async () => {
    now = D.now + 1000 * 3_600_000
    optedOut = true
    expect(await run(1, { channel: 'inbox' })).toMatchObject({ outcome: 'accepted' })
  })

  it('tells nothing of students, and nothing to readers, whom the vault does not know any more', async () => {
    await vault.forget('school', [STUDENT])
    expect(await run()).toMatchObject({ outcome: 'unwanted', detail: /students/ })
    await vault.replace('school', {
      version: '2',
      people: [{ pseudonym: STUDENT, name: 'Ann', email: null, language: null }],
      titles: [],
    })
    ledger = asLedger(new TableLedger(new MapJobStore()), () => now)
    await ledger.reserve('key', 'job')
    expect(await run()).toMatchObject({ outcome: 'unwanted', detail: 'the reader is not known any more' })
    expect(sent).toEqual([])
  })

  it('is dead where the log has the delivery no longer', async () => {
    await expect(run(1, { offset: 5 })).rejects.toThrow(/log has it no longer/)
  })
})
