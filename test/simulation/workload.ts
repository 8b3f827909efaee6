import { partitionOf } from '@mastery/topology/partition.ts'
import type { LogAppend } from '@mastery/topology/ports/event-log.ts'
import type { RingLimits } from '@mastery/topology/stages/windowing/apply.ts'
import { alertMarkers, policyOf, smallRoster } from '@mastery/topology/testing/alert-log.ts'
import {
  answer,
  command,
  DAY,
  DAY_ZERO,
  eventInput,
  MINUTE,
  marker,
  troublesomeLog,
} from '@mastery/topology/testing/learner-log.ts'
import type { Input } from '@mastery/topology/testing/topology-driver.ts'
import { Seeded } from '../generators/seeded.ts'
import { CODEC, NO_SCHEMA, underLaterId } from './sim-codec.ts'

/** Records that one writer sends, one append after the other, each until it is acknowledged. */
export interface Sending {
  /** Milliseconds after the start. */
  at: number
  appends: LogAppend[][]
}

/** Somebody wants a student's state computed anew. */
export interface Rebuild {
  at: number
  student: string
  id: string
}

export interface Workload {
  partitions: number
  ring: RingLimits
  /** What the collector sends; markers and ticks go to every partition, by a writer that may stop half-way. */
  collector: Sending[]
  broadcasts: Sending[]
  /** In ascending time. */
  rebuilds: Rebuild[]
  records: number
}

const BKT = { default: { prior: 0.3, learn: 0.15, slip: 0.08, guess: 0.25, forget: 0.01 } }
const ELO = { ability: 0.2, abilityDecay: 0.02, topic: 0.9, topicDecay: 0.1, difficulty: {} }

const EASY = { evidence: { attempts: 2, sessions: 1, time: 0 }, hold: '1d', cooldown: '2d' }
/** Rules that find something in a few answers. */
const POLICY = policyOf({
  rules: [
    { id: 'low', kind: 'mastery_below', enter: 0.5, leave: 0.6, urgent: 0.3, for: '6h', tell_resolved: true, ...EASY },
    { id: 'high', kind: 'mastery_above', enter: 0.6, leave: 0.5, to: ['student', 'guardian'], ...EASY },
    { id: 'falls', kind: 'falling', enter: 0.1, leave: 0.02, ...EASY },
    { id: 'absent', kind: 'inactive', after: '1d', severity: 'urgent', escalate: { after: '6h', to: ['guardian'] } },
    { id: 'class', kind: 'class_drop', members: { least: 3, answers: 1 } },
  ],
})

const MARKERS: readonly Input[] = [
  ...alertMarkers(POLICY, smallRoster(['student-0', 'student-1', 'student-2'])),
  marker('prepare', 'bkt', '2', BKT),
  marker('activate', 'bkt', '2'),
  marker('activate', 'elo', '7'),
  marker('prepare', 'elo', '3', ELO),
  marker('activate', 'elo', '3'),
  marker('prepare', 'bkt', '3', { default: { ...BKT.default, learn: 0.3 } }),
  marker('activate', 'bkt', '3'),
  marker('prepare', 'bkt', '4', { default: { ...BKT.default, slip: 2 } }),
]

/** The last record of every partition comes this long after the others, when nothing goes wrong any more. */
export const CALM_MS = 500

/** A shorter day has fewer markers and ticks. */
const FEW_MS = 900

const STUDENTS = ['student-0', 'student-1', 'student-2', 'student-3']

/** Bytes that are no record of ours, or one that ends too early. */
function poison(random: Seeded): Buffer {
  const good = CODEC.encode('learning-event', answer(`poison ${random.below(1000)}`))
  switch (random.below(5)) {
    case 0:
      return Buffer.from('{"not":"avro"}')
    case 1:
      return Buffer.from(good.subarray(0, good.length - 1 - random.below(20)))
    case 2:
      return Buffer.concat([good, Buffer.from([0])])
    case 3: {
      const foreign = Buffer.from(good)
      foreign.writeUInt32BE(NO_SCHEMA, 1)
      return foreign
    }
    default:
      return Buffer.alloc(0)
  }
}

/** Half of them of everything, some without a reason. */
function silence(random: Seeded, id: string, student: string, at: number): Input {
  const rule = random.chance(0.5) ? null : 'low'
  const reason = random.chance(0.8) ? 'Ill.' : null
  return command(id, 'silence', { student, issued_at: at, rule, until: at + 3 * DAY, author: 'teacher-1', reason })
}

/** Commands about a student, some about events that come later or never. */
function commandOf(random: Seeded, id: string, at: number, events: number): Input {
  const student = random.pick(STUDENTS)
  const target_event_id = `e${random.below(events)}`
  const given = { student, issued_at: at, target_event_id }
  const x = random.next()
  if (x < 0.35) return command(id, 'void', given)
  if (x < 0.65) return command(id, 'correction', { ...given, score: random.below(5) / 4 })
  if (x < 0.69) return command(id, 'erase', { student, issued_at: at })
  if (x < 0.9) return command(id, 'readmit', { student, issued_at: at })
  if (x < 0.95) return command(id, 'rebuild', { student, issued_at: at })
  if (x < 0.98) return silence(random, id, student, at)
  return command(id, 'correction', { student, issued_at: at })
}

/** Somebody with records before and after is erased, and let in again more often than not. */
function eraseOne(random: Seeded, inputs: (Input | Buffer)[]): void {
  const timeOf = (input: Input | Buffer | undefined) =>
    input && !Buffer.isBuffer(input) && input.subject === 'learning-event' ? input.value.occurred_at : 0
  const at = Math.floor(inputs.length * (0.3 + random.next() * 0.4))
  const before = inputs.slice(0, at)
  const student = random.pick(
    before.flatMap((i) => (!Buffer.isBuffer(i) && 'student' in i.value ? [i.value.student] : [])),
  )
  const issued_at = Math.max(...before.map(timeOf))
  inputs.splice(at, 0, command('erase one', 'erase', { student, issued_at }))
  if (random.chance(0.3)) return
  const back = at + 1 + random.below((inputs.length - at) >> 1)
  const readmitted = Math.max(issued_at, ...inputs.slice(0, back).map(timeOf))
  inputs.splice(back, 0, command('let in again', 'readmit', { student, issued_at: readmitted }))
}

/**
 * A small school day: a few students, one of them with more answers than the rings hold in half of the seeds, and all
 * that makes trouble: late events, repeats, other content under a known id, voids and corrections before and after their
 * targets, erasures, model markers, ticks, unreadable bytes.
 */
export function workloadOf(seed: number, count: number): Workload {
  const random = new Seeded(seed ^ 0x5eed)
  const partitions = 2
  const inputs: (Input | Buffer)[] = []
  const busy = random.chance(0.5)
  const calm = troublesomeLog(seed, count)
  let at = DAY_ZERO
  for (const [i, given] of calm.entries()) {
    const student = busy && given.student !== 'student-2' ? 'student-1' : given.student
    const event = { ...given, student: random.chance(0.06) && given.supersedes === null ? 'student-3' : student }
    at = Math.max(at, event.occurred_at)
    inputs.push(eventInput(event))
    if (random.chance(0.05)) inputs.push(eventInput(event))
    if (random.chance(0.03)) inputs.push(eventInput({ ...event, score: 0.125, correct: false }))
    if (random.chance(0.02)) inputs.push(poison(random))
    if (random.chance(0.06)) inputs.push(commandOf(random, `c${i}`, at, count))
    if (random.chance(0.01)) inputs.push(eventInput(answer(`old ${i}`, { student, occurred_at: DAY_ZERO - 200 * DAY })))
  }
  if (random.chance(0.6)) eraseOne(random, inputs)
  // Some come late, by a few places or by many.
  for (let i = 0; i < inputs.length; i++)
    if (random.chance(0.1)) {
      const to = Math.min(inputs.length - 1, i + 1 + random.below(random.chance(0.2) ? 60 : 8))
      inputs.splice(to, 0, ...inputs.splice(i, 1))
    }
  const span = count * 18
  const rebuilds = Array.from({ length: random.below(4) }, (_, i) => ({
    at: ((i + random.next()) / 4) * span,
    student: random.pick(STUDENTS),
    id: `rebuild ${i}`,
  }))
  return { partitions, ring: { min: 4, max: 40, days: 5 }, rebuilds, ...sendings(random, inputs, partitions, span, at) }
}

function sendings(random: Seeded, inputs: readonly (Input | Buffer)[], partitions: number, span: number, end: number) {
  const collector: Sending[] = []
  const broadcasts: Sending[] = []
  let records = 0
  const stamp = (at: number) => DAY_ZERO + Math.round(at)
  const toLog = (input: Input | Buffer, at: number): LogAppend => {
    const key = Buffer.isBuffer(input) ? random.pick(STUDENTS) : 'student' in input.value ? input.value.student : ''
    let value = Buffer.isBuffer(input) ? input : Buffer.from(CODEC.encode(input.subject, input.value))
    if (!Buffer.isBuffer(input) && random.chance(0.03)) value = underLaterId(value)
    return { topic: 'learning.events', partition: partitionOf(key, partitions), key, value, timestamp: stamp(at) }
  }
  for (let i = 0; i < inputs.length; ) {
    const size = 1 + random.below(6)
    const at = (i / inputs.length) * span
    collector.push({ at, appends: [inputs.slice(i, i + size).map((input) => toLog(input, at))] })
    i += size
  }
  for (const s of collector) records += s.appends[0]!.length
  const everywhere = (input: Input, at: number) => {
    const value = Buffer.from(CODEC.encode(input.subject, input.value))
    const appends = Array.from({ length: partitions }, (_, partition): LogAppend[] => [
      { topic: 'learning.events', partition, key: '', value, timestamp: stamp(at) },
    ])
    broadcasts.push({ at, appends })
    records += partitions
  }
  // Some come close together, so that one batch has several of them.
  let at = span * random.next() * 0.3
  const few = span < FEW_MS
  for (const m of few ? MARKERS.slice(0, 7) : MARKERS) {
    everywhere(m, at)
    at += random.chance(0.5) ? 2 : (random.next() * 2 * (span - at)) / MARKERS.length
  }
  const ticks = few ? 1 : 8
  for (let i = 1; i <= ticks; i++)
    everywhere(
      { subject: 'tick', value: { at: Math.round(DAY_ZERO + ((end - DAY_ZERO) * i) / ticks) + 5 * MINUTE } },
      (span * i) / ticks,
    )
  broadcasts.sort((a, b) => a.at - b.at)
  everywhere({ subject: 'tick', value: { at: end + DAY } }, span + CALM_MS)
  return { collector, broadcasts, records }
}
