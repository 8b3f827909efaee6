import type { RunningStage } from '@mastery/infra/runtime/stage-runner.ts'
import type { StageName } from '@mastery/topology/flow.ts'
import { type PartitionCounts, sourceOf } from '@mastery/topology/partition.ts'
import { FencedError } from '@mastery/topology/ports/failure.ts'
import type { StateScope } from '@mastery/topology/ports/state-store.ts'
import { plainTopic, type TopicName, topicAt, topicsReadBy } from '@mastery/topology/topics.ts'
import { Seeded } from '../generators/seeded.ts'
import { type Blow, strike } from './blows.ts'
import { Groups } from './group.ts'
import type { Mutant } from './mutants.ts'
import { Rebuilder } from './rebuilder.ts'
import { type Faults, Process, Scheduler } from './scheduler.ts'
import { SimErasures } from './sim-erasures.ts'
import { Replacing } from './sim-gold.ts'
import { LogPort, SimLog } from './sim-log.ts'
import { SimQueue } from './sim-queue.ts'
import { SimState, StatePort } from './sim-state.ts'
import { stageIn } from './stages.ts'
import type { Workload } from './workload.ts'
import { Writer } from './writers.ts'

/** Stages that run here, each as a process of its own. */
export const SERVICES = [
  'features',
  'scoring',
  'alerts',
  'drift-features',
  'drift-scores',
  'drift',
  'gold',
] as const satisfies readonly StageName[]
export type ServiceName = (typeof SERVICES)[number]

/** Who reads what before it comes to a topic. */
type Flow = readonly (readonly [ServiceName, TopicName])[]
const reading = (...names: ServiceName[]): Flow => names.map((name) => [name, topicsReadBy(name)[0]!])
const FLOW = reading('features', 'scoring', 'alerts')
const DRIFT_FLOW = reading('features', 'scoring', 'drift-features', 'drift-scores', 'drift')
const BEFORE: ReadonlyMap<TopicName, Flow> = new Map([
  ['learning.features', FLOW.slice(0, 1)],
  ['mastery.scores', FLOW.slice(0, 2)],
  ['mastery.alerts', FLOW],
  ['drift.partials', DRIFT_FLOW.slice(0, 4)],
  ['drift.verdicts', DRIFT_FLOW],
])

export interface Plan {
  seed: number
  workload: Workload
  faults: Faults
  blows: readonly { at: number; blow: Blow; pick: number }[]
  /** State and log in one store, as the embedded profile has it. */
  joined: boolean
  /** Processes per service. */
  members: number
  /** When a second generation begins, which folds everything again beside the first; null for never. */
  second: number | null
  /** Partitions of what the second one computes, over those of learning.events. */
  branches: number
  /** Gold gives back what the log no longer has. */
  history: boolean
  mutant: Mutant | null
  trace: string[] | null
}

export interface Member {
  service: ServiceName
  generation: number
  process: Process
  stage: RunningStage
}

/** Virtual milliseconds after which a schedule that has not come to rest never will. */
const PATIENCE_MS = 120_000
/** One schedule: the system's own processes on simulated ports. */
export class World {
  readonly plan: Plan
  readonly scheduler: Scheduler
  readonly log: SimLog
  readonly state: SimState
  readonly gold: Replacing
  readonly erasures = new SimErasures()
  /** What must not happen: errors that are neither passing nor a fence. */
  readonly errors: string[] = []
  readonly groups: Groups
  private readonly scopes = new Map<string, StateScope[]>()
  readonly random: Seeded
  /** Those that have begun. */
  readonly generations: number[] = []
  members: Member[] = []
  private readonly writers: Writer[]
  private readonly rebuilder: Rebuilder
  private started = 0

  constructor(plan: Plan) {
    this.plan = plan
    const { seed, workload, faults, trace, joined, mutant } = plan
    this.scheduler = new Scheduler(seed, faults, trace)
    this.random = new Seeded(seed ^ 0x90d)
    this.log = new SimLog(this.scheduler, workload.partitions, workload.partitions * plan.branches)
    this.state = new SimState(this.scheduler, joined ? this.log : null)
    this.gold = new Replacing(mutant !== 'double-insert')
    for (const generation of [0, 1])
      for (const stage of SERVICES) {
        const scopes = topicsReadBy(stage, generation).flatMap((topic) =>
          Array.from({ length: this.log.countOf(topic) }, (_, partition) => ({ stage, generation, topic, partition })),
        )
        this.scopes.set(`${stage}.g${generation}`, scopes)
      }
    this.groups = new Groups(this.scheduler, this.log)
    const open = (p: Process) => new LogPort(this.log, this.scheduler, p, this.groups)
    this.writers = [
      new Writer('collector', workload.collector, this.scheduler, open),
      new Writer('ticker', workload.broadcasts, this.scheduler, open),
    ]
    this.rebuilder = new Rebuilder(this.scheduler, this.log, new SimQueue(this.scheduler), workload, (p) => ({
      log: open(p),
      state: new StatePort(this.state, this.scheduler, p),
    }))
  }

  /** Runs until everything that is in the log has been worked off, or stands still for a reason that was given. */
  async run(): Promise<void> {
    for (const w of this.writers) w.start((e) => this.errors.push(`A writer failed: ${e.stack}`))
    this.rebuilder.start((e) => this.errors.push(`A job failed: ${e.stack}`))
    this.startGeneration(0)
    const { second } = this.plan
    if (second !== null) this.scheduler.at(null, second, () => this.startGeneration(1))
    for (const { at, blow, pick } of this.plan.blows) this.scheduler.at(null, at, () => strike(this, blow, pick))
    let looks = 0
    const settled = await this.scheduler.run(
      () => this.errors.length > 0 || (++looks % 8 === 0 && this.settled()),
      PATIENCE_MS,
    )
    if (!settled) for (const s of this.unfinished()) this.errors.push(s)
  }

  private startGeneration(generation: number): void {
    this.scheduler.note(`generation ${generation}`)
    this.generations.push(generation)
    for (const service of SERVICES)
      for (let i = 0; i < this.membersOf(generation); i++) this.startMember(service, generation)
  }

  /** Partitions of learning.events, and of what the generation computes. */
  countsOf(generation: number): PartitionCounts {
    return { input: this.log.partitions, output: this.log.countOf(topicAt('learning.features', generation)) }
  }

  scopesOf(service: ServiceName, generation: number): readonly StateScope[] {
    return this.scopes.get(`${service}.g${generation}`)!
  }

  /** Retention has taken records that this reader had not seen. */
  cutOff(scope: StateScope): boolean {
    return this.log.bounds(scope.topic, scope.partition).start > this.state.held(scope).nextOffset
  }

  private settled(): boolean {
    return this.writers.every((w) => w.done) && this.rebuilder.done && this.unfinished().length === 0
  }

  private unfinished(): string[] {
    const { second } = this.plan
    const found = second !== null && this.generations.length < 2 ? ['the second generation has not begun'] : []
    for (const generation of this.generations)
      for (const service of SERVICES)
        for (const scope of this.scopesOf(service, generation)) {
          const { end } = this.log.bounds(scope.topic, scope.partition)
          const { nextOffset } = this.state.held(scope)
          const place = `${service} ${generation} at ${scope.topic} partition ${scope.partition}`
          if (nextOffset === end || this.dry(generation, scope)) continue
          if (!this.cutOff(scope)) found.push(`${place} stands at ${nextOffset} of ${end} and does not go on`)
          else if (!this.saysSo(service, generation, scope))
            found.push(`${place} lost records to retention and did not stop with a message`)
        }
    return found
  }

  /**
   * A stage before this one stands still with a message: of a state that was lost behind it no next record tells.
   */
  private dry(generation: number, { topic, partition }: StateScope): boolean {
    const before = BEFORE.get(plainTopic(topic)) ?? []
    // What drift is judged by comes from every partition.
    const mixed = topic.startsWith('drift.')
    return before.some(([service, reads]) => {
      const at = topicAt(reads, generation)
      const own = reads === 'learning.events' ? sourceOf(partition, this.log.partitions) : partition
      const sources = mixed ? Array.from({ length: this.log.countOf(at) }, (_, p) => p) : [own]
      return sources.some((p) =>
        this.saysSo(service, generation, { stage: service, generation, topic: at, partition: p }),
      )
    })
  }

  private saysSo(service: ServiceName, generation: number, { topic, partition }: StateScope): boolean {
    return this.members.some(
      (m) =>
        m.service === service &&
        m.generation === generation &&
        m.process.alive &&
        m.stage.problems().some((p) => p.includes(`${topic} partition ${partition}:`)),
    )
  }

  startMember(service: ServiceName, generation = 0): void {
    const { scheduler } = this
    const process = new Process(`${service}${generation > 0 ? `.g${generation}` : ''}#${++this.started}`)
    const onFailure = (e: Error) => {
      if (e instanceof FencedError) scheduler.note(`${process.name} fenced`)
      else this.errors.push(`${process.name} ended: ${e.stack}`)
      process.crash()
    }
    const stage = stageIn(this, process, service, generation, onFailure)
    const member: Member = { service, generation, process, stage }
    this.members.push(member)
    process.watchers.push(() => {
      if (!process.alive) this.replace(member)
    })
    stage.start().catch(onFailure)
  }

  /** The second one has half the processes. */
  private membersOf(generation: number): number {
    const { members } = this.plan
    return generation === 0 ? members : Math.ceil(members / 2)
  }

  /** What a supervisor does. */
  private replace(gone: Member): void {
    this.members = this.members.filter((m) => m !== gone)
    const { service, generation } = gone
    const left = this.members.filter((m) => m.service === service && m.generation === generation).length
    if (left >= this.membersOf(generation)) return
    this.scheduler.at(null, 40 + this.random.below(250), () => this.startMember(service, generation))
  }
}
