import { activatePolicy } from '@mastery/cli/src/alerts/activate.ts'
import { policyInForce } from '@mastery/cli/src/alerts/in-force.ts'
import { previewRules } from '@mastery/cli/src/alerts/preview.ts'
import type { Notice } from '@mastery/schemas/src/generated/notice.gen.ts'
import { hash128 } from '@mastery/topology/events/hash.ts'
import { alertMarkers, policyOf, smallRoster } from '@mastery/topology/testing/alert-log.ts'
import { answer, command, DAY, DAY_ZERO, eventInput, MINUTE } from '@mastery/topology/testing/learner-log.ts'
import type { Input } from '@mastery/topology/testing/topology-driver.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { World } from './world.ts'

const HOUR = 60 * MINUTE
const STUDENTS = Array.from({ length: 8 }, (_, i) => hash128('alerts', String(i)))
const [LOW, AWAY] = STUDENTS as [string, string]
const POLICY = policyOf({
  rules: [
    { id: 'low', kind: 'mastery_below', evidence: { attempts: 4, sessions: 2, time: '12h' }, for: '12h' },
    { id: 'absent', kind: 'inactive', after: '4d', to: ['teacher'] },
  ],
})

/** The first student gets all wrong, the second stays away after two days, the others do well; a tick an hour. */
function school(days: number): Input[] {
  const log: Input[] = []
  for (let h = 0; h < days * 24; h++) {
    const at = DAY_ZERO + h * HOUR
    if (h % 12 === 9)
      for (const [i, student] of STUDENTS.entries()) {
        if (student === AWAY && h > 48) continue
        const score = student === LOW ? 0 : 1
        log.push(eventInput(answer(`e${h}-${i}`, { student, item: `item-${h}`, occurred_at: at, score })))
      }
    log.push({ subject: 'tick', value: { at: at + MINUTE } })
  }
  return log
}

describe('alerts through the whole pipeline', { timeout: 240_000 }, () => {
  let world: World
  beforeAll(async () => {
    world = await World.open()
    const roster = alertMarkers(POLICY, smallRoster(STUDENTS)).slice(0, 2)
    await world.send(roster)
    await activatePolicy(world.installation, 'school', POLICY, DAY_ZERO, () => world.pipeline.check())
    await world.send(school(4))
    // Nothing of a state is in memory then.
    await world.pipeline.stop()
    await world.restart()
    await world.send(school(8).slice(school(4).length))
  }, 240_000)
  afterAll(() => world?.close())

  const notices = async (): Promise<Notice[]> => {
    const { log, codec, profile } = world.installation
    const found: Notice[] = []
    for (let p = 0; p < profile.partitions; p++)
      for (const r of await log.read('mastery.notices', p, 0, 100_000)) {
        const { subject, value } = codec.decode(r.value)
        if (subject === 'notice') found.push(value as Notice)
      }
    return found
  }
  const standing = () =>
    world.gold.query<{ student_id: string; rule: string; state: string; alert_id: string }>(
      "SELECT student_id, toString(rule) AS rule, toString(state) AS state, alert_id FROM v_alerts WHERE state != 'resolved' ORDER BY rule",
    )

  it('the rules are in force everywhere, as they were given', async () => {
    const found = await policyInForce(world.installation, 'school')
    expect(found).toMatchObject({ partitions: 4, of: 4, policy: POLICY })
  })

  it('the two who need somebody are told of, once each, and stand in gold', async () => {
    const told = await notices()
    expect(told.map((n) => [n.rule, n.student, n.recipient]).sort()).toEqual(
      [
        ['low', LOW, 'teacher-1'],
        ['absent', AWAY, 'teacher-1'],
      ].sort(),
    )
    expect((await standing()).map((a) => [a.rule, a.student_id, a.state])).toEqual([
      ['absent', AWAY, 'firing'],
      ['low', LOW, 'firing'],
    ])
  })

  it('every partition of notices hears the time of every partition of scores, and of classes behind them', async () => {
    const { log, codec, profile } = world.installation
    for (let p = 0; p < profile.partitions; p++) {
      const heard = new Map<string, number>()
      for (const r of await log.read('mastery.notices', p, 0, 100_000)) {
        const { subject, value } = codec.decode(r.value)
        if (subject === 'tick') heard.set(r.key, Math.max(heard.get(r.key) ?? 0, (value as { at: number }).at))
      }
      const last = DAY_ZERO + (8 * 24 - 1) * HOUR + MINUTE
      expect([...heard].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map((s) => [`tick/${s}`, last]))
    }
  })

  it('a preview over the same history says what was said', async () => {
    const range = { from: DAY_ZERO, to: DAY_ZERO + 10 * DAY }
    const found = await previewRules(world.installation, 'school', POLICY, range, () => {})
    expect(found.rules.map((r) => [r.rule, r.fired, r.notices])).toEqual([
      ['absent', 1, 1],
      ['low', 1, 1],
    ])
    expect(found.perTeacherAndWeek).toMatchObject({ teachers: 1, weeks: 2, most: 2 })
  })

  it('what a person does about one passes the stages before, and an erasure takes all of it', async () => {
    const low = (await standing()).find((a) => a.rule === 'low')!
    const by = { student: LOW, issued_at: DAY_ZERO + 8 * DAY, author: 'teacher-1', reason: 'We spoke.' }
    await world.send([command('ack', 'acknowledge', { ...by, alert: low.alert_id })])
    expect((await standing()).find((a) => a.rule === 'low')).toMatchObject({ state: 'acknowledged' })
    const [row] = await world.gold.query("SELECT alert, author FROM student_commands WHERE command_id = 'ack'")
    expect(row).toEqual({ alert: low.alert_id, author: 'teacher-1' })
    await world.send([command('gone', 'erase', { student: LOW, issued_at: DAY_ZERO + 8 * DAY })])
    expect((await standing()).map((a) => a.rule)).toEqual(['absent'])
    const [left] = await world.gold.query(`SELECT toUInt32(count()) AS n FROM alerts WHERE student_id = '${LOW}'`)
    expect(left).toEqual({ n: 0 })
  })
})
