import { COMPONENTS, type ComponentName } from '@mastery/infra/http/components.ts'
import type { openApiDocument } from '@mastery/infra/http/openapi.ts'
import { TransientError } from '@mastery/topology/ports/failure.ts'
import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { answer, KEY, NOW, pseudonymOf, type StartedApi, startApi } from './start.ts'

/** A gold store that answers what the test says and remembers what it was asked. */
class FakeGold implements GoldStore {
  asked: { sql: string; params: Record<string, unknown> }[] = []
  rows: unknown[] | Error = []
  async migrate() {}
  async insert() {}
  async query<T>(sql: string, params: Record<string, unknown> = {}): Promise<T[]> {
    this.asked.push({ sql, params })
    if (this.rows instanceof Error) throw this.rows
    return this.rows as T[]
  }
  async queryText() {
    return ''
  }
  async close() {}
}

const ajv = new Ajv2020({ strict: false, formats: { 'date-time': true } })
ajv.addSchema({ $id: 'doc', components: { schemas: COMPONENTS } })

function fits(name: ComponentName, body: unknown): void {
  const valid = ajv.validate({ $ref: `doc#/components/schemas/${name}` }, body)
  expect(ajv.errors ?? []).toEqual([])
  expect(valid).toBe(true)
}

interface Topic {
  topic_id: string
  mastery: number
  opportunities: number
  explanation: { text: string }
  days_since_last_activity: number
  windows: { days: number; attempts: number; accuracy: number }[]
}

describe('api over the states of the stages', () => {
  const gold = new FakeGold()
  let api: StartedApi
  beforeAll(async () => {
    api = await startApi(gold)
    const old = answer(30, {
      id: 'old',
      topics: ['fractions'],
      occurred_at: new Date(NOW - 20 * 86_400_000).toISOString(),
    })
    await api.produce([
      ...Array.from({ length: 12 }, (_, i) => answer(i)),
      old,
      'garbage',
      { ...answer(1), tenant: 'nobody' },
    ])
  })
  afterAll(() => api.stop())
  const codeOf = async (r: Response) => {
    const body = await r.json()
    fits('Error', body)
    return [r.status, (body as { error: { code: string } }).error.code]
  }

  it('takes the intake topic to scores and its garbage to rejects', async () => {
    let rejects = 0
    for (let p = 0; p < 3; p++) rejects += (await api.log.read('learning.rejects', p, 0, 100)).length
    expect(rejects).toBe(2)
  })

  it('gives current mastery of all topics, explained, windows as of now', async () => {
    const r = await api.get('/mastery/ada')
    expect(r.status).toBe(200)
    const body = (await r.json()) as { topics: Topic[]; student_id: string }
    fits('Mastery', body)
    expect(body.student_id).toBe(pseudonymOf('ada'))
    expect(body.topics.map((t) => [t.topic_id, t.opportunities])).toEqual([
      ['fractions', 7],
      ['ratios/percent', 6],
    ])
    const fractions = body.topics[0]!
    expect(fractions.windows.map((w) => [w.days, w.attempts])).toEqual([
      [7, 6],
      [30, 7],
      [90, 7],
    ])
    expect(fractions.days_since_last_activity).toBe(0)
    expect(fractions.explanation.text).toMatch(/%/)
    expect(JSON.stringify(body)).not.toContain('ada"')
  })

  it('takes a pseudonym in place of an id only for the tenant that gold knows it under', async () => {
    const path = `/mastery/${pseudonymOf('ada')}`
    gold.rows = [{ known: 1 }]
    expect((await api.get(path)).status).toBe(200)
    gold.rows = []
    expect(await codeOf(await api.get(path))).toEqual([404, 'unknown_student'])
    expect(gold.asked.at(-1)!.params).toEqual({ tenant: 'school', student: pseudonymOf('ada') })
    expect(await codeOf(await api.get('/mastery/ada', { 'x-api-key': 'key-of-the-other' }))).toEqual([
      404,
      'unknown_student',
    ])
  })

  it('pages through history', async () => {
    const row = (i: number) => ({
      mastery_score: 0.5,
      score_source: 'blend',
      as_of_ms: NOW + i,
      explanation: 'because',
      cause: 'counted',
      reason: null,
      last_updated_ms: NOW,
      src_partition: 0,
      src_offset: i,
      ordinal: 0,
    })
    gold.rows = [row(1), row(2), row(3)]
    const r = await api.get('/mastery/ada/ratios%2Fpercent/history?limit=2&from=2026-09-01&source=blend')
    const body = (await r.json()) as { rows: unknown[]; next_cursor: string }
    fits('MasteryHistory', body)
    expect(body.rows).toHaveLength(2)
    expect(gold.asked.at(-1)!.params).toMatchObject({
      tenant: 'school',
      student: pseudonymOf('ada'),
      topic: 'ratios/percent',
      limit: 3,
      from: Date.UTC(2026, 8, 1),
      source: 'blend',
    })
    gold.rows = [row(3)]
    const next = await api.get(`/mastery/ada/ratios%2Fpercent/history?limit=2&cursor=${body.next_cursor}`)
    expect(await next.json()).toMatchObject({ next_cursor: null })
    expect(gold.asked.at(-1)!.params).toMatchObject({ c0: NOW + 2, c1: 0, c2: 2, c3: 0, c4: 'blend' })
    gold.rows = []
    expect(await (await api.get('/mastery/ada/fractions/history')).json()).toMatchObject({
      rows: [],
      next_cursor: null,
    })
    expect(await codeOf(await api.get('/mastery/ada/poetry/history'))).toEqual([404, 'unknown_topic'])
  })

  it('gives estimates by student with the probability of the next answer, and by topic', async () => {
    const all = (await (await api.get('/api/kt/mastery?student_id=ada')).json()) as { estimates: { model: string }[] }
    fits('Estimates', all)
    expect(all.estimates.map((e) => e.model)).toEqual(['rule', 'bkt', 'elo', 'blend', 'rule', 'bkt', 'elo', 'blend'])
    const one = (await (await api.get('/api/kt/mastery?student_id=ada&topic_id=fractions&model=bkt')).json()) as {
      estimates: { mastery: number; p_next: number }[]
    }
    expect(one.estimates).toHaveLength(1)
    const { mastery, p_next } = one.estimates[0]!
    expect(p_next).toBeCloseTo(mastery * 0.9 + (1 - mastery) * 0.2, 12)
    const some = (await (await api.get('/api/kt/mastery?student_id=ada&limit=3')).json()) as { more: boolean }
    expect(some).toMatchObject({ more: true })
    gold.rows = [
      {
        student_id: 's',
        topic_id: 'fractions',
        model: 'elo',
        version: 'v',
        mastery: 0.4,
        opportunities: 2,
        as_of_ms: NOW,
      },
    ]
    const topic = await (await api.get('/api/kt/mastery?topic_id=fractions&model=elo')).json()
    fits('Estimates', topic)
    expect(gold.asked.at(-1)!.params).toEqual({ tenant: 'school', topic: 'fractions', model: 'elo', limit: 101 })
    gold.rows = []
  })

  it.each([
    ['/mastery/nobody', 404, 'unknown_student'],
    ['/mastery/%zz', 400, 'bad_path'],
    ['/mastery', 404, 'not_found'],
    ['/api/kt/mastery', 400, 'missing_parameter'],
    ['/api/kt/mastery?student_id=ada&model=oracle', 400, 'unknown_model'],
    ['/api/kt/mastery?student_id=ada&limit=0', 400, 'bad_limit'],
    ['/mastery/ada/fractions/history?from=now', 400, 'bad_from'],
    ['/mastery/ada/fractions/history?cursor=abc', 400, 'bad_cursor'],
  ])('%s gives %i %s', async (path, status, code) => {
    expect(await codeOf(await api.get(path))).toEqual([status, code])
  })

  it('401 without a key, 405 with Allow, 503 when gold is away', async () => {
    expect(await codeOf(await api.get('/mastery/ada', {}))).toEqual([401, 'missing_key'])
    const wrong = await fetch(`${api.url}/mastery/ada`, { method: 'DELETE' })
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
    expect(await (await fetch(`${api.url}/health`, { method: 'HEAD' })).text()).toBe('')
    gold.rows = new TransientError('gone')
    expect(await codeOf(await api.get('/mastery/ada/fractions/history'))).toEqual([503, 'unavailable'])
    const ready = await api.get('/ready', {})
    expect(ready.status).toBe(503)
    fits('Readiness', await ready.json())
    gold.rows = []
    expect((await api.get('/ready', {})).status).toBe(200)
    fits('Health', await (await api.get('/health', {})).json())
  })
})

describe('api without keys on this machine', () => {
  let api: StartedApi
  beforeAll(async () => {
    api = await startApi(new FakeGold(), { auth: 'loopback-open', tenants: 1 })
    await api.produce([answer(1)])
  })
  afterAll(() => api.stop())

  it('is open to programs here, by id and by pseudonym, and not to pages of other sites', async () => {
    for (const id of ['ada', pseudonymOf('ada')]) expect((await api.get(`/mastery/${id}`, {})).status).toBe(200)
    expect((await api.get('/mastery/ada', { origin: 'https://example.org' })).status).toBe(401)
    expect((await api.get('/mastery/ada', { authorization: 'Bearer wrong' })).status).toBe(401)
    expect((await api.get('/mastery/ada', { authorization: `Bearer ${KEY}` })).status).toBe(200)
  })
})

describe('openapi document', () => {
  it('documents every route of the api and no others, with schemas that exist', async () => {
    const api = await startApi(new FakeGold())
    const doc = (await (await api.get('/openapi.json', {})).json()) as ReturnType<typeof openApiDocument>
    const paths = doc['paths'] as Record<string, Record<string, { responses: object; tags: string[] }>>
    const bound = api.routes.map((r) => `${r.method} ${r.path}`)
    await api.stop()
    expect(doc['openapi']).toBe('3.1.0')
    const documented = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([m, o]) => [`${m.toUpperCase()} ${path}`, o] as const),
    )
    for (const route of bound) expect(documented.map(([name]) => name)).toContain(route)
    for (const [name, o] of documented) {
      if (o.tags.includes('api')) expect(bound).toContain(name)
      expect(Object.keys(o.responses).length).toBeGreaterThan(0)
    }
    for (const [, at] of JSON.stringify(doc).matchAll(/"#\/components\/schemas\/(\w+)"/g))
      expect(COMPONENTS).toHaveProperty(at!)
    for (const path of Object.keys(paths))
      for (const [, name] of path.matchAll(/\{(\w+)\}/g))
        expect(JSON.stringify(paths[path])).toContain(`"name":"${name}","in":"path","required":true`)
  })
})
