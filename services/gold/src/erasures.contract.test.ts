import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ClickHouseGold } from '@mastery/infra/adapters/clickhouse/gold.ts'
import { PERSONAL } from '@mastery/infra/provision/gold/personal.ts'
import type { Reject } from '@mastery/schemas/src/generated/reject.gen.ts'
import { SILENT } from '@mastery/topology/ports/telemetry.ts'
import type { StageRecord } from '@mastery/topology/stage.ts'
import { command } from '@mastery/topology/testing/learner-log.ts'
import type { Input } from '@mastery/topology/testing/topology-driver.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { GoldLogic } from './sink.ts'
import { at, does, flow, Sink, TOPICS } from './testing/sink.ts'
import { GoldWriter } from './writer.ts'

const ada = { student: 'ada' }

const HISTORY: Input[] = [
  does('ada', 'a1', 1),
  does('bob', 'b1', 1),
  does('ada', 'a2', 2, { topics: ['geometry'], score: 0 }),
  command('c1', 'correction', { ...ada, target_event_id: 'a2', correct: true, issued_at: at(3) }),
  command('e1', 'erase', { ...ada, issued_at: at(10), reason: 'asked for it' }),
  does('ada', 'late', 4),
  does('bob', 'b2', 5),
  command('c2', 'void', { ...ada, target_event_id: 'a1', issued_at: at(11) }),
]
const READMITTED: Input[] = [
  command('r1', 'readmit', { ...ada, issued_at: at(20) }),
  does('ada', 'later', 19),
  does('ada', 'a3', 21),
]

describe('the sink', () => {
  const dir = mkdtempSync(join(tmpdir(), 'erasures-'))
  let gold: ClickHouseGold
  beforeAll(async () => {
    gold = new ClickHouseGold({ path: dir })
    await gold.migrate()
  })
  afterAll(async () => {
    await gold.close()
    rmSync(dir, { recursive: true, force: true })
  })
  const empty = async () => {
    for (const t of [...PERSONAL.map((p) => p.table), 'erasures']) await gold.query(`TRUNCATE TABLE ${t}`)
  }
  /** All that gold holds about a student, by table, without merged-away rows. */
  const held = async (student: string) => {
    const out: Record<string, string[]> = {}
    for (const { table } of PERSONAL) {
      const text = await gold.queryText(
        `SELECT * FROM ${table} FINAL WHERE student_id = '${student}' ORDER BY ALL`,
        'JSONCompactEachRow',
      )
      const rows = text.split('\n').filter((line) => line !== '')
      if (rows.length > 0) out[table] = rows
    }
    return out
  }
  const count = async (sql: string) =>
    Number((await gold.query<{ n: number }>(`SELECT count() AS n FROM ${sql}`))[0]!.n)
  const run = async (sink: Sink, inputs: readonly Input[], size: number) => {
    const records = flow(inputs)
    for (const topic of TOPICS)
      for (let i = 0; i < records[topic].length; i += size) await sink.batch(topic, records[topic].slice(i, i + size))
  }

  it.each(['learning.features', 'mastery.scores'] as const)(
    'keeps the current rows of after a readmission, where the erase is sent again behind them in %s',
    async (topic) => {
      await empty()
      const records = flow([...HISTORY, ...READMITTED])
      const sink = new Sink(gold)
      await sink.batch(topic, records[topic])
      const wanted = await held('ada')
      await empty()
      const why = topic === 'learning.features' ? 'disposition' : 'cause'
      const erase = records[topic].find((r) => (r.value as Record<string, unknown>)[why] === 'erased')!
      const again = { ...erase, origin: { ...erase.origin, offset: records[topic].length } }
      await new Sink(gold).batch(topic, [...records[topic], again])
      const current = topic === 'learning.features' ? 'student_topic_features' : 'student_mastery_rows'
      expect((await held('ada'))[current]).toEqual(wanted[current])
      expect(wanted[current]).toHaveLength(1)
    },
  )

  it.each([1, 3, 100])('removes a student physically, keeps the others, in batches of %i', async (size) => {
    await empty()
    await run(new Sink(gold), HISTORY, size)
    const left = await held('ada')
    expect(Object.keys(left).sort()).toEqual(['event_dispositions', 'student_commands'])
    expect(left['student_commands']).toHaveLength(1)
    expect(left['student_commands']![0]).toContain('"erase"')
    // The erase itself, the late event and the late void: two of them numbers without content.
    expect(left['event_dispositions']!.map((r) => (JSON.parse(r) as unknown[]).slice(2, 5))).toEqual([
      ['', 'other', 'erased'],
      ['', 'other', 'erased'],
      ['e1', 'other', 'erased'],
    ])
    for (const { table } of PERSONAL)
      expect([table, await count(`${table} WHERE student_id = 'ada' AND toString(tuple(*)) LIKE '%a1%'`)]).toEqual([
        table,
        0,
      ])
    expect(Object.keys(await held('bob'))).toHaveLength(6)
    const rows = await gold.query<{ part: string; counts: Record<string, number>; verified: boolean }>(
      'SELECT part, counts, verified FROM erasures FINAL ORDER BY part',
    )
    expect(rows.map((r) => [r.part, r.verified])).toEqual([...TOPICS].sort().map((t) => [t, true]))
    if (size === 100) expect(rows[0]!.counts).toEqual({ learning_events: 2, student_commands: 1 })
    expect(Object.keys(rows[3]!.counts)).toEqual(
      expect.arrayContaining(['student_mastery_history_rows', 'next_correct_prediction_rows']),
    )
  })

  it('takes in what a readmitted student does, and nothing of before', async () => {
    await empty()
    await run(new Sink(gold), [...HISTORY, ...READMITTED], 4)
    const left = await held('ada')
    expect(left['learning_events']).toHaveLength(1)
    expect(left['learning_events']![0]).toContain('"a3"')
    expect(left['student_commands']).toHaveLength(2)
    expect(left['next_correct_prediction_rows']).toHaveLength(1)
    const [row] = await gold.query<{ readmitted: number; floor: number }>(
      "SELECT toUnixTimestamp64Milli(readmitted_at) AS readmitted, toUnixTimestamp64Milli(floor_at) AS floor FROM erasures FINAL WHERE part = 'learning.events'",
    )
    expect([Number(row!.readmitted), Number(row!.floor)]).toEqual([at(20), at(20)])
  })

  it('comes to the same end when it dies between the removal and the commit', async () => {
    await empty()
    const inputs = [...HISTORY, ...READMITTED]
    await run(new Sink(gold), inputs, 4)
    const wanted = [await held('ada'), await held('bob')]
    const counts = await gold.query('SELECT part, counts FROM erasures FINAL ORDER BY part')
    await empty()
    const sink = new Sink(gold)
    const records = flow(inputs)
    for (const topic of TOPICS)
      for (let i = 0; i < records[topic].length; i += 4) {
        const batch = records[topic].slice(i, i + 4)
        await sink.batch(topic, batch, false)
        await sink.batch(topic, batch, false)
        await sink.batch(topic, batch)
      }
    expect([await held('ada'), await held('bob')]).toEqual(wanted)
    expect(await gold.query('SELECT part, counts FROM erasures FINAL ORDER BY part')).toEqual(counts)
  })

  it('keeps the floors through a restart, and through the loss of its state', async () => {
    await empty()
    const records = flow([...HISTORY, does('ada', 'later still', 6)])['learning.events']
    const sink = new Sink(gold)
    await sink.batch('learning.events', records.slice(0, 6), false)
    await sink.batch('learning.events', records.slice(0, 8))
    // Another process, on the same state.
    const second = new Sink(gold)
    Object.assign(second, { state: sink.state })
    await second.batch('learning.events', records.slice(8))
    expect((await held('ada'))['learning_events']).toBeUndefined()
    // A state that was lost, and a log that begins after the erasure.
    await new Sink(gold).batch('learning.events', records.slice(8))
    expect((await held('ada'))['learning_events']).toBeUndefined()
  })

  it('drops what a replaced owner sends again from before the erasure', async () => {
    await empty()
    const { 'learning.features': features } = flow([...HISTORY, ...READMITTED])
    const sink = new Sink(gold)
    await sink.batch('learning.features', features)
    const wanted = await held('ada')
    const again = features.map((r, i) => ({ ...r, origin: { ...r.origin, offset: features.length + i } }))
    for (let i = 0; i < again.length; i += 2) {
      await sink.batch('learning.features', again.slice(i, i + 2))
      expect(await held('ada')).toEqual(wanted)
    }
  })

  it('erases each generation by itself', async () => {
    await empty()
    const { 'mastery.scores': scores } = flow(HISTORY)
    const other = scores.map((r) => ({ ...r, value: { ...(r.value as object), generation: 1 } }))
    const writer = new GoldWriter(gold, SILENT, { maxRows: 10_000, maxDelayMs: 1 })
    for (const r of other.slice(0, 2))
      await new GoldLogic('mastery.scores.g1', writer, null).fold(
        [{ record: r, raw: { offset: 0, key: '', value: Buffer.alloc(0), timestamp: 1 } }],
        { epoch: 0, nextOffset: 0 },
      )
    await writer.now()
    const before = await count("student_mastery_history_rows WHERE student_id = 'ada' AND generation = 1")
    await new Sink(gold).batch('mastery.scores', scores)
    expect(before).toBeGreaterThan(0)
    expect(await count("student_mastery_history_rows WHERE student_id = 'ada' AND generation = 1")).toBe(before)
    expect(await count("student_mastery_history_rows WHERE student_id = 'ada' AND generation = 0")).toBe(0)
  })

  it('removes rejects of an erased student, also those that come later', async () => {
    await empty()
    const reject = (id: string, student: string, observed: number, offset: number): StageRecord => ({
      subject: 'reject',
      key: id,
      origin: { topic: 'learning.rejects', partition: 0, offset },
      value: {
        reject_id: id,
        stage: 'features',
        code: 'id_conflict',
        message: 'no',
        tenant: null,
        origin_topic: 'learning.events',
        origin_partition: 0,
        origin_offset: offset,
        content_type: 'x',
        bytes: Buffer.alloc(3),
        encryption: null,
        attempts: 1,
        service_version: '1',
        observed_at: observed,
        student,
      } satisfies Reject,
    })
    const sink = new Sink(gold)
    await sink.batch('learning.rejects', [reject('x1', 'ada', at(1), 2), reject('x2', 'bob', at(1), 3)])
    await sink.batch('learning.events', flow(HISTORY)['learning.events'])
    expect(Object.keys(await held('ada'))).not.toContain('rejects')
    await sink.batch('learning.rejects', [reject('x3', 'ada', at(2), 4), reject('x4', 'bob', at(2), 5)])
    expect(Object.keys(await held('ada'))).not.toContain('rejects')
    expect((await held('bob'))['rejects']).toHaveLength(2)
  })
})
