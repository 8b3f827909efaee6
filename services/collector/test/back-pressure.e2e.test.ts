import type { EventLog, LogAppend } from '@mastery/topology/ports/event-log.ts'
import { TransientError } from '@mastery/topology/ports/failure.ts'
import { SILENT } from '@mastery/topology/ports/telemetry.ts'
import { afterEach, describe, expect, it } from 'vitest'
import { answer, KEY, NOW, type Started, startCollector } from './start.ts'

/** A log whose appends do what the test says. */
function withAppend(append: (records: readonly LogAppend[], log: EventLog) => Promise<void>) {
  return (log: EventLog): EventLog =>
    new Proxy(log, {
      get(target, name) {
        if (name === 'append') return (records: readonly LogAppend[]) => append(records, target)
        const member = Reflect.get(target, name)
        return typeof member === 'function' ? member.bind(target) : member
      },
    })
}

describe('collector and its log', () => {
  let c: Started
  afterEach(() => c.stop())

  it('takes 50 clients at once in few appends, and the log holds what was answered', async () => {
    let appends = 0
    const wrap = withAppend(async (records, log) => {
      appends++
      await new Promise((r) => setTimeout(r, 5))
      await log.append(records)
    })
    c = await startCollector({ wrap })
    let accepted = 0
    let rejected = 0
    await Promise.all(
      Array.from({ length: 50 }, async (_, client) => {
        for (let round = 0; round < 4; round++) {
          const batch = Array.from({ length: 25 }, (_, i) =>
            i === 7 ? { broken: client } : answer(`${client * 100 + round * 25 + i}`),
          )
          const r = (await (await c.post(JSON.stringify(batch))).json()) as { accepted: number; rejected: number }
          accepted += r.accepted
          rejected += r.rejected
        }
      }),
    )
    expect([accepted, rejected]).toEqual([4800, 200])
    expect((await c.read('learning.events')).length).toBe(accepted)
    expect((await c.read('learning.rejects')).length).toBe(rejected)
    expect(appends).toBeLessThan(100)
  })

  it('503 when the log fails, nothing acknowledged, and goes on when it is back', async () => {
    let broken = true
    const wrap = withAppend(async (records, log) => {
      if (broken) throw new TransientError('no broker')
      await log.append(records)
    })
    const logged: string[] = []
    const note = (message: string, fields?: unknown) => void logged.push(message + JSON.stringify(fields ?? {}))
    c = await startCollector({ wrap, telemetry: { ...SILENT, info: note, warn: note, error: note } })
    for (const body of [JSON.stringify(answer(1)), '{"broken', JSON.stringify([answer(1), {}])]) {
      const r = await c.post(body)
      expect([r.status, r.headers.get('retry-after')]).toEqual([503, '5'])
      expect(await r.text()).toContain('log_unavailable')
    }
    expect(await c.read('learning.events')).toEqual([])
    broken = false
    expect((await c.post(JSON.stringify(answer(1)))).status).toBe(200)
    expect(await c.read('learning.events')).toHaveLength(1)
    expect(logged.join('\n')).not.toMatch(/student-1|broken"|key-of/)
    expect(logged.some((l) => l.includes('the log refused'))).toBe(true)
  })

  it('lets one request that the log refuses for good fail alone', async () => {
    const wrap = withAppend(async (records, log) => {
      if (records.some((r) => r.value.includes('poison'))) throw new Error('message too large')
      await log.append(records)
    })
    c = await startCollector({ wrap })
    const statuses = await Promise.all(
      [answer(1), answer(2, { item: 'poison' }), answer(3)].map(async (e) => (await c.post(JSON.stringify(e))).status),
    )
    expect(statuses).toEqual([200, 503, 200])
    expect(await c.read('learning.events')).toHaveLength(2)
  })

  /** An append that waits until it is released, and when the first has come to it. */
  function gate() {
    let release = (): void => {}
    let came = (): void => {}
    const held = new Promise<void>((r) => {
      release = r
    })
    const reached = new Promise<void>((r) => {
      came = r
    })
    const wrap = withAppend(async (records, log) => {
      came()
      await held
      await log.append(records)
    })
    return { wrap, reached, release: () => release() }
  }

  it('503 when the log hangs, and goes on when it moves', async () => {
    const { wrap, release } = gate()
    c = await startCollector({ wrap, limits: { appendTimeoutMs: 1_000 } })
    expect((await c.post(JSON.stringify(answer(1)))).status).toBe(503)
    release()
    expect((await c.post(JSON.stringify(answer(100)))).status).toBe(200)
  })

  it('429 with Retry-After while more than the limit waits', async () => {
    const { wrap, reached, release } = gate()
    c = await startCollector({ wrap, limits: { waitingBytes: 5000 } })
    const waiting = c.post(JSON.stringify(Array.from({ length: 30 }, (_, i) => answer(i))))
    await reached
    const refused = await c.post(JSON.stringify(answer(99)))
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1'])
    expect(await refused.text()).toContain('too_much_waiting')
    release()
    expect((await waiting).status).toBe(200)
    expect((await c.post(JSON.stringify(answer(100)))).status).toBe(200)
  })

  it('429 for a tenant that sends too fast, not for another, until time has passed', async () => {
    let now = NOW
    c = await startCollector({ limits: { tenantRecordsPerSecond: 10, tenantBurst: 20 }, now: () => now })
    const batch = JSON.stringify(Array.from({ length: 30 }, (_, i) => answer(i)))
    expect((await c.post(batch)).status).toBe(200)
    const refused = await c.post(batch)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '2'])
    expect((await c.post(batch, { authorization: 'Bearer key-of-the-other' })).status).toBe(200)
    now += 2000
    expect((await c.post(batch, { authorization: `Bearer ${KEY}` })).status).toBe(200)
  })
})
