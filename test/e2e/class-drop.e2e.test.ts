import { activatePolicy } from '@mastery/cli/src/alerts/activate.ts'
import { previewRules } from '@mastery/cli/src/alerts/preview.ts'
import type { Delivery } from '@mastery/schemas/src/generated/delivery.gen.ts'
import { weekOf } from '@mastery/topology/drift/calendar.ts'
import { classSubject } from '@mastery/topology/events/class-command.ts'
import { hash128 } from '@mastery/topology/events/hash.ts'
import { alertMarkers, policyOf, smallRoster } from '@mastery/topology/testing/alert-log.ts'
import { answer, command, DAY, DAY_ZERO, eventInput, MINUTE } from '@mastery/topology/testing/learner-log.ts'
import type { Input } from '@mastery/topology/testing/topology-driver.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { World } from './world.ts'

const HOUR = 60 * MINUTE
const WEEK = 7 * DAY
/** A Monday. */
const START = weekOf(DAY_ZERO + WEEK)
const STUDENTS = Array.from({ length: 10 }, (_, i) => hash128('class-drop', String(i)))
const ERASED = STUDENTS[9]!
const POLICY = policyOf({
  rules: [
    { id: 'class', kind: 'class_drop', members: { least: 6, answers: 4 } },
    { id: 'low', kind: 'mastery_below', evidence: { attempts: 4, sessions: 2, time: '12h' }, for: '12h' },
  ],
})

/** Everybody answers twice a day, all right in one week, all wrong in the next; a tick an hour. */
function school(from: number, until: number): Input[] {
  const log: Input[] = []
  for (let h = from; h < until; h++) {
    const at = START + h * HOUR
    if (h % 12 === 9 && h < 2 * 168)
      for (const [i, student] of STUDENTS.entries()) {
        const score = h < 168 ? 1 : 0
        log.push(eventInput(answer(`e${h}-${i}`, { student, item: `item-${h}`, occurred_at: at, score })))
      }
    log.push({ subject: 'tick', value: { at: at + MINUTE } })
  }
  return log
}

describe('a class that falls back, through the whole pipeline', { timeout: 240_000 }, () => {
  let world: World
  beforeAll(async () => {
    world = await World.open()
    await world.send(alertMarkers(POLICY, smallRoster(STUDENTS)).slice(0, 2))
    await activatePolicy(world.installation, 'school', POLICY, START, () => world.pipeline.check())
    await world.send(school(0, 250))
    await world.pipeline.stop()
    await world.restart()
    // Up to Tuesday noon behind the second week.
    await world.send(school(250, 2 * 168 + 36))
  }, 240_000)
  afterAll(() => world?.close())

  const ofClass = () =>
    world.gold.query<Record<string, unknown>>(
      "SELECT student_id, class_id, topic_id, toString(state) AS state, told FROM v_alert_history WHERE scope = 'class' ORDER BY decided_at",
    )
  const deliveries = async (): Promise<Delivery[]> => {
    const { log, codec, profile } = world.installation
    const found: Delivery[] = []
    for (let p = 0; p < profile.partitions; p++)
      for (const r of await log.read('mastery.deliveries', p, 0, 100_000)) {
        const { subject, value } = codec.decode(r.value)
        if (subject === 'delivery') found.push(value as Delivery)
      }
    return found
  }

  it('stands in gold once, of the class and nobody in it', async () => {
    const rows = await ofClass()
    expect(rows).toEqual([
      { student_id: '', class_id: 'c1', topic_id: expect.any(String), state: 'firing', told: true },
    ])
  })

  it('is delivered to the teacher, once, and says how many it rests on', async () => {
    const items = (await deliveries()).flatMap((d) => d.items.map((i) => ({ ...i, recipient: d.recipient })))
    const drop = items.filter((i) => i.scope === 'class')
    expect(drop).toMatchObject([{ recipient: 'teacher-1', kind: 'firing', class: 'c1', student: null }])
    expect(drop[0]!.evidence.find((e) => e.code === 'members')?.value).toBe(10)
  })

  it('is acknowledged, with who did it, once time has passed in every partition', async () => {
    const [alert] = await world.gold.query<{ alert_id: string }>("SELECT alert_id FROM v_alerts WHERE scope = 'class'")
    const student = classSubject('school', 'c1')
    const ack = { student, alert: alert!.alert_id, author: 'teacher-1', issued_at: START + 2 * WEEK + 37 * HOUR }
    await world.send([command('ack', 'acknowledge', ack), ...school(2 * 168 + 37, 2 * 168 + 39)])
    expect(
      await world.gold.query(
        "SELECT toString(state) AS state, done_by, toString(cause) AS cause, toUInt32(notices) AS notices FROM v_alerts WHERE scope = 'class'",
      ),
    ).toEqual([{ state: 'acknowledged', done_by: 'teacher-1', cause: 'acknowledge', notices: 1 }])
    const [, row] = await ofClass()
    expect(row).toMatchObject({ student_id: '', class_id: 'c1', state: 'acknowledged', told: false })
  })

  it('is what a preview over the same history says', async () => {
    const range = { from: START, to: START + 3 * WEEK }
    const { rules } = await previewRules(world.installation, 'school', POLICY, range, () => {})
    expect(rules.find((r) => r.rule === 'class')).toMatchObject({ fired: 1, students: 0, notices: 1 })
  })

  it('keeps nothing of a member who is erased', async () => {
    await world.send([command('gone', 'erase', { student: ERASED, issued_at: START + 2 * WEEK + 2 * DAY })])
    const { log, codec, profile } = world.installation
    let parts = 0
    for (let p = 0; p < profile.partitions; p++)
      for (const r of await log.read('mastery.classes', p, 0, 100_000)) {
        if (codec.decode(r.value).subject !== 'class-part') continue
        parts++
        expect(r.value.includes(ERASED) || r.key.includes(ERASED)).toBe(false)
      }
    expect(parts).toBeGreaterThan(0)
    expect(await ofClass()).toHaveLength(2)
  })
})
