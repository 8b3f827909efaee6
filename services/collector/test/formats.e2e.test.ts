import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Started, startCollector } from './start.ts'

const statement = (i: number) => ({
  id: `8f87ccde-bb56-4c2e-ab83-44982ef22d${10 + i}`,
  actor: { account: { homePage: 'https://lms.example.org', name: '42' } },
  verb: { id: 'http://adlnet.gov/expapi/verbs/answered' },
  object: { id: `https://lms.example.org/q/${i}` },
  result: { success: true },
  timestamp: '2026-09-01T08:00:00Z',
})
const event = {
  id: 'urn:uuid:1',
  type: 'MediaEvent',
  actor: { id: 'https://example.edu/users/42', type: 'Person' },
  action: 'Paused',
  object: { id: 'https://example.edu/v/1', type: 'VideoObject' },
  eventTime: '2026-09-01T08:00:00.000Z',
}
const envelope = {
  sensor: 'https://example.edu/sensor',
  sendTime: '2026-09-01T08:00:01.000Z',
  dataVersion: 'http://purl.imsglobal.org/ctx/caliper/v1p2',
  data: [event, { id: 'https://example.edu/users/42', type: 'Person' }, { ...event, action: 'Deleted' }],
}

describe('collector in other formats', () => {
  let c: Started
  beforeAll(async () => {
    c = await startCollector()
  })
  afterAll(() => c.stop())

  it('takes xAPI statements', async () => {
    const r = await c.post(
      JSON.stringify([statement(1), statement(2), { ...statement(3), actor: null }]),
      {},
      '/v1/xapi/statements',
    )
    expect([r.status, await r.json()]).toMatchObject([207, { accepted: 2, rejected: 1, ignored: 0 }])
  })

  it('takes Caliper envelopes', async () => {
    const r = await c.post(JSON.stringify(envelope), {}, '/v1/caliper')
    expect([r.status, await r.json()]).toMatchObject([207, { accepted: 1, rejected: 1, ignored: 1 }])
    const reject = (await c.read('learning.rejects')).find((x) => x.value['origin_topic'] === '/v1/caliper')!.value
    expect(JSON.parse(c.unseal(reject['bytes'] as Buffer, reject['encryption'] as string).toString())).toEqual(
      envelope.data[2],
    )
  })

  it.each([
    [{ ...envelope, dataVersion: 'http://purl.imsglobal.org/ctx/caliper/v1p0' }, 422, 'unknown_version'],
    [{ ...envelope, data: [] }, 400, 'bad_envelope'],
    [event, 400, 'bad_envelope'],
  ])('%# refuses an envelope as a whole and keeps it', async (body, status, code) => {
    const before = (await c.read('learning.rejects')).length
    const r = await c.post(JSON.stringify(body), {}, '/v1/caliper')
    const { error } = (await r.json()) as { error: { code: string; reject_id: string } }
    expect([r.status, error.code]).toEqual([status, code])
    expect((await c.read('learning.rejects')).length).toBe(before + 1)
  })

  it('survives nesting without end', async () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
    const own = await c.post(`[{"id":"a","x":${deep}},{"id":"b","x":1}]`)
    expect([own.status, ((await own.json()) as { rejected: number }).rejected]).toEqual([207, 2])
    const body = JSON.stringify(envelope).replace('"data":[', `"data":[${deep},`)
    expect((await c.post(body, {}, '/v1/caliper')).status).toBe(400)
    const xapi = await c.post(`[{"x":${deep}},${JSON.stringify(statement(4))}]`, {}, '/v1/xapi/statements')
    expect(await xapi.json()).toMatchObject({ accepted: 1, rejected: 1 })
  })
})
