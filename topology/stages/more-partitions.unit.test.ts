import type { MasteryScore } from '@mastery/schemas/src/generated/mastery-score.gen.ts'
import { describe, expect, it } from 'vitest'
import { hash128 } from '../events/hash.ts'
import { simulateSchool } from '../school/school.ts'
import { exact } from '../testing/exact.ts'
import { command, DAY_ZERO, eventInput, marker } from '../testing/learner-log.ts'
import { bothStages, type Input, TopologyDriver } from '../testing/topology-driver.ts'

const BKT_2 = { default: { prior: 0.3, learn: 0.15, slip: 0.08, guess: 0.25, forget: 0.01 } }
const school = simulateSchool({
  seed: 8,
  students: 30,
  events: 2500,
  tenant: 'school',
  pseudonym: (id) => hash128('test', id),
})
const log: Input[] = [...school.records()].map((r) =>
  r.type === 'event' ? eventInput(r.event) : { subject: 'tick', value: { at: r.at } },
)
const students = [...new Set(log.flatMap((r) => ('student' in r.value ? [r.value.student] : [])))]
log.splice(700, 0, marker('prepare', 'bkt', '2', BKT_2), marker('activate', 'bkt', '9'))
log.splice(1200, 0, marker('activate', 'bkt', '2'), command('c1', 'erase', { student: students[0]! }))
log.push({ subject: 'tick', value: { at: DAY_ZERO + 4e10 } })

/** By student, in order: what says where a record stands left out. */
function perStudent(driver: TopologyDriver): Map<string, string[]> {
  const found = new Map<string, string[]>()
  const own = (s: string, text: string) => {
    const list = found.get(s)
    if (list) list.push(text)
    else found.set(s, [text])
  }
  for (const f of driver.features()) own(f.student, exact(f))
  for (const s of driver.scores())
    own(s.student, exact({ ...s, origin_partition: 0, origin_offset: 0 } satisfies MasteryScore))
  return found
}

describe('the stages over more partitions than learning.events has', () => {
  const few = new TopologyDriver(bothStages(), { partitions: 3 }).send(...log)
  const many = new TopologyDriver(bothStages(), { partitions: 3, derived: 6, cut: (_, n) => n % 50 === 0 }).send(...log)

  it('say the same of every student, in the same order, and keep the same states', () => {
    expect(students.length).toBe(30)
    const [a, b] = [perStudent(few), perStudent(many)]
    expect([...b.keys()].sort()).toEqual([...a.keys()].sort())
    for (const [student, records] of a) expect(b.get(student)).toEqual(records)
    for (const student of students)
      for (const stage of ['features', 'scoring'])
        expect(Buffer.compare(many.bytes(stage, student), few.bytes(stage, student))).toBe(0)
  })

  it('take every tick and marker once in each partition, where its source had it', () => {
    const broadcasts = (driver: TopologyDriver, partition: number) =>
      driver.steps.flatMap(({ stage, record }) =>
        stage === 'scoring' && record.subject !== 'feature-record' && record.origin.partition === partition
          ? [exact(record.value)]
          : [],
      )
    for (let q = 0; q < 6; q++) expect(broadcasts(many, q)).toEqual(broadcasts(few, q % 3))
    const refused = many.deadLetters().filter((d) => d.code === 'marker_refused')
    expect([refused.length, few.deadLetters().length]).toEqual([6, 3])
    expect(many.scores().some((s) => s.predictions.some((p) => p.version === '2'))).toBe(true)
  })
})
