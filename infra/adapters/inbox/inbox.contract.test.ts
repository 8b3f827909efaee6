import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TransientError } from '@mastery/topology/ports/failure.ts'
import type { GoldRows } from '@mastery/topology/ports/gold-store.ts'
import { exampleDelivery, exampleMessage, notifierContract } from '@mastery/topology/testing/notifier-contract.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ClickHouseGold } from '../clickhouse/gold.ts'
import { GoldInbox } from './inbox.ts'

const folder = mkdtempSync(join(tmpdir(), 'inbox-'))
let gold: ClickHouseGold
beforeAll(async () => {
  gold = new ClickHouseGold({ path: join(folder, 'gold') })
  await gold.migrate()
})
afterAll(async () => {
  await gold.close()
  rmSync(folder, { recursive: true, force: true })
})

const away = { insert: () => Promise.reject(new TransientError('gold does not answer')) }

notifierContract(
  async () => {
    let down = false
    return {
      notifier: new GoldInbox({
        insert: (rows: readonly GoldRows[]) => (down ? away.insert() : gold.insert(rows)),
      }),
      gone: new GoldInbox(away),
      taken: async () =>
        (await gold.query<{ delivery_id: string }>('SELECT delivery_id FROM v_inbox')).map((r) => r.delivery_id),
      failing(how) {
        down = how !== null
      },
      close: async () => {},
    }
  },
  // A row that is stored again is the same row, and a store does not judge messages.
  ['refuses for good', 'stalls', 'hangs up after'],
)

describe('an inbox', () => {
  it('has a row for each notice, also for what the text leaves out, with its evidence', async () => {
    const delivery = exampleDelivery(900)
    const [item] = delivery.items
    const more = { ...item!, alert_id: 'another', place: 'more', student: null, class: null, topic: null }
    await new GoldInbox(gold).send(exampleMessage(900, { delivery: { ...delivery, items: [item!, more], more: 1 } }))
    const rows = await gold.query(
      `SELECT alert_id, toString(place) AS place, student_id, class_id, evidence_codes, evidence_values, evidence_texts
       FROM v_inbox WHERE delivery_id = {id:String} ORDER BY place DESC`,
      { id: delivery.delivery_id },
    )
    const evidence = {
      evidence_codes: ['mastery', 'note'],
      evidence_values: [0.41, null],
      evidence_texts: [null, 'bei "Brüchen" <b>'],
    }
    expect(rows).toEqual([
      { alert_id: 'alert-900', place: 'text', student_id: '2'.repeat(32), class_id: 'c1', ...evidence },
      { alert_id: 'another', place: 'more', student_id: '', class_id: '', ...evidence },
    ])
  })
})
