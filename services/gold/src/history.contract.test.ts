import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ClickHouseGold } from '@mastery/infra/adapters/clickhouse/gold.ts'
import { type HistoryRecord, readHistory } from '@mastery/infra/adapters/clickhouse/history.ts'
import { RowBuffer } from '@mastery/infra/adapters/clickhouse/row-buffer.ts'
import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commandRow, eventRow, markerRow, type Put, tickRow } from './rows.ts'

const text = fc.string({ unit: 'binary', maxLength: 12 }).map((s) => s.toWellFormed())
const long = fc.maxSafeInteger()
const int = fc.integer()
const maybe = <T>(a: fc.Arbitrary<T>) => fc.option(a)
const score = fc.double({ min: 0, max: 1, noNaN: true })
const time = fc.oneof(fc.integer({ min: 0, max: Date.UTC(2100, 0) }), long)

/** Anything that the schema lets through. */
const event: fc.Arbitrary<LearningEvent> = fc.record(
  {
    event_id: text,
    tenant: fc.constantFrom('school', 'a school, \té'),
    student: fc.constantFrom('s1', 's2', "o'Neil \\ 🎓", '𝕏', '\uffee'),
    kind: fc.constantFrom('quiz_attempt', 'video_interaction', 'other'),
    role: fc.constantFrom('evidence', 'view', 'context'),
    authority: fc.constantFrom('client', 'server'),
    item: maybe(text),
    topics: fc.array(text, { maxLength: 3 }),
    session: maybe(text),
    context: maybe(text),
    occurred_at: time,
    observed_at: time,
    source_sequence: long,
    correct: maybe(fc.boolean()),
    score: maybe(score),
    score_rule: maybe(text),
    attempt_number: maybe(int),
    hints: maybe(int),
    response_time_ms: maybe(long),
    first_action_ms: maybe(long),
    answer_request_ms: maybe(long),
    actions: fc.dictionary(fc.oneof(text, fc.constant('__proto__')), int, { maxKeys: 3, noNullPrototype: true }),
    video_coverage: maybe(score),
    help_requests: maybe(int),
    source_system: text,
    source_dialect: text,
    adapter_version: text,
    opportunity_key: maybe(text),
    supersedes: maybe(text),
  },
  { noNullPrototype: true },
)
const command = fc.record(
  {
    command_id: text,
    tenant: fc.constantFrom('school', 'a school, \té'),
    student: fc.constantFrom('s1', '𝕏'),
    kind: fc.constantFrom('void', 'correction', 'erase', 'readmit', 'rebuild', 'install_checkpoint', 'silence'),
    target_event_id: maybe(text),
    correct: maybe(fc.boolean()),
    score: maybe(score),
    reason: maybe(text),
    issued_at: time,
    payload: maybe(fc.uint8Array({ maxLength: 9 }).map((b) => Buffer.from(b))),
    after_offset: maybe(long),
    generation: maybe(int),
    topics: fc.array(text, { maxLength: 2 }),
    alert: maybe(text),
    rule: maybe(text),
    topic: maybe(text),
    until: maybe(long),
    author: maybe(text),
  },
  { noNullPrototype: true },
)
const marker = fc.record(
  {
    marker_id: text,
    action: fc.constantFrom('prepare', 'activate', 'begin_generation', 'end_generation'),
    subject: fc.constantFrom('model', 'generation'),
    name: text,
    version: text,
    payload: maybe(text),
    issued_at: time,
  },
  { noNullPrototype: true },
)
const timestamp = fc.oneof(
  fc.integer({ min: 0, max: Date.UTC(2100, 0) }),
  fc.double({ min: 0, max: 1e13, noNaN: true }),
)
const entry = fc.oneof(
  { weight: 6, arbitrary: fc.record({ subject: fc.constant('learning-event' as const), value: event, timestamp }) },
  { weight: 2, arbitrary: fc.record({ subject: fc.constant('student-command' as const), value: command, timestamp }) },
  fc.record({ subject: fc.constant('marker' as const), value: marker, timestamp }),
  fc.record({
    subject: fc.constant('tick' as const),
    value: fc.record({ at: time }, { noNullPrototype: true }),
    timestamp,
  }),
)

describe('history out of gold', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mastery-history-'))
  let gold: ClickHouseGold
  beforeAll(async () => {
    gold = new ClickHouseGold({ path: folder })
    await gold.migrate()
  })
  afterAll(async () => {
    await gold.close()
    rmSync(folder, { recursive: true, force: true })
  })

  async function write(partition: number, records: readonly HistoryRecord[]): Promise<void> {
    const buffers = new Map<string, RowBuffer>()
    const put = Object.assign(
      (table: string, row: readonly unknown[]) => {
        if (!buffers.has(table)) buffers.set(table, new RowBuffer())
        gold.encode(table, [row], buffers.get(table)!)
      },
      { latest() {} },
    ) as Put
    for (const r of records) {
      const origin = { topic: 'learning.events' as const, partition, offset: r.offset }
      if (r.subject === 'learning-event') eventRow(r.value, origin, r.timestamp, put)
      else if (r.subject === 'student-command') commandRow(r.value, origin, r.timestamp, put)
      else if (r.subject === 'marker') markerRow(r.value, origin, r, put)
      else tickRow(r.value, origin, r, put)
    }
    for (const [table, b] of buffers) await gold.insertEncoded(table, b.take())
  }

  it('gives the records of the log back, field by field, whatever they hold', async () => {
    let partition = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(entry, { minLength: 1, maxLength: 25 }),
        fc.integer({ min: 1, max: 9 }),
        async (log, max) => {
          partition++
          const written = log.map((r, i): HistoryRecord => {
            const key = 'student' in r.value ? r.value.student : r.subject === 'tick' ? 'tick' : 'a key'
            const place = { partition, offset: i * 3, key, timestamp: r.timestamp }
            if (r.subject === 'student-command')
              return { ...place, subject: r.subject, value: r.value, droppedBytes: r.value.payload?.length ?? null }
            return { ...place, ...r } as HistoryRecord
          })
          await write(partition, written)
          await write(partition, written.slice(2, 7))
          const expected = written.map((r) =>
            r.subject === 'student-command' ? { ...r, value: { ...r.value, payload: null } } : r,
          )
          const paged: HistoryRecord[] = []
          for (let from = 0; ; from = paged.at(-1)!.offset + 1) {
            const page = await readHistory(gold, { partition, from, to: 1000, max })
            if (page.length === 0) break
            expect(page.length).toBeLessThanOrEqual(max)
            paged.push(...page)
          }
          expect(paged).toStrictEqual(expected)
        },
      ),
      { numRuns: 10 },
    )
  })
})
