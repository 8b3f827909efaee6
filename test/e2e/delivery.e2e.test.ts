import { Random } from '@mastery/topology/school/random.ts'
import { NoticeSource, person } from '@mastery/topology/testing/notice-log.ts'
import { afterEach, describe, expect, it } from 'vitest'
import { DeliveryWorld, ended, until } from './delivery-world.ts'

const START = Date.parse('2026-09-07T08:00:00Z')
const MINUTE = 60_000
/** Partitions of the embedded profile. */
const SOURCES = 4

let world: DeliveryWorld
afterEach(() => world.close())

/** For each reader an urgent notice, and two for the digest of the day. */
function aDay(readers: number): NoticeSource[] {
  // Those of the classes stage have nothing to tell but the time.
  const sources = Array.from({ length: 2 * SOURCES }, (_, s) => new NoticeSource(s, START))
  for (const s of sources) s.tick(START)
  for (let r = 1; r <= readers; r++) {
    const source = sources[r % SOURCES]!
    const about = { recipient: person(r), student: person(1000 + r), now: START + MINUTE }
    source.notice({ ...about, alert_id: `urgent-${r}`, severity: 'urgent' })
    source.notice({ ...about, alert_id: `first-${r}` })
    source.notice({ ...about, alert_id: `second-${r}`, topic: 'area' })
  }
  for (const s of sources) s.tick(START + 8 * 60 * MINUTE)
  return sources
}

const distinct = (ids: readonly string[]) => [...new Set(ids)].sort()
const mails = () => world.mail.mailbox.map((m) => m.messageId)
const hooks = () => world.hooks.taken.map((h) => h.id)

async function stopped(child: ReturnType<DeliveryWorld['service']>): Promise<void> {
  child.kill('SIGTERM')
  await ended(child)
}

/** Every message on every channel was accepted, and its line says under which id. */
async function allAccepted(readers: number): Promise<void> {
  const rows = await world.outcomes()
  expect(rows.filter((r) => r.outcome !== 'accepted')).toEqual([])
  expect(rows).toHaveLength(readers * 2 * 3)
  const idsOf = (channel: string) => distinct(rows.filter((r) => r.channel === channel).map((r) => r.message_id))
  expect(distinct(mails())).toEqual(idsOf('mail'))
  expect(distinct(hooks())).toEqual(idsOf('webhook'))
}

describe('messages', () => {
  it('reach every reader once on every channel, with names and in the language of the reader', async () => {
    world = await DeliveryWorld.open()
    await world.people(6, 6)
    await world.append(aDay(6))
    const child = world.service()
    await until(() => mails().length >= 12 && hooks().length >= 12)
    await stopped(child)
    await allAccepted(6)
    expect([mails().length, hooks().length]).toEqual([12, 12])

    const decoded = (raw: string) =>
      raw
        .replaceAll(/=\r?\n/g, '')
        .replaceAll(/(=[0-9A-F]{2})+/g, (x) => Buffer.from(x.replaceAll('=', ''), 'hex').toString('utf8'))
    const english = world.mail.mailbox.filter((m) => m.to === 'reader1@school.example').map((m) => decoded(m.raw))
    expect(english).toHaveLength(2)
    const digest = english.find((m) => m.includes('summary of the day'))!
    for (const part of [
      'Hello Reader 1,',
      'Maths & more 6a',
      'Student <0>: ',
      'Estimated mastery is 40 %.',
      `https://school.example/students/${person(1001)}`,
    ])
      expect(digest).toContain(part)
    expect(digest).toContain('<strong>Student &lt;0&gt;:</strong>')
    // Subjects are kept in logs of mail servers.
    expect(/^Subject: .*$/m.exec(digest)![0]).not.toMatch(/Student|Reader/)
    const german = world.mail.mailbox.filter((m) => m.to === 'reader2@school.example').map((m) => decoded(m.raw))
    expect(german.some((m) => m.includes('Das geschätzte Können liegt bei 40 %.'))).toBe(true)
    // No log has seen a name or an address.
    expect(world.output).not.toMatch(/reader\d+@|Student <|Reader \d|a secret of the webhook/)
  })

  it('get there in the end where receivers refuse, stall and hang up, none lost and none extra', async () => {
    world = await DeliveryWorld.open()
    const readers = 12
    await world.people(readers, readers)
    await world.append(aDay(readers))
    const random = new Random(7)
    const mailManners = ['accept', 'accept', 'accept', 'greylist', 'stall', 'drop-before', 'drop-after'] as const
    const hookManners = [200, 200, 204, 503, 429, 'stall', 'drop-before', 'drop-after'] as const
    const pick = <T>(from: readonly T[]): T => from[Math.floor(random.uniform() * from.length)]!
    world.mail.manner = () => pick(mailManners)
    world.hooks.manner = () => pick(hookManners)
    const child = world.service()
    await until(() => distinct(mails()).length >= readers * 2 && distinct(hooks()).length >= readers * 2)
    world.mail.manner = () => 'accept'
    world.hooks.manner = () => 200
    await until(() => world.idle())
    await stopped(child)
    await allAccepted(readers)
  })

  it('that are refused for good are dead, with the reason, and the others are not held up', async () => {
    world = await DeliveryWorld.open()
    await world.people(3, 3)
    await world.append(aDay(3))
    world.mail.manner = (nth) => (nth === 1 ? 'refuse' : nth === 2 ? 'refuse-content' : 'accept')
    const child = world.service()
    await until(() => mails().length >= 4 && hooks().length >= 6)
    await until(() => world.idle())
    await stopped(child)
    const dead = (await world.outcomes()).filter((r) => r.outcome === 'dead')
    expect(dead.map((r) => [r.channel, r.attempts])).toEqual([
      ['mail', 1],
      ['mail', 1],
    ])
    for (const r of dead) {
      expect(r.detail).toMatch(/refused the message for good: .*(550|554)/)
      expect(r.detail).not.toContain('@school')
    }
    expect(mails()).toHaveLength(4)
  })

  it('name nobody who was forgotten meanwhile', async () => {
    world = await DeliveryWorld.open()
    await world.people(2, 2)
    await world.append(aDay(2))
    await world.within((i) => i.vault(() => {}).forget('school', [person(1001)]))
    const child = world.service()
    await until(() => mails().length >= 2)
    await until(() => world.idle())
    await stopped(child)
    expect(distinct(world.mail.mailbox.map((m) => m.to))).toEqual(['reader2@school.example'])
    const rows = await world.outcomes()
    expect(rows.filter((r) => r.outcome === 'unwanted').map((r) => r.detail)).toEqual(
      Array.from({ length: 6 }, () => 'the students whom it is about are not known any more'),
    )
  })
})

describe('a notify service that is killed', () => {
  it.each([
    ['delivery.handed', 3],
    ['delivery.recorded', 2],
    ['delivery.accepted', 4],
  ])('at %s (time %i) repeats by the same id what was under way, and nothing else', async (point, time) => {
    world = await DeliveryWorld.open()
    const readers = 5
    await world.people(readers, readers)
    await world.append(aDay(readers))
    const first = world.service({ MASTERY_CRASH_AT: `${point}:${time}` })
    await ended(first)
    expect(first.signalCode).toBe('SIGKILL')
    const second = world.service()
    await until(() => distinct(mails()).length >= readers * 2 && distinct(hooks()).length >= readers * 2)
    await until(() => world.idle())
    await stopped(second)
    await allAccepted(readers)
    const extra = mails().length - readers * 2 + (hooks().length - readers * 2)
    // Eight of each channel are under way at most: each of those may have been accepted without a line.
    expect(extra).toBeLessThanOrEqual(16)
  })

  it('at random, again and again, loses no message and adds none by id', async () => {
    world = await DeliveryWorld.open()
    const readers = 25
    await world.people(readers, readers)
    await world.append(aDay(readers))
    const random = new Random(21)
    for (let kill = 0; kill < 3; kill++) {
      const child = world.service()
      const before = world.output.length + mails().length
      await until(() => mails().length > before - world.output.length || child.exitCode !== null)
      await new Promise((r) => setTimeout(r, Math.floor(random.uniform() * 250)))
      child.kill('SIGKILL')
      await ended(child)
    }
    const lastRun = world.service()
    await until(() => distinct(mails()).length >= readers * 2 && distinct(hooks()).length >= readers * 2)
    await until(() => world.idle())
    await stopped(lastRun)
    await allAccepted(readers)
  })
})
