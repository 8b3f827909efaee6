import { gamingInGold } from '@mastery/jobs/src/behaviour/gaming.ts'
import { DatashopActions } from '@mastery/topology/effort/datashop-actions.ts'
import { type GamingCounts, GamingTally, type TutorAction } from '@mastery/topology/effort/gaming.ts'
import { hash128 } from '@mastery/topology/events/hash.ts'
import { datashop } from '@mastery/topology/importers/datashop.ts'
import { ednetKt4 } from '@mastery/topology/importers/ednet-kt4.ts'
import { readAll } from '@mastery/topology/importers/testing/read-all.ts'
import { describeWithData, sharedData } from '@mastery/topology/importers/testing/shared-data.ts'
import { simulateSchool } from '@mastery/topology/school/school.ts'
import { eventInput } from '@mastery/topology/testing/learner-log.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { World } from './world.ts'

const FILES = [
  'datashop_samples/ds6224_oli_chemistry_tx_2024.txt',
  'datashop_samples/ds1465_stats_cloze_tx_2015.txt',
  'datashop_samples/ds76_geometry_tx_1996.txt',
]
const EDNET = ['u1.csv', 'questions.csv', 'lectures.csv'].map((f) => `ednet_kt4_sample/${f}`)

let world: World
const parts = (now: number) => ({ gold: world.gold, generation: 0, now: () => now })
type Row = { student: string; actions: number; gaming: number; patterns: number[]; open: number[] }
/** What the view shows of students, all topics together. */
const stored = () =>
  world.gold.query<Row>(
    `SELECT student_id AS student, toUInt32(actions) AS actions, toUInt32(gaming) AS gaming,
       arrayMap(x -> toUInt32(x), patterns) AS patterns, arrayMap(x -> toUInt32(x), open) AS open
     FROM v_student_gaming WHERE topic_id = '' ORDER BY student`,
  )

describe('gaming in what gold holds', () => {
  const school = simulateSchool({
    ...{ seed: 5, students: 60, events: 6000, tenant: 'school' },
    pseudonym: (s) => hash128('gaming', s),
  })

  beforeAll(async () => {
    world = await World.open()
    await world.send([...school.records()].flatMap((r) => (r.type === 'event' ? [eventInput(r.event)] : [])))
  })
  afterAll(() => world?.close())

  it('finds the planted guessers, and says what the school’s events can not tell', async () => {
    const { totals, most } = await gamingInGold(parts(1), {}, 5)
    expect(totals.students).toBe(60)
    const rows = await stored()
    expect(rows.reduce((n, r) => n + r.gaming, 0)).toBe(totals.gaming)
    const guessers = new Set(school.students.filter((s) => s.profile === 'guesser').map((s) => hash128('gaming', s.id)))
    expect(guessers.size).toBeGreaterThan(3)
    const share = (of: readonly Row[]) => {
      const sum = (k: 'actions' | 'gaming') => of.reduce((n, r) => n + r[k], 0)
      return sum('gaming') / sum('actions')
    }
    const earnest = rows.filter((r) => !guessers.has(r.student))
    expect(share(rows.filter((r) => guessers.has(r.student)))).toBeGreaterThan(5 * share(earnest))
    expect(most.filter((s) => guessers.has(s.student)).length).toBeGreaterThanOrEqual(4)
    const patterns = totals.patterns()
    expect(patterns.filter((p) => p.times !== null).map((p) => p.pattern)).toEqual([4])
    expect(patterns[1]!.why).toBe('what was entered is not kept')
  })

  it('tells one student’s, as the whole pass does, and writes nothing of it', async () => {
    const [first] = (await gamingInGold(parts(2), {}, 1)).most
    const alone = await gamingInGold(parts(3), { tenant: 'school', student: first!.student }, 1)
    expect(alone.most).toEqual([first])
    expect(alone.totals.students).toBe(1)
    const topics = await world.gold.query<{ topic: string; actions: number; gaming: number }>(
      `SELECT topic_id AS topic, toUInt32(actions) AS actions, toUInt32(gaming) AS gaming FROM v_student_gaming
       WHERE student_id = {student:String} AND topic != '' ORDER BY topic`,
      { student: first!.student },
    )
    const told = [...alone.totals.topics].map(([topic, { actions, gaming }]) => ({ topic, actions, gaming }))
    expect(topics).toEqual(told.sort((a, b) => (a.topic < b.topic ? -1 : 1)))
    const runs = await world.gold.query<{ n: number }>('SELECT toUInt32(count()) AS n FROM gaming_runs FINAL')
    expect(runs).toEqual([{ n: 2 }])
  })

  describeWithData('of tutor logs', [...FILES, ...EDNET], () => {
    it('counts what is in the files, but for what events do not keep of them', async () => {
      for (const file of FILES) await world.send(readAll(datashop, sharedData(file)).events.map(eventInput))
      const { totals } = await gamingInGold(parts(4), {}, 0)
      const rows = new Map((await stored()).map((r) => [r.student, r]))
      const whole = countsOf(FILES, (a) => a)
      const kept = countsOf(FILES, (a) => {
        const kind = a.kind === 'bug' ? 'wrong' : a.kind
        return { ...a, kind, answer: null, lost: kind === 'help' ? {} : { answer: true, bug: true } }
      })
      let found = 0
      for (const [student, counts] of kept) {
        const { actions, gaming, patterns, open } = rows.get(`p-${student}`)!
        expect({ student, actions, gaming, patterns, open }).toEqual({ student, ...counts })
        const full = whole.get(student)!.patterns
        patterns.forEach((n, p) => {
          expect(full[p]).toBeGreaterThanOrEqual(n)
          expect(full[p]).toBeLessThanOrEqual(n + open[p]!)
          found += n
        })
      }
      expect(kept.size).toBe(39)
      expect(found).toBeGreaterThan(20)
      expect(totals.kept.help).toBeGreaterThan(300)
    })

    it('judges by options where the source names them', async () => {
      const [u1, questions, lectures] = EDNET.map(sharedData)
      const companions = { questions: questions!, lectures: lectures! }
      const { events } = readAll(ednetKt4, u1!, { fileName: 'u1.csv', companions })
      await world.send(events.map(eventInput))
      const { totals } = await gamingInGold(parts(5), { tenant: 'school', student: events[0]!.student }, 1)
      const patterns = totals.patterns()
      expect(totals.kept.answers).toBeGreaterThan(100)
      expect(patterns.filter((p) => p.times === null).map((p) => p.why)).toContain(
        'events do not say which errors the tutor knew',
      )
      expect(patterns[0]!.times).not.toBeNull()
      expect(patterns[3]!.times).not.toBeNull()
    })
  })
})

/** Per student of the files, with actions as `keep` leaves them. */
function countsOf(files: readonly string[], keep: (a: TutorAction) => TutorAction): Map<string, GamingCounts> {
  const tallies = new Map<string, { tally: GamingTally; session: string }>()
  for (const file of files) {
    const reader = new DatashopActions()
    for (const { student, session, action } of [...reader.push(sharedData(file)), ...reader.end()]) {
      let of = tallies.get(student)
      if (of === undefined) tallies.set(student, (of = { tally: new GamingTally(), session }))
      if (of.session !== session) of.tally.session()
      of.session = session
      of.tally.add(keep(action))
    }
  }
  return new Map([...tallies].map(([student, { tally }]) => [student, tally.counts]))
}
