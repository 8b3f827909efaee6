import { ROW_MARK } from '@mastery/infra/adapters/clickhouse/row-binary.ts'
import { RAPID_OPTIONS } from '@mastery/topology/items/rapid.ts'
import { describe, expect, it } from 'vitest'
import { foldInThread } from './fold-thread.ts'
import type { FoldedRows, FoldSetup } from './messages.ts'

const setup: FoldSetup = {
  versions: [],
  shown: null,
  comparable: false,
  students: [['school', 10]],
  rapid: RAPID_OPTIONS,
  pooled: [],
  stamp: { runId: 'run', asOf: 1, generation: 0, source: 'elo', version: '' },
}

/** One row as ClickHouse sends it. */
function row(item: string, correct: boolean): Buffer {
  const text = (s: string) => Buffer.concat([Buffer.of(s.length), Buffer.from(s)])
  const double = (x: number) => {
    const b = Buffer.alloc(8)
    b.writeDoubleLE(x)
    return b
  }
  const head = [Buffer.of(ROW_MARK), text('school'), text(item), Buffer.alloc(8), Buffer.of(correct ? 1 : 0)]
  return Buffer.concat([...head, double(0.5), text('v1'), double(9000), Buffer.of(1), text('a'), double(86_400_000)])
}

async function* chunked(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size)
}

function fold(chunks: AsyncIterable<Uint8Array>, signal?: AbortSignal) {
  const rows: FoldedRows = { item_health: [], item_drift: [] }
  const done = foldInThread({
    setup,
    chunks,
    ...(signal ? { signal } : {}),
    async rows(r) {
      rows.item_health.push(...r.item_health)
      rows.item_drift.push(...r.item_drift)
    },
    progress() {},
  })
  return done.then((counts) => ({ counts, rows }))
}

describe('the thread of the item statistics', () => {
  it('gives every item once, however the bytes are cut', async () => {
    const bytes = Buffer.concat([...'aaabbc'].map((item, i) => row(item, i % 2 === 0)))
    for (const size of [7, bytes.length]) {
      const { counts, rows } = await fold(chunked(bytes, size))
      expect(counts).toEqual({ answers: 6, items: 3, flagged: 0, insufficient: 3, windows: 6 })
      expect(rows.item_health.map((r) => [r[1], r[7]])).toEqual([
        ['a', 3],
        ['b', 2],
        ['c', 1],
      ])
      expect(rows.item_drift).toHaveLength(6)
    }
  })

  it('says when the answer was cut off, or is an error of the server', async () => {
    await expect(fold(chunked(row('a', true).subarray(0, 20), 8))).rejects.toThrow(
      /within a row; the connection was lost/,
    )
    const wrong = Buffer.concat([row('a', true), Buffer.from('Code: 241. DB::Exception: Memory limit')])
    await expect(fold(chunked(wrong, 1000))).rejects.toThrow(/failed while it sent rows: .*Memory limit/)
  })

  it('ends when it is told to, with the reason, and when the rows cannot be stored', async () => {
    const controller = new AbortController()
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (let i = 0; ; i++) {
        if (i === 5) controller.abort(new Error('enough'))
        yield row('a', true)
        await new Promise((r) => setTimeout(r, 1))
      }
    }
    await expect(fold(endless(), controller.signal)).rejects.toThrow('enough')
    const failing = foldInThread({
      setup,
      chunks: chunked(row('a', true), 1000),
      rows: () => Promise.reject(new Error('the disk is full')),
      progress() {},
    })
    await expect(failing).rejects.toThrow('the disk is full')
  })
})
