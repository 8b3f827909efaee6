import { TransientError } from '@mastery/topology/ports/failure.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pause, Rig } from '../faults/rig.ts'
import { Seeded } from '../generators/seeded.ts'
import { masteryOk } from '../processes/cli.ts'
import { SOAK_FAULTS } from './faults.ts'

const env = (name: string) => Number(process.env[`MASTERY_SOAK_${name}`])
const [minutes, every, seed, rate] = ['MINUTES', 'EVERY', 'SEED', 'RATE'].map(env) as [number, number, number, number]
const TENANT = 'soak'
const FEED_MS = 2_000

describe('a soak', { timeout: (minutes * 60 + 600) * 1000 }, () => {
  const rows = Math.round(minutes * 60 * rate)
  let rig: Rig
  beforeAll(async () => {
    rig = await Rig.open(
      { [TENANT]: { rows, students: Math.max(60, Math.round(rows / 300)), topics: 12 } },
      { via: ['redis', 'clickhouse'] },
    )
  }, 300_000)
  afterAll(() => rig?.close(), 120_000)

  it(`of ${minutes} minutes with a fault every ${every} s (seed ${seed}) loses nothing and doubles nothing`, async () => {
    const random = new Seeded(seed)
    const say = (text: string) => process.stdout.write(`${text}\n`)
    const began = performance.now()
    const until = began + minutes * 60_000
    const minute = () => ((performance.now() - began) / 60_000).toFixed(1)
    let fed = 0
    let repeats = 0
    let stopped: Error | null = null
    const feeding = (async () => {
      while (fed < 1) {
        const to = Math.min(1, (performance.now() - began) / (minutes * 60_000))
        try {
          if (to > fed) await rig.feed(TENANT, { from: fed, to, appends: 1, tick: to === 1 })
          fed = to
        } catch (e) {
          // As a producer does whose broker did not answer: the part is sent again whole, and may be there twice.
          if (!(e instanceof TransientError)) throw e
          repeats++
        }
        await pause(FEED_MS)
      }
    })()
    feeding.catch((e: Error) => {
      stopped = e
    })
    const struck = new Map<string, number>()
    while (performance.now() + every * 1000 < until) {
      await pause(every * 1000)
      if (stopped) break
      const fault = random.pick(SOAK_FAULTS)
      say(`${minute()} min, ${Math.round(fed * rows)} events sent: ${fault.name}`)
      await fault.strike(rig)
      struck.set(fault.name, (struck.get(fault.name) ?? 0) + 1)
    }
    await feeding
    const recoveryMs = await rig.caughtUp(300_000)
    // What was sent twice stands in the log twice and counts once.
    const compared = await rig.equal(TENANT, repeats > 0 ? ['learning_events', 'event_dispositions'] : [])
    const sent = new Set(rig.events(TENANT).map((e) => e.event_id)).size
    const [distinct] = await rig.sql<{ n: string }>(
      `SELECT uniqExact(event_id) AS n FROM learning_events WHERE tenant = '${TENANT}'`,
    )
    expect(Number(distinct!.n)).toBe(sent)
    const { out } = await masteryOk(['reconcile', '--json'], rig.services.place, 600_000)
    const found = JSON.parse(out) as Record<string, number>
    const faults = [...struck.values()].reduce((n, x) => n + x, 0)
    say(
      `${rows} rows, ${faults} faults of ${struck.size} kinds, ${repeats} parts sent again, caught up ${(recoveryMs / 1000).toFixed(1)} s after the last event, ${compared} gold rows equal; reconcile: ${out.trim()}`,
    )
    expect(found).toMatchObject({ mismatches: 0, missing: 0, extra: 0 })
  })
})
