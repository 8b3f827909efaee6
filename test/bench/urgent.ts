import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { MailServer } from '@mastery/infra/adapters/smtp/testing/mail-server.ts'
import { ConsoleTelemetry } from '@mastery/infra/adapters/telemetry/console.ts'
import { loadProfile } from '@mastery/infra/config/profile.ts'
import { pseudonymiser } from '@mastery/infra/config/secrets.ts'
import { downStack, stackUnavailable, upStack } from '@mastery/infra/local/stack.ts'
import { drain } from '@mastery/infra/runtime/drain.ts'
import { type Installation, openInstallation } from '@mastery/infra/runtime/installation.ts'
import { AWAITED_SERVICES } from '@mastery/topology/flow.ts'
import { partitionOf } from '@mastery/topology/partition.ts'
import type { LogAppend } from '@mastery/topology/ports/event-log.ts'
import type { School } from '@mastery/topology/school/school.ts'
import { policyOf } from '@mastery/topology/testing/alert-log.ts'
import { answer } from '@mastery/topology/testing/learner-log.ts'
import { allSent } from '../faults/post.ts'
import { ensureVault, prepareSchool, schoolOf } from '../faults/school.ts'
import { writeTenants } from '../faults/tenants.ts'
import { Services } from '../processes/services.ts'
import { atMost, type Figure, percentile } from './measure.ts'
import { type Case, NotRun } from './scenario.ts'
import { HOPS, hopsOf, stampByBroker } from './urgent-hops.ts'

const HOME = join(resolve(import.meta.dirname, '../..'), '.local/bench')
const TENANT = 'school'
const RATE = 1_000
/** Answers a second that somebody has to be told of at once. */
const PROBES = 5
const TURN_MS = 100
/** Turns from one to the next. */
const EVERY = 1_000 / TURN_MS / PROBES
const WARM_SECONDS = 3
const DAY = 86_400_000

/** Two answers that went badly, and the teacher hears of it at any hour. */
const RULES = policyOf({
  rules: [
    {
      ...{ id: 'low', kind: 'mastery_below', enter: 0.6, leave: 0.65, severity: 'urgent', to: ['teacher'] },
      evidence: { attempts: 2, sessions: 1, time: 0 },
    },
  ],
  notifications: { everybody: { quiet_hours: null, quiet_days: [] } },
})

/** Where the services send, as configs/delivery.json says it. */
function deliveryFile(folder: string, port: number): string {
  const file = join(folder, 'delivery.json')
  const mail = { host: '127.0.0.1', port, tls: 'none', from: 'alerts@school.example' }
  const pages = {
    publicUrl: 'https://school.example',
    studentPage: '{publicUrl}/s/{student}',
    inboxPage: '{publicUrl}/i',
  }
  const limits = { maxAgeHours: null, perHour: 10_000, attempts: 14, backoffSeconds: 30 }
  writeFileSync(
    file,
    JSON.stringify({ ...pages, ...limits, tenants: { '*': { language: 'en', mail, webhook: null } } }),
  )
  return file
}

/** Answers of now, and when each that matters was sent. */
class Sender {
  readonly sent = new Map<string, number>()
  private readonly installation: Installation
  private readonly students: readonly string[]
  private readonly topics: readonly string[]
  private readonly probes: number
  private n = 0

  /** `probes`: so many of the students, the first, are those of whom somebody is told. */
  constructor(installation: Installation, school: School, probes: number) {
    this.installation = installation
    this.students = school.students.map((s) => pseudonymiser(installation.secrets.tenants[0]!)(s.id))
    this.topics = school.topics.map((t) => t.id)
    this.probes = probes
  }

  tick(): Promise<void> {
    const { log, codec, profile } = this.installation
    const at = Date.now()
    const value = codec.encode('tick', { at })
    return log.append(
      Array.from({ length: profile.partitions }, (_, partition) => ({
        ...{ topic: 'learning.events' as const, partition, key: 'tick', value, timestamp: at },
      })),
    )
  }

  private record(id: string, student: string, topic: string, score: number): LogAppend {
    const { codec, profile } = this.installation
    const at = Date.now()
    const given = { tenant: TENANT, student, topics: [topic], item: `item-${this.n++ % 400}`, score }
    const value = codec.encode('learning-event', answer(id, { ...given, occurred_at: at, observed_at: at }))
    return {
      topic: 'learning.events',
      partition: partitionOf(student, profile.partitions),
      key: student,
      value,
      timestamp: at,
    }
  }

  bad(id: string, probe: number): LogAppend {
    return this.record(id, this.students[probe]!, this.topics[0]!, 0)
  }

  /** Right answers of everybody else. */
  good(): LogAppend {
    const student = this.students[this.probes + (this.n % (this.students.length - this.probes))]!
    return this.record(`e${this.n}`, student, this.topics[this.n % this.topics.length]!, 1)
  }

  /** So many answers a second; `probe` may put one among those of a turn. Gives how many were sent. */
  async steadily(seconds: number, probe: (turn: number) => LogAppend | null): Promise<number> {
    const began = performance.now()
    let events = 0
    for (let turn = 0; turn < (seconds * 1_000) / TURN_MS; turn++) {
      await sleep(Math.max(0, began + turn * TURN_MS - performance.now()))
      const records = Array.from({ length: (RATE * TURN_MS) / 1_000 }, () => this.good())
      const own = probe(turn)
      if (own) records[records.length - 1] = own
      events += records.length
      await this.installation.log.append(records)
    }
    return events
  }
}

/**
 * A thousand answers a second through the services as processes on Kafka, Redis, BullMQ and a real mailbox; five of them
 * are the second one that went badly for a student, of which the teacher is told at once.
 */
const mail: Case = async ({ quick, note }) => {
  const missing = await stackUnavailable({ root: HOME, log: note })
  if (missing.length > 0) throw new NotRun(missing.join('; '))
  const seconds = quick ? 5 : 30
  const probes = seconds * PROBES
  const size = { seed: 7, students: 2_000 + probes, events: 1, startAt: Date.now() - 30 * DAY }
  await downStack(HOME, { wipe: true })
  const data = join(HOME, 'data')
  rmSync(data, { recursive: true, force: true })
  mkdirSync(data, { recursive: true })
  const mailbox = await new MailServer().listen()
  const arrived = new Map<string, number>()
  mailbox.taken = ({ messageId }) => {
    const id = messageId.replace(/^<|@.*$/g, '')
    if (!arrived.has(id)) arrived.set(id, Date.now())
  }
  let services: Services | null = null
  try {
    const at = await upStack({ root: HOME, log: note })
    const tenantsFile = join(data, 'tenants.json')
    writeTenants(tenantsFile, [TENANT])
    services = new Services(at, data, tenantsFile, { MASTERY_DELIVERY_FILE: deliveryFile(data, mailbox.port) })
    const profile = loadProfile({ ...services.place.env, MASTERY_DATA: data })
    const installation = await openInstallation(profile, new ConsoleTelemetry('bench', true))
    const gold = await installation.openGold()
    try {
      ensureVault(installation, TENANT)
      note('services are starting')
      await services.start(AWAITED_SERVICES)
      const check = () => {
        for (const name of AWAITED_SERVICES)
          if (!services!.of(name).running) throw new Error(`${name} ended:\n${services!.output(name).slice(-2_000)}`)
      }
      const [tenant] = installation.secrets.tenants
      note(`a school of ${size.students.toLocaleString('en')} students and its rules come into force`)
      await prepareSchool({ installation, gold, check }, tenant!, size, RULES)
      await stampByBroker(at.kafka)
      const sender = new Sender(installation, schoolOf(tenant!, size), probes)
      const drained = () => drain(installation.log, installation.state, 0, () => {}, check, note)
      await sender.tick()
      await installation.log.append(Array.from({ length: probes }, (_, p) => sender.bad(`first-${p}`, p)))
      await sender.steadily(WARM_SECONDS, () => null)
      await drained()
      if (arrived.size > 0) throw new Error(`${arrived.size} mails came before anything had happened.`)

      note(`${RATE.toLocaleString('en')} answers a second for ${seconds} s, ${PROBES} of them to be told of`)
      const load = loadavg()[0]!
      const ticking = setInterval(() => void sender.tick(), profile.tickSeconds * 1_000)
      const began = performance.now()
      const events = await sender
        .steadily(seconds, (turn) => (turn % EVERY === 0 ? sender.bad(`probe-${turn}`, turn / EVERY) : null))
        .finally(() => clearInterval(ticking))
      const took = (performance.now() - began) / 1_000
      await drained()
      await allSent(installation)
      const found = await hopsOf(installation, arrived)
      if (found.length < probes) throw new Error(`${probes} were to be told of, and ${found.length} mails came.`)
      const whole = found.map((h) => h.whole)
      const p99 = percentile(whole, 99)
      const line = (what: string, values: readonly number[], more: Figure['more']): Figure => ({
        ...{ scenario: 'urgent', what, records: events, seconds: took, per_second: events / took },
        ...{ cpu_us: null, main_us: null, gc_share: null, peak_rss_mib: null },
        ...{ ceiling: null, share_of_ceiling: null, goal: null },
        p50_ms: percentile(values, 50),
        p99_ms: percentile(values, 99),
        more,
      })
      const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0)
      const measured = { mails: found.length, 'load then': Math.round(load * 10) / 10, 'load after': loadavg()[0]! }
      return [
        { ...line('answer sent to mail taken', whole, measured), goal: atMost(5_000, p99, 'ms') },
        ...HOPS.map((hop) => {
          const values = found.map((h) => h[hop])
          return line(`of it: ${hop}`, values, { share: `${Math.round((100 * sum(values)) / sum(whole))} %` })
        }),
      ]
    } finally {
      await services.stop()
      await gold.close()
      await installation.close()
    }
  } finally {
    await services?.stop()
    await mailbox.close()
    await downStack(HOME, { wipe: true })
  }
}

export const cases = { mail }
