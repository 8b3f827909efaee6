import { parentPort, workerData } from 'node:worker_threads'
import { ROW_MARK, RowCursor } from '@mastery/infra/adapters/clickhouse/row-binary.ts'
import { abilityBefore } from '@mastery/topology/items/answer.ts'
import { ItemFold } from '@mastery/topology/items/fold.ts'
import { itemParameters } from '@mastery/topology/items/parameters.ts'
import { type Predicted, readPredicted } from './answers.ts'
import type { FoldCounts, FoldedRows, FoldSetup, FromFold, ToFold } from './messages.ts'
import { driftRow, healthRow } from './rows.ts'

const { versions, shown, comparable, students, rapid, pooled, stamp } = workerData as FoldSetup
const known = new Map(versions.map(([version, parameters]) => [version, itemParameters(parameters)]))
const of = new Map(students)
const counts: FoldCounts = { answers: 0, items: 0, flagged: 0, insufficient: 0, windows: 0 }
let rows: FoldedRows = { item_health: [], item_drift: [] }

const fold = new ItemFold({
  parameters: itemParameters(shown),
  comparable,
  rapid,
  pooled: new Map(pooled),
  health(key, h) {
    counts.items++
    if (h.status === 'flagged') counts.flagged++
    if (h.status === 'insufficient') counts.insufficient++
    rows.item_health.push(healthRow(key, h, h.students / (of.get(key.tenant) ?? h.students), stamp))
  },
  drift(d) {
    counts.windows++
    rows.item_drift.push(driftRow(d, stamp))
  },
})

const cursor = new RowCursor()
const marked = (c: RowCursor): Predicted => {
  if (c.byte() !== ROW_MARK)
    throw new Error(`ClickHouse failed while it sent rows: ${cursor.rest().toString('utf8').trim().slice(0, 500)}`)
  return readPredicted(c)
}

function take(bytes: Uint8Array): void {
  cursor.feed(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  const answers: Predicted[] = []
  cursor.rows(marked, answers)
  for (const a of answers)
    fold.add(a.tenant, a.item, { ...a, ability: abilityBefore(a.p, known.get(a.version)?.get(a.item)) })
}

function taken(): FoldedRows {
  const out = rows
  rows = { item_health: [], item_drift: [] }
  counts.answers = fold.answers
  return out
}

parentPort!.on('message', (m: ToFold) => {
  const say = (answer: FromFold) => parentPort!.postMessage(answer)
  try {
    if (m.type === 'chunk') {
      take(m.bytes)
      return say({ type: 'taken', rows: taken(), answers: fold.answers })
    }
    if (cursor.rest().length > 0) throw new Error('ClickHouse ended its answer within a row; the connection was lost.')
    fold.end()
    say({ type: 'done', rows: taken(), counts })
  } catch (e) {
    say({ type: 'failed', message: (e as Error).message, stack: (e as Error).stack ?? '' })
  }
})
