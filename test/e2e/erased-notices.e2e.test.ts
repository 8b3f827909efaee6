import { eraseStudent, receiptOf } from '@mastery/api/src/privacy/erase.ts'
import { privacyParts } from '@mastery/api/src/privacy/open.ts'
import { hash128 } from '@mastery/topology/events/hash.ts'
import { alertMarkers, policyOf, smallRoster } from '@mastery/topology/testing/alert-log.ts'
import { answer, DAY_ZERO, eventInput, MINUTE } from '@mastery/topology/testing/learner-log.ts'
import type { Input } from '@mastery/topology/testing/topology-driver.ts'
import type { TopicName } from '@mastery/topology/topics.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { World } from './world.ts'

const HOUR = 60 * MINUTE
const [GONE, STAYS] = ['gone', 'stays'].map((s) => hash128('erased notices', s)) as [string, string]
const QUICK = { evidence: { attempts: 2, sessions: 1, time: 0 }, hold: 0 }
const POLICY = policyOf({ rules: [{ id: 'low', kind: 'mastery_below', ...QUICK }] })
const at = (hours: number) => DAY_ZERO + hours * HOUR
const tick = (hours: number): Input => ({ subject: 'tick', value: { at: at(hours) } })
const wrong = (student: string, topic: string, hours: number) =>
  eventInput(
    answer(`${student} ${topic} ${hours}`, {
      student,
      item: `item ${hours}`,
      topics: [topic],
      occurred_at: at(hours),
      score: 0,
    }),
  )

describe('notices about a student who is erased', { timeout: 120_000 }, () => {
  let world: World
  beforeAll(async () => {
    world = await World.open()
    await world.send([...alertMarkers(POLICY, smallRoster([GONE, STAYS])), tick(0)])
    const low = (topic: string, from: number) =>
      [GONE, STAYS].flatMap((s) => [wrong(s, topic, from), wrong(s, topic, from + 0.1)])
    // One is told in the digest of the first day; another waits for that of the second.
    await world.send([...low('ratios', 8), tick(9), tick(16), ...low('decimals', 20), tick(21)])
  }, 120_000)
  afterAll(() => world?.close())

  /** Records of a topic that name the student, but for the rosters that passed there. */
  async function naming(topic: TopicName, student: string): Promise<number> {
    const { log, codec, profile } = world.installation
    let found = 0
    for (let p = 0; p < profile.partitions; p++)
      for (const r of await log.read(topic, p, 0, 100_000))
        if (r.value.includes(student) && codec.decode(r.value).subject !== 'marker') found++
    return found
  }
  const inGold = async (student: string) =>
    (
      await world.gold.query<{ n: number }>(
        `SELECT toUInt32(count()) AS n FROM deliveries FINAL WHERE student_id = '${student}'`,
      )
    )[0]!.n

  it('leave the log with the erasure, and what waited reaches neither gold nor, with the next check, the log', async () => {
    expect([await naming('mastery.notices', GONE), await inGold(GONE), await inGold(STAYS)]).toEqual([2, 1, 1])
    const parts = privacyParts(world.installation, world.gold, { check: () => world.pipeline.check() })
    const receipt = await eraseStudent(parts, { tenant: 'school', student: GONE }, null)
    expect(receipt.waiting_for).toEqual([])
    expect(await naming('mastery.notices', GONE)).toBe(0)
    expect(await naming('mastery.notices', STAYS)).toBe(2)
    expect(receipt.topics.find((t) => t.topic === 'mastery.notices')).toMatchObject({ removed: 2 })
    expect(receipt.topics.find((t) => t.topic === 'mastery.deliveries')).toMatchObject({
      gone_by: null,
      note: expect.stringContaining('Those that name others, too, stay'),
    })
    expect(await inGold(GONE)).toBe(0)

    // The digest that had both in it.
    await world.send([tick(33), tick(41)])
    expect([await inGold(GONE), await inGold(STAYS)]).toEqual([0, 2])
    const again = await receiptOf(parts, receipt.receipt_id, 'school')
    expect(again).toMatchObject({ status: 'complete' })
    expect(await inGold(GONE)).toBe(0)
  })
})
