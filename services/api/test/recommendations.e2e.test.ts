import { COMPONENTS } from '@mastery/infra/http/components.ts'
import type { GoldRows, GoldStore } from '@mastery/topology/ports/gold-store.ts'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { answer, KEY, NOW, pseudonymOf, type StartedApi, startApi } from './start.ts'

const topic = (topic_id: string, prerequisites: string[] = []) => ({
  topic_id,
  name: topic_id,
  chapter: '',
  subject: '',
  course: '',
  prerequisites,
})

/** Gold with a small graph and the items of one topic; it keeps what is inserted. */
class SmallGold implements GoldStore {
  inserted: GoldRows[] = []
  async migrate() {}
  async insert(batch: readonly GoldRows[]) {
    this.inserted.push(...batch)
  }
  async query<T>(sql: string): Promise<T[]> {
    const item = (name: string, p_value: number, last: [number, number] | null, also: string[] = []) => ({
      item: name,
      also,
      p_value,
      topic_p_value: 0.5,
      answers: 40,
      last_at: last?.[0] ?? null,
      last_correct: last?.[1] ?? null,
    })
    if (sql.includes('v_topic_graph'))
      return [topic('fractions'), topic('decimals', ['fractions']), topic('poetry')] as T[]
    if (sql.includes('FROM topic_items'))
      return [
        item('easy', 0.9, null),
        item('even', 0.5, [NOW - 1000, 1]),
        item('hard', 0.2, [NOW - 1000, 0]),
        item('both', 0.7, null, ['poetry']),
      ] as T[]
    return []
  }
  async queryText() {
    return ''
  }
  async close() {}
}

const ajv = new Ajv2020({ strict: false, formats: { 'date-time': true } })
ajv.addSchema({ $id: 'doc', components: { schemas: COMPONENTS } })

describe('GET /recommendations/{student_id}', () => {
  const gold = new SmallGold()
  let api: StartedApi
  beforeAll(async () => {
    api = await startApi(gold)
    await api.produce(Array.from({ length: 8 }, (_, i) => answer(i, { topics: ['fractions'], correct: i % 2 === 0 })))
  })
  afterAll(() => api.stop())
  const body = async (path: string) => {
    const r = await api.get(path)
    const json = await r.json()
    if (r.status === 200) {
      ajv.validate({ $ref: 'doc#/components/schemas/Recommendation' }, json)
      expect(ajv.errors ?? []).toEqual([])
    }
    // biome-ignore lint/suspicious/noExplicitAny: checked against the schema
    return { status: r.status, json: json as any }
  }

  it('gives topics and items with reasons, the same again, and logs what could have been', async () => {
    const { json } = await body('/recommendations/ada')
    expect(json).toMatchObject({ student_id: pseudonymOf('ada'), policy: 'weakest-first', policy_version: '' })
    expect(json.next_topics.map((t: { topic_id: string; kind: string }) => [t.topic_id, t.kind])).toEqual([
      ['fractions', 'weak'],
      ['poetry', 'new'],
    ])
    expect(json.waiting).toEqual([{ topic_id: 'decimals', name: 'decimals', for: ['fractions'] }])
    expect((await body('/recommendations/ada')).json).toEqual(json)
    const rows = gold.inserted.filter((b) => b.table === 'recommendations').flatMap((b) => b.rows)
    expect(rows).toHaveLength(2)
    expect(rows[1]).toEqual(rows[0])
    expect(rows[0]!.slice(0, 6)).toEqual([
      'school',
      pseudonymOf('ada'),
      json.recommendation_id,
      NOW,
      'weakest-first',
      '',
    ])
    // Nothing has been learned: the weakest, which a new topic counts as where it is like the student's others.
    expect(rows[0]![7]).toEqual(['fractions', 'poetry'])
    const [a, b] = rows[0]![8] as number[]
    expect(a! + b!).toBeCloseTo(1, 12)
    expect(json.chosen.propensity).toBe(json.chosen.topic_id === 'fractions' ? a : b)
  })

  it('gives items of a topic that is named: not what was just answered right, nearest to the aim first', async () => {
    const { json } = await body('/recommendations/ada?topic_id=fractions&limit=2')
    expect(json).toMatchObject({ policy: 'asked', chosen: { topic_id: 'fractions', propensity: 1 } })
    expect(json.items.map((i: { item: string; basis: string }) => [i.item, i.basis])).toEqual([
      ['easy', 'p-value'],
      ['hard', 'p-value'],
    ])
    expect(json.items[1].reason).toMatch(/harder than the 70 % aimed at; answered wrongly before/)
  })

  it('is for those who may read, of students and topics that are known', async () => {
    expect((await api.get('/recommendations/ada', {})).status).toBe(401)
    expect((await api.get('/recommendations/ada', { 'x-api-key': 'key-of-the-other' })).status).toBe(404)
    const codes = []
    for (const path of ['nobody', 'ada?topic_id=magic', 'ada?policy=magic', 'ada?limit=0']) {
      const { status, json } = await body(`/recommendations/${path}`)
      codes.push([status, json.error.code])
    }
    expect(codes).toEqual([
      [404, 'unknown_student'],
      [404, 'unknown_topic'],
      [400, 'unknown_policy'],
      [400, 'bad_limit'],
    ])
    expect(
      (await fetch(`${api.url}/recommendations/ada`, { headers: { authorization: `Bearer ${KEY}` } })).status,
    ).toBe(200)
  })
})
