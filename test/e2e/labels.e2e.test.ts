import { toldAlerts } from '@mastery/cli/src/alerts/feedback.ts'
import { goldLabels } from '@mastery/jobs/src/training/gold-labels.ts'
import { usefulnessOf } from '@mastery/topology/alerts/usefulness.ts'
import { alertMarkers, policyOf, smallRoster } from '@mastery/topology/testing/alert-log.ts'
import { answer, command, DAY, DAY_ZERO, eventInput } from '@mastery/topology/testing/learner-log.ts'
import type { Input } from '@mastery/topology/testing/topology-driver.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { World } from './world.ts'

const QUICK = { evidence: { attempts: 2, sessions: 1, time: 0 }, hold: 0 }
const at = (day: number) => DAY_ZERO + day * DAY
const tick = (day: number): Input => ({ subject: 'tick', value: { at: at(day) } })
const wrong = (id: string, day: number) => eventInput(answer(id, { occurred_at: at(day), item: id, score: 0 }))
const judged = (id: string, day: number, score: number) =>
  eventInput(answer(id, { kind: 'teacher_feedback', role: 'context', item: null, occurred_at: at(day), score }))

interface Label {
  topic_id: string
  kind: string
  value: number | null
  rule: string
  said_by: string | null
  mastery_before: number | null
  opportunities_before: number
  versions_before: string[]
}

describe('labels in gold', { timeout: 120_000 }, () => {
  let world: World
  beforeAll(async () => {
    world = await World.open()
    const policy = policyOf({ rules: [{ id: 'low', kind: 'mastery_below', ...QUICK }] })
    await world.send([...alertMarkers(policy, smallRoster()), tick(0)])
    await world.send([
      wrong('a', 0),
      tick(0.1),
      wrong('b', 1),
      tick(1.1),
      judged('mark', 2, 0.7),
      judged('gone', 2, 0.1),
    ])
    const [alert] = await world.gold.query<{ alert_id: string }>('SELECT alert_id FROM v_alerts')
    const by = { author: 'teacher-1' }
    await world.send([
      tick(3),
      command('fix', 'correction', { ...by, target_event_id: 'b', score: 0.5, issued_at: at(3) + 1 }),
      command('off', 'void', { ...by, target_event_id: 'gone', issued_at: at(3) + 2 }),
      command('no', 'not_useful', { ...by, alert: alert!.alert_id, issued_at: at(3) + 3 }),
      eventInput(answer('regrade', { supersedes: 'a', occurred_at: at(4), score: 1 })),
      tick(4),
    ])
  }, 120_000)
  afterAll(() => world?.close())

  it('say who said what of which topic, and what the system had said just before', async () => {
    const labels = await world.gold.query<Label>(
      `SELECT topic_id, kind, value, rule, said_by, mastery_before, toUInt32(opportunities_before) AS opportunities_before,
         versions_before FROM v_labels ORDER BY said_at, kind`,
    )
    expect(labels.map(({ topic_id: _, mastery_before: __, versions_before: ___, ...l }) => l)).toEqual([
      { kind: 'judgement', value: 0.7, rule: '', said_by: null, opportunities_before: 2 },
      { kind: 'not_useful', value: null, rule: 'low', said_by: 'teacher-1', opportunities_before: 2 },
      { kind: 'correction', value: 0.5, rule: '', said_by: 'teacher-1', opportunities_before: 2 },
      { kind: 'void', value: null, rule: '', said_by: 'teacher-1', opportunities_before: 2 },
      { kind: 'regrade', value: 1, rule: '', said_by: null, opportunities_before: 2 },
    ])
    const stood = await world.gold.query<{ mastery: number; cause: string }>(
      'SELECT mastery_scores[-1] AS mastery, toString(cause) AS cause FROM student_mastery_history_rows FINAL ORDER BY src_offset',
    )
    expect(labels[0]!.mastery_before).toBe(stood[1]!.mastery)
    expect(labels.at(-1)!.mastery_before).toBe(stood.filter((r) => r.cause === 'corrected')[0]!.mastery)
    expect(labels[0]!.versions_before).toEqual(expect.arrayContaining(['bkt@bkt-default-1']))
    expect(new Set(labels.map((l) => l.topic_id))).toEqual(new Set(['algebra']))
  })

  it('bring the judgements that a fit may learn from, within a range, less those that were taken back', async () => {
    const mark = { student: 'student-1', topic: 'algebra', at: at(2), value: 0.7 }
    expect(await goldLabels(world.gold, 0)).toEqual([mark])
    expect(await goldLabels(world.gold, 0, { from: at(2) + 1 })).toEqual([])
    expect(await goldLabels(world.gold, 0, { to: at(2) + 1 })).toEqual([mark])
  })

  it('give what teachers say of each rule', async () => {
    const [low] = usefulnessOf(await toldAlerts(world.gold, 'school'))
    expect(low).toMatchObject({ rule: 'low', told: 1, acknowledged: 0, notUseful: 1 })
  })
})
