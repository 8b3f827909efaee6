import { PLAIN } from '@mastery/infra/runtime/logic.ts'
import { foldStage, type RunningStage } from '@mastery/infra/runtime/stage-runner.ts'
import type { Alert } from '@mastery/schemas/src/generated/alert.gen.ts'
import type { Delivery } from '@mastery/schemas/src/generated/delivery.gen.ts'
import { FencedError } from '@mastery/topology/ports/failure.ts'
import { SILENT } from '@mastery/topology/ports/telemetry.ts'
import type { AnyStage } from '@mastery/topology/stage.ts'
import { alertingStage } from '@mastery/topology/stages/alerting/stage.ts'
import { classesStage } from '@mastery/topology/stages/classes/stage.ts'
import { notifyingStage } from '@mastery/topology/stages/notifying/stage.ts'
import { policyOf } from '@mastery/topology/testing/alert-log.ts'
import {
  ClassLog,
  classPolicy,
  DAY,
  HOUR,
  SOURCES,
  START,
  STUDENTS,
  WEEK,
} from '@mastery/topology/testing/class-log.ts'
import type { TopicName } from '@mastery/topology/topics.ts'
import { Seeded } from '../generators/seeded.ts'
import { RandomFaults } from './faults.ts'
import { Groups } from './group.ts'
import { onlyNew } from './oracle.ts'
import { Process, Scheduler } from './scheduler.ts'
import { CODEC, CodecPort } from './sim-codec.ts'
import { LogPort, SimLog } from './sim-log.ts'
import { SimState, StatePort } from './sim-state.ts'
import type { Sending } from './workload.ts'
import { Writer } from './writers.ts'

/** Stages of the path from scores to what readers are told, with what each reads. */
const PATH = [
  ['alerts', 'mastery.scores'],
  ['classes', 'mastery.classes'],
  ['notify', 'mastery.notices'],
] as const
const PATIENCE_MS = 120_000
/** Virtual milliseconds in which a source sends all that it has. */
const SPAN_MS = 2_500
const FEW = STUDENTS.slice(0, 8)
const LOW = { id: 'low', kind: 'mastery_below', evidence: { attempts: 2, sessions: 1, time: 0 }, hold: 0 }

/**
 * Four weeks of a class: it falls back in the first, half of it so far in the second that each of them is an alert, then
 * it goes up; in the fourth two others fall alone. In the third, somebody takes the class's alert on.
 */
export function fourWeeks(): ClassLog {
  const [rule] = classPolicy().rules
  const members = { least: 4, answers: 3, fell: 0.05, share: 0.6 }
  const policy = policyOf({ rules: [{ id: rule!.id, kind: 'class_drop', enter: 0.1, leave: 0.03, members }, LOW] })
  const w = new ClassLog({ notify: true }).begin(policy)
  const [half, rest] = [FEW.slice(0, 4), FEW.slice(4)]
  w.week(START, 0.8, 0.6, FEW)
  for (let day = 0; day < 5; day++) {
    w.tick(START + WEEK + day * DAY + 8 * HOUR)
    for (const student of FEW)
      w.answer({
        at: START + WEEK + day * DAY + 9 * HOUR,
        student,
        mastery: half.includes(student) ? 0.6 - 0.06 * day : 0.6 - 0.02 * day,
      })
  }
  w.tick(START + 2 * WEEK + 7 * HOUR)
    .command('acknowledge', { alert: w.alertId(), author: 'teacher-1' })
    .week(START + 2 * WEEK, 0.56, 0.6, FEW)
    .week(START + 3 * WEEK, 0.6, 0.36, rest.slice(0, 2))
  for (const hour of [8, 16, 24, 32]) w.tick(START + 4 * WEEK + hour * HOUR)
  return w
}

/** What readers are told and where alerts on the class stand, but for the places of the records that said so. */
function decided(deliveries: readonly Delivery[], alerts: readonly Alert[]): string[] {
  // Through the codec, which orders the fields.
  const plain = (subject: 'delivery' | 'alert', r: Delivery | Alert) =>
    JSON.stringify(CODEC.decode(CODEC.encode(subject, { ...r, origin_partition: 0, origin_offset: 0, ordinal: 0 })))
  const ofClass = alerts.filter((a) => a.scope === 'class').map((a) => plain('alert', a))
  return [...deliveries.map((d) => plain('delivery', d)), ...ofClass].sort()
}

export const expected = (w: ClassLog): string[] =>
  decided(
    w.driver.outputs('mastery.deliveries').flatMap((o) => (o.subject === 'delivery' ? [o.value as Delivery] : [])),
    w.alerts(),
  )

/** The same inputs on simulated ports: processes are killed and stand still, effects fail, come late or twice. */
export class ClassPath {
  readonly errors: string[] = []
  readonly scheduler: Scheduler
  private readonly log: SimLog
  private readonly state: SimState
  private readonly groups: Groups
  private readonly writers: Writer[]
  private readonly random: Seeded
  private readonly hasty: boolean
  private started = 0
  private living: { process: Process; stage: RunningStage }[] = []

  /** `hasty`: a broken build, whose classes stage waits for the first source alone. */
  constructor(seed: number, world: ClassLog, hasty = false) {
    this.random = new Seeded(seed ^ 0xc1a5)
    this.hasty = hasty
    const calm = SPAN_MS + 400
    this.scheduler = new Scheduler(seed, new RandomFaults(seed, calm))
    this.log = new SimLog(this.scheduler, SOURCES, SOURCES)
    this.state = new SimState(this.scheduler, this.random.chance(0.2) ? this.log : null)
    this.groups = new Groups(this.scheduler, this.log)
    const open = (p: Process) => new LogPort(this.log, this.scheduler, p, this.groups)
    this.writers = Array.from(
      { length: SOURCES },
      (_, p) => new Writer(`scoring ${p}`, this.sendings(world, p), this.scheduler, open),
    )
    for (let n = 2 + this.random.below(5); n > 0; n--) {
      const freezes = this.random.chance(0.4)
      this.scheduler.at(null, this.random.next() * calm, () => this.strike(freezes))
    }
  }

  /** A source's records in batches, at a pace of its own: one may be weeks ahead of another. */
  private sendings(world: ClassLog, partition: number): Sending[] {
    const records = world.driver.steps.filter((s) => s.stage === 'alerts' && s.record.origin.partition === partition)
    const [begin, pace] = [this.random.next() * 600, 0.3 + this.random.next() * 0.7]
    const out: Sending[] = []
    for (let i = 0; i < records.length; ) {
      const size = 1 + this.random.below(9)
      const appends = records.slice(i, i + size).map(({ record: r }) => ({
        topic: 'mastery.scores' as const,
        partition,
        key: r.key,
        value: CODEC.encode(r.subject, r.value),
        timestamp: 0,
      }))
      out.push({ at: begin + (i / records.length) * SPAN_MS * pace, appends: [appends] })
      i += size
    }
    return out
  }

  private stageOf(name: string): AnyStage {
    // So few that those who are due have to wait for one another.
    const mostWoken = 3
    if (name === 'alerts') return alertingStage({ generation: 0, mostWoken })
    if (name === 'classes') return classesStage({ generation: 0, sources: this.hasty ? 1 : SOURCES, mostWoken })
    return notifyingStage({ generation: 0, sources: 2 * SOURCES })
  }

  private start(name: string): void {
    const { scheduler } = this
    const process = new Process(`${name}#${++this.started}`)
    const onFailure = (e: Error) => {
      if (!(e instanceof FencedError)) this.errors.push(`${process.name} ended: ${e.stack}`)
      process.crash()
    }
    const parts = {
      log: new LogPort(this.log, scheduler, process, this.groups),
      state: new StatePort(this.state, scheduler, process),
      codec: new CodecPort(scheduler, process),
      sealer: PLAIN,
      telemetry: SILENT,
      version: 'simulated',
      sleep: (ms: number) => scheduler.sleep(process, ms),
    }
    const stage = foldStage(parts, this.stageOf(name), {
      generation: 0,
      batch: { maxRecords: 8 + this.random.below(30), maxDelayMs: 0 },
      onFailure,
      partitions: { input: SOURCES, output: SOURCES },
      cachedStates: 3 + this.random.below(6),
    })
    const member = { process, stage }
    this.living.push(member)
    process.watchers.push(() => {
      if (process.alive) return
      this.living = this.living.filter((m) => m !== member)
      scheduler.at(null, 40 + this.random.below(250), () => this.start(name))
    })
    stage.start().catch(onFailure)
  }

  private strike(freezes: boolean): void {
    const hit = this.living[this.random.below(Math.max(1, this.living.length))]
    if (hit === undefined) return
    if (freezes) this.scheduler.freeze(hit.process, 100 + this.random.next() * 1000)
    else hit.process.crash()
  }

  private settled(): boolean {
    return (
      this.writers.every((w) => w.done) &&
      PATH.every(([stage, topic]) =>
        Array.from({ length: SOURCES }, (_, partition) => partition).every(
          (partition) =>
            this.state.held({ stage, generation: 0, topic, partition }).nextOffset ===
            this.log.bounds(topic, partition).end,
        ),
      )
    )
  }

  /** Runs until everything is worked off. Gives what was decided, as whoever drops what was seen reads it. */
  async run(): Promise<string[]> {
    for (const w of this.writers) w.start((e) => this.errors.push(`A source failed: ${e.stack}`))
    for (const [name] of PATH) for (let n = 1 + this.random.below(2); n > 0; n--) this.start(name)
    let looks = 0
    const done = await this.scheduler.run(
      () => this.errors.length > 0 || (++looks % 8 === 0 && this.settled()),
      PATIENCE_MS,
    )
    if (!done && !this.settled()) this.errors.push('The path did not come to rest.')
    return decided(this.read<Delivery>('mastery.deliveries', 'delivery'), this.read<Alert>('mastery.alerts', 'alert'))
  }

  private read<T>(topic: TopicName, subject: string): T[] {
    return Array.from({ length: SOURCES }, (_, p) => p).flatMap((p) =>
      onlyNew(this.log.everything(topic, p).map((r) => CODEC.decode(r.value))).flatMap((r) =>
        r.subject === subject ? [r.value as T] : [],
      ),
    )
  }
}
