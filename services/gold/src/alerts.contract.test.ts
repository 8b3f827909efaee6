import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ClickHouseGold } from '@mastery/infra/adapters/clickhouse/gold.ts'
import type { StageRecord } from '@mastery/topology/stage.ts'
import { AlertLog, policyOf, STUDENT } from '@mastery/topology/testing/alert-log.ts'
import { DAY_ZERO, MINUTE } from '@mastery/topology/testing/learner-log.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Sink } from './testing/sink.ts'

const QUICK = { evidence: { attempts: 2, sessions: 1, time: 0 }, hold: 0 }

/** Two alerts about one student, one about another; the first is acknowledged and ends, and the student is erased. */
function recorded(): StageRecord[] {
  const rules = [{ id: 'low', kind: 'mastery_below', ...QUICK }]
  const log = new AlertLog().roster().policy(policyOf({ rules })).tick(DAY_ZERO)
  const at = (minutes: number) => DAY_ZERO + minutes * MINUTE
  log
    .answer(0.3, at(1))
    .answer(0.3, at(2))
    .answer(0.3, at(3), { topic: 'ratios' })
    .answer(0.3, at(4), { topic: 'ratios' })
  log.answer(0.3, at(5), { student: 'other' }).answer(0.3, at(6), { student: 'other' })
  const [first] = log.notices()
  log.command('acknowledge', { alert: first!.alert_id, author: 'teacher-1', reason: 'We spoke.' })
  log.answer(0.8, at(8), { topic: 'ratios', correct: true })
  log.answer(0, at(9), { correct: null as never, cause: 'erased', rows: [] })
  return log.driver.outputs('mastery.alerts').map((o, offset) => ({
    ...o,
    origin: { topic: 'mastery.alerts' as const, partition: 0, offset },
  }))
}

describe('alerts in gold', () => {
  const dir = mkdtempSync(join(tmpdir(), 'alerts-'))
  let gold: ClickHouseGold
  const records = recorded()
  beforeAll(async () => {
    gold = new ClickHouseGold({ path: dir })
    await gold.migrate()
  })
  afterAll(async () => {
    await gold.close()
    rmSync(dir, { recursive: true, force: true })
  })
  const states = () =>
    gold.query<{ student_id: string; topic_id: string; state: string; notices: number }>(
      'SELECT student_id, topic_id, state, toUInt32(notices) AS notices FROM v_alerts ORDER BY ALL',
    )

  it('are there once, however often they are written, with how each stands now', async () => {
    const sink = new Sink(gold)
    const before = records.slice(0, -1)
    await sink.batch('mastery.alerts', before, false)
    await sink.batch('mastery.alerts', before)
    const [count] = await gold.query<{ n: number }>('SELECT toUInt32(count()) AS n FROM v_alert_history')
    expect(count!.n).toBe(before.length)
    expect(await states()).toEqual([
      { student_id: 'other', topic_id: 'fractions', state: 'firing', notices: 0 },
      { student_id: STUDENT, topic_id: 'fractions', state: 'acknowledged', notices: 1 },
      { student_id: STUDENT, topic_id: 'ratios', state: 'resolved', notices: 1 },
    ])
    const [acknowledged] = await gold.query(
      "SELECT done_by, reason, toString(cause) AS cause, evidence_values[indexOf(evidence_codes, 'attempts')] AS attempts FROM v_alerts WHERE state = 'acknowledged'",
    )
    expect(acknowledged).toEqual({ done_by: 'teacher-1', reason: 'We spoke.', cause: 'acknowledge', attempts: 2 })
  })

  it('go with the student who is erased, and with nobody else', async () => {
    const sink = new Sink(gold)
    await sink.batch('mastery.alerts', records)
    expect(await states()).toEqual([{ student_id: 'other', topic_id: 'fractions', state: 'firing', notices: 0 }])
    const rows = await gold.query("SELECT part, counts FROM erasures FINAL WHERE part = 'mastery.alerts'")
    expect(rows).toEqual([{ part: 'mastery.alerts', counts: { alerts: 6 } }])
    // What comes again from before the erasure stays out.
    await sink.batch(
      'mastery.alerts',
      records.slice(0, -1).map((r, i) => ({ ...r, origin: { ...r.origin, offset: 100 + i } })),
    )
    expect(await states()).toHaveLength(1)
  })
})
