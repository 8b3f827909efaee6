import { AWAITED_SERVICES } from '@mastery/topology/flow.ts'
import type { ReconcileReport } from '@mastery/topology/reconcile/report.ts'
import kafkajs from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { masteryOk } from '../processes/cli.ts'
import type { Server } from '../processes/server.ts'
import { pause, Rig } from './rig.ts'

const gated = process.env['MASTERY_TEST_KAFKA']
const title = gated
  ? 'a replay with more partitions'
  : 'a replay with more partitions, not run: no local stack (MASTERY_TEST_KAFKA unset)'
const PARTITIONS = 8

/** Computed tables, and what names the computation in each; scores also name their place between the stages. */
const TABLES = [
  ['event_dispositions', 'generation'],
  ['student_topic_features', 'generation, version, last_updated'],
  ['student_mastery_rows', 'generation, version, last_updated, src_partition, src_offset'],
  ['student_mastery_history_rows', 'generation, version, last_updated, src_partition, src_offset'],
  ['next_correct_prediction_rows', 'generation, src_partition, src_offset'],
] as const

describe.skipIf(!gated)(title, { timeout: 240_000 }, () => {
  let rig: Rig
  let url: string
  let more: Server[] = []
  const groups = () => new kafkajs.Kafka({ brokers: [rig.at.kafka], logLevel: kafkajs.logLevel.NOTHING }).admin()

  beforeAll(async () => {
    rig = await Rig.open({ history: { rows: 3_000 }, live: { rows: 1_500 } })
    url = (await rig.services.launch('api').said(/listening on (http[^\s"]+)/))[1]!
  }, 120_000)
  afterAll(() => rig?.close(), 180_000)

  /** How many partitions of the generation's topics each member of a group has. */
  async function shares(group: string): Promise<number[]> {
    const admin = groups()
    await admin.connect()
    try {
      const { groups: found } = await admin.describeGroups([group])
      return found[0]!.members.map((m) => {
        const assigned = kafkajs.AssignerProtocol.MemberAssignment.decode(m.memberAssignment)
        return Object.values(assigned?.assignment ?? {}).reduce((n, partitions) => n + partitions.length, 0)
      })
    } finally {
      await admin.disconnect()
    }
  }

  /** Gives up with the test's own limit. */
  async function until(holds: () => Promise<boolean>): Promise<void> {
    while (!(await holds())) await pause(200)
  }

  async function compared(): Promise<void> {
    for (const [table, without] of TABLES) {
      const alone = await rig.sql<{ row: string }>(
        `SELECT row, groupUniqArray(generation) AS generations FROM
         (SELECT generation, formatRow('TSV', * EXCEPT (${without})) AS row FROM ${table} FINAL)
         GROUP BY row HAVING length(generations) != 2 ORDER BY row LIMIT 4`,
      )
      expect({ table, alone }).toEqual({ table, alone: [] })
      const rows = await rig.sql<{ generation: number; n: number }>(
        `SELECT generation, toUInt32(count()) AS n FROM ${table} FINAL GROUP BY generation ORDER BY generation`,
      )
      expect(rows).toEqual([0, 1].map((generation) => ({ generation, n: rows[0]!.n })))
      expect(rows[0]!.n).toBeGreaterThan(100)
    }
  }

  interface Mastery {
    generation: number
    topics: { topic_id: string; scores: unknown; opportunities: number }[]
  }
  async function answer(student: string): Promise<Mastery> {
    const response = await fetch(`${url}/mastery/${student}?tenant=live`)
    expect([student, response.status]).toEqual([student, 200])
    return (await response.json()) as Mastery
  }
  const scoresOf = async (students: readonly string[]) =>
    Promise.all(
      students.map(async (s) => (await answer(s)).topics.map((t) => [s, t.topic_id, t.scores, t.opportunities])),
    )

  it('is shared by more processes, survives their kills, differs from the old one in no row, and takes over', async () => {
    const { place } = rig.services
    await rig.feed('history')
    await rig.caughtUp()
    const replay = masteryOk(
      ['replay', '--partitions', String(PARTITIONS), '--rate', '1000', '--json', '--reason', 'more partitions'],
      place,
    )
    const live = rig.feed('live', { to: 0.7, appends: 12, pauseMs: 100 })
    more = AWAITED_SERVICES.map((name) => rig.services.another(name))
    await Promise.all(more.map((server) => server.said(/\brunning\b/)))
    await rig.replace('scoring')
    await rig.replace('gold')
    await live
    expect(JSON.parse((await replay).out)).toMatchObject({ generation: 1, partitions: PARTITIONS })
    await rig.caughtUp()
    await masteryOk(['generations', 'wait', '1'], place)
    await compared()
    // One topic for features and scoring, two for gold; whoever was killed has left its group by now.
    for (const [name, partitions] of [
      ['features', 4],
      ['scoring', PARTITIONS],
      ['gold', 2 * PARTITIONS],
    ] as const)
      await until(async () => {
        const found = await shares(`mastery.${name}.g1`)
        return found.length === 2 && found.every((n) => n === partitions / 2)
      })

    const students = [...new Set(rig.events('live').map((e) => e.student))].slice(0, 24)
    const before = await scoresOf(students)
    await masteryOk(['generations', 'switch', '1'], place)
    await until(async () => (await answer(students[0]!)).generation === 1)
    expect(await scoresOf(students)).toEqual(before)

    await rig.feed('live', { from: 0.7 })
    await rig.caughtUp()
    await masteryOk(['generations', 'wait', '1'], place)
    await compared()
    const after = await scoresOf(students)
    expect(after).not.toEqual(before)
    const report = JSON.parse((await masteryOk(['reconcile', '--json'], place)).out) as ReconcileReport
    expect(report).toMatchObject({ status: 'clean', generation: 1, mismatches: 0, missing: 0, extra: 0 })
    const rebuilt = await masteryOk(['rebuild', '--student', students[0]!, '--tenant', 'live', '--json'], place)
    expect(JSON.parse(rebuilt.out)).toMatchObject({ students: 1, installed: 1 })

    await masteryOk(['generations', 'switch', '0'], place)
    await until(async () => (await answer(students[0]!)).generation === 0)
    expect(await scoresOf(students)).toEqual(after)
    await masteryOk(['generations', 'drop', '1'], place)
    for (const server of more) expect((await server.signal('SIGTERM')).code).toBe(0)
    await rig.recovered('a replay with twice the partitions beside live traffic, two members each, killed', 'live')
    await rig.equal('history')
  })
})
