import kafkajs from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { masteryOk } from '../processes/cli.ts'
import { Rig } from './rig.ts'

const gated = process.env['MASTERY_TEST_KAFKA']
const title = gated ? 'a replay' : 'a replay, not run: no local stack (MASTERY_TEST_KAFKA unset)'

/**
 * Computed tables, and what names the computation in each. A killed service writes some records twice into the topic
 * between the stages, so that the places of what follows there differ.
 */
const TABLES = [
  ['event_dispositions', 'generation'],
  ['student_topic_features', 'generation, version, last_updated'],
  ['student_mastery_rows', 'generation, version, last_updated, src_offset'],
  ['student_mastery_history_rows', 'generation, version, last_updated, src_offset'],
  ['next_correct_prediction_rows', 'generation, src_offset'],
] as const

describe.skipIf(!gated)(title, { timeout: 300_000 }, () => {
  let rig: Rig
  beforeAll(async () => {
    rig = await Rig.open({ history: { rows: 3_000 }, live: { rows: 1_500 } })
  }, 300_000)
  afterAll(() => rig?.close(), 180_000)

  async function ask<T>(sql: string): Promise<T[]> {
    const response = await fetch(rig.at.clickhouse, { method: 'POST', body: `${sql} FORMAT JSONEachRow` })
    const text = await response.text()
    if (!response.ok) throw new Error(text)
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as T)
  }

  /** Deletes the first records of every partition of the events, as retention does. */
  async function truncate(share: number): Promise<number> {
    const admin = new kafkajs.Kafka({ brokers: [rig.at.kafka], logLevel: kafkajs.logLevel.NOTHING }).admin()
    await admin.connect()
    let deleted = 0
    const partitions = (await admin.fetchTopicOffsets('learning.events')).map(({ partition, high }) => {
      const offset = Math.floor(Number(high) * share)
      deleted += offset
      return { partition, offset: String(offset) }
    })
    await admin.deleteTopicRecords({ topic: 'learning.events', partitions })
    await admin.disconnect()
    return deleted
  }

  it('takes what the log no longer has from gold, goes on after a kill, and neither disturbs live traffic nor differs from it', async () => {
    await rig.feed('history')
    await rig.caughtUp()
    const deleted = await truncate(0.6)
    expect(deleted).toBeGreaterThan(1_000)

    const counted = await masteryOk(['replay', '--dry-run', '--json'], rig.services.place)
    expect(JSON.parse(counted.out)).toMatchObject({ fromGold: deleted })
    const replay = masteryOk(['replay', '--rate', '1000', '--reason', 'fault test', '--json'], rig.services.place)
    const live = rig.feed('live', { appends: 20, pauseMs: 100 })
    await new Promise((r) => setTimeout(r, 1_500))
    await rig.replace('features')
    await rig.replace('scoring')
    await live
    await replay
    await rig.caughtUp()
    await masteryOk(['generations', 'wait', '1'], rig.services.place)

    for (const [table, without] of TABLES) {
      const rows = await ask<{ generation: number; n: number; hash: string }>(
        `SELECT generation, toUInt32(count()) AS n, toString(sum(cityHash64(formatRow('TSV', * EXCEPT (${without}))))) AS hash
         FROM ${table} FINAL GROUP BY generation ORDER BY generation`,
      )
      expect(rows.map((r) => r.generation)).toEqual([0, 1])
      const alone = await ask<{ row: string }>(
        `SELECT row, groupUniqArray(generation) AS generations FROM
         (SELECT generation, formatRow('TSV', * EXCEPT (${without})) AS row FROM ${table} FINAL)
         GROUP BY row HAVING length(generations) = 1 ORDER BY row LIMIT 4`,
      )
      expect({ table, alone }).toEqual({ table, alone: [] })
      expect(rows[1]).toEqual({ ...rows[0], generation: 1 })
    }

    await masteryOk(['generations', 'switch', '1'], rig.services.place)
    await rig.feed('live', { from: 1 })
    await rig.caughtUp()
    expect(await ask('SELECT DISTINCT generation AS g FROM v_student_mastery')).toEqual([{ g: 1 }])
    await masteryOk(['generations', 'switch', '0'], rig.services.place)
    await masteryOk(['generations', 'drop', '1'], rig.services.place)
    await rig.recovered('a replay from gold and the log beside live traffic, killed', 'live')
    await rig.equal('history')
  })
})
