import { AWAITED_SERVICES, type ServiceName } from '@mastery/topology/flow.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Seeded } from '../generators/seeded.ts'
import { allSent, Post, toBeReceived } from './post.ts'
import { pause, Rig } from './rig.ts'

const gated = process.env['MASTERY_TEST_KAFKA']
const title = gated ? 'what reaches people' : 'what reaches people, not run: no local stack (MASTERY_TEST_KAFKA unset)'
const VICTIMS: readonly ServiceName[] = ['features', 'scoring', 'alerts', 'notify', 'drift']
/** Jobs that the notify service runs at once. */
const AT_ONCE = 8

const distinct = (ids: readonly string[]) => [...new Set(ids)].sort()
const repeats = (ids: readonly string[]) => ids.length - new Set(ids).size

describe.skipIf(!gated)(title, { timeout: 300_000 }, () => {
  let rig: Rig
  let post: Post
  beforeAll(async () => {
    post = await Post.open()
    rig = await Rig.open(
      { school: { school: { seed: 5, students: 10, events: 1_200 } } },
      { services: [...AWAITED_SERVICES, 'drift'], env: (folder) => post.settings(folder) },
    )
    await rig.prepare('school')
  }, 300_000)
  afterAll(async () => {
    await rig?.close()
    await post?.close()
  }, 180_000)

  /** Gone, and started again. */
  async function kill(name: ServiceName): Promise<void> {
    await rig.replace(name, {}, false)
    // A process takes longer to begin than what the one before had sent takes to arrive.
    if (name === 'notify') post.senderGone()
  }

  it('is each message by its id, none lost and none extra, whoever is killed on the way', async () => {
    const random = new Seeded(2_024)
    let feeding = true
    const fed = rig.feed('school', { appends: 24, pauseMs: 400 }).finally(() => {
      feeding = false
    })
    rig.services.leaveAlone()
    // For certain between a receiver's word and the ledger's line.
    await post.atNextMail(() => void rig.services.of('notify').child.kill('SIGKILL'))
    await kill('notify')
    let kills = 1
    for (; kills < 10 || feeding; kills++) {
      await pause(200 + random.below(800))
      await kill(random.pick(VICTIMS))
    }
    await fed
    rig.services.supervise()
    await rig.recovered('kill -9 at random from the events to the mails', 'school', () => {
      const { mails, hooks } = post.received
      return `${kills} kills, ${mails.length} mails and ${hooks.length} calls by then`
    })
    const began = performance.now()
    await allSent(rig.installation)

    const { mails, hooks } = post.received
    const should = await toBeReceived(rig.installation)
    process.stdout.write(
      `    all ${should.mails.length} mails and ${should.hooks.length} calls ${((performance.now() - began) / 1000).toFixed(1)} s later, ${repeats(mails)} and ${repeats(hooks)} of them twice\n`,
    )
    expect(should.mails.length).toBeGreaterThan(50)
    expect(distinct(mails)).toEqual(should.mails)
    expect(distinct(hooks)).toEqual(should.hooks)
    expect(post.repeatedWithoutCause()).toEqual([])
    expect(repeats(mails) + repeats(hooks)).toBeGreaterThan(0)
    expect(repeats(mails) + repeats(hooks)).toBeLessThanOrEqual(AT_ONCE * kills)
    const rows = await rig.sql<{ channel: string; outcome: string; n: number }>(
      `SELECT toString(channel) AS channel, toString(outcome) AS outcome, toUInt32(count()) AS n
       FROM delivery_outcomes FINAL WHERE channel != 'inbox' GROUP BY channel, outcome ORDER BY channel, outcome`,
    )
    const unwanted = should.hooks.length - should.mails.length
    expect(rows).toEqual([
      { channel: 'mail', outcome: 'accepted', n: should.mails.length },
      ...(unwanted > 0 ? [{ channel: 'mail', outcome: 'unwanted', n: unwanted }] : []),
      { channel: 'webhook', outcome: 'accepted', n: should.hooks.length },
    ])
  })
})
