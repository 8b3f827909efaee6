import type { Alert } from '@mastery/schemas/src/generated/alert.gen.ts'
import type { ClassPart } from '@mastery/schemas/src/generated/class-part.gen.ts'
import { sourceKey } from '@mastery/topology/alerts/source-key.ts'
import { weekOf } from '@mastery/topology/drift/calendar.ts'
import { Random } from '@mastery/topology/school/random.ts'
import type { StageRecord } from '@mastery/topology/stage.ts'
import { classKey } from '@mastery/topology/stages/alerting/classes.ts'
import { classesStage } from '@mastery/topology/stages/classes/stage.ts'
import { CLASS_STATE, type ClassState } from '@mastery/topology/stages/classes/state.ts'
import { VirtualRun } from '@mastery/topology/virtual-run.ts'
import { CLASS_SIZE, shipped } from './alerting-run.ts'
import { type Figure, figure } from './measure.ts'
import type { Case } from './scenario.ts'

const TENANT = 'school'
const HOUR = 3_600_000
const HOURS = 7 * 24
const WEEK = HOURS * HOUR
const BEGIN = weekOf(Date.UTC(2025, 8, 1))
/** Partitions of mastery.scores, each with a share of every class. */
const SOURCES = 4
/** Topics that a class works on in a week; the next week begins two further on. */
const TOPICS = 5

type Subject = StageRecord['subject']

/** What the partitions say of a class and a topic in a week: in one of ten the class falls back. */
function* partsOf(
  classes: readonly string[],
  week: number,
  random: Random,
): Generator<Omit<ClassPart, 'origin_offset'>> {
  for (const name of classes)
    for (let topic = 0; topic < TOPICS; topic++) {
      const falls = random.uniform() < 0.1
      for (let source = 0; source < SOURCES; source++) {
        const members = 3 + Math.floor(random.uniform() * 5)
        const change = falls ? -0.1 - 0.1 * random.uniform() : 0.1 * random.uniform() - 0.04
        yield {
          origin_partition: source,
          ordinal: 0,
          generation: 0,
          tenant: TENANT,
          class: name,
          topic: `topic-${(week * 2 + topic) % 40}`,
          rule: 'class_fell_back',
          week_to: BEGIN + (week + 1) * WEEK,
          members,
          fell: falls ? members : 0,
          change_micro: Math.round(change * members * 1e6),
          mastery_micro: Math.round(0.6 * members * 1e6),
        }
      }
    }
}

/** CPU of the main thread, milliseconds. */
function cpuOf(work: () => void): number {
  const began = process.threadCpuUsage()
  work()
  const { user, system } = process.threadCpuUsage(began)
  return (user + system) / 1000
}

const rate = (what: string, records: number, mainMs: number, more: Figure['more'], goal?: number): Figure =>
  figure(
    { scenario: 'alerts', what, records, ...(goal === undefined ? {} : { goal }) },
    { seconds: mainMs / 1000, cpuMs: mainMs, mainMs, gcMs: 0 },
    { rate: "per second of the main thread's CPU", ...more },
  )

/** Weeks of a thousand classes: parts from every partition, the time of each every hour, and a decision on every class. */
export const classes: Case = async ({ quick, note }) => {
  const [count, weeks] = quick ? [100, 4] : [1_000, 20]
  const students = Array.from({ length: count * CLASS_SIZE }, (_, i) => i.toString(16).padStart(32, '0'))
  const names = Array.from({ length: count }, (_, i) => `class-${i}`)
  const run = new VirtualRun(classesStage({ generation: 0, sources: SOURCES }))
  let offset = 0
  const record = (subject: Subject, key: string, value: unknown): StageRecord => ({
    subject,
    key,
    value,
    origin: { topic: 'mastery.classes', partition: 0, offset: offset++ },
  })
  const time = (at: number) => Array.from({ length: SOURCES }, (_, s) => record('tick', sourceKey('tick', s), { at }))
  const sizes = () =>
    names.map((n) => CLASS_STATE.encode(run.state(classKey(TENANT, n)) as ClassState).length).sort((a, b) => a - b)
  for (const m of shipped(TENANT, students)) run.step({ ...m, key: sourceKey('marker', 0) })

  note(`${count.toLocaleString('en')} classes, ${weeks} weeks`)
  const random = new Random(3)
  let [records, partsMs, closingMs, fired, resolved, notices] = [0, 0, 0, 0, 0, 0]
  let full: number[] = []
  const fold = (r: StageRecord) => {
    for (const o of run.outputs(r)) {
      if (o.subject === 'notice') notices++
      if (o.subject !== 'alert') continue
      if ((o.value as Alert).state === 'firing') fired++
      else resolved++
    }
  }
  for (let week = 0; week < weeks; week++) {
    const parts = [...partsOf(names, week, random)].map((p) =>
      record('class-part', classKey(TENANT, p.class), { ...p, origin_offset: offset }),
    )
    const each = Math.ceil(parts.length / (HOURS - 1))
    const begin = BEGIN + week * WEEK
    const open = Array.from({ length: HOURS - 1 }, (_, h) => [
      ...parts.slice(h * each, (h + 1) * each),
      ...time(begin + (h + 1) * HOUR),
    ]).flat()
    const end = time(begin + WEEK)
    partsMs += cpuOf(() => open.forEach(fold))
    full = sizes()
    closingMs += cpuOf(() => end.forEach(fold))
    records += open.length
  }
  const rest = sizes()
  const mean = (all: readonly number[]) => Math.round(all.reduce((a, b) => a + b, 0) / all.length)
  const state = {
    'bytes per class, a whole week open, mean': mean(full),
    'most of them': full.at(-1)!,
    'bytes per class, the week decided, mean': mean(rest),
  }
  const about = `${count.toLocaleString('en')} classes of ${CLASS_SIZE}`
  return [
    rate(`${about}: parts and ticks`, records, partsMs, state, 100_000),
    rate(`${about}: a class whose week is decided`, count * weeks, closingMs, { fired, resolved, notices }),
  ]
}
