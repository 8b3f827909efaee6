import type { ConsumerOptions } from '@mastery/topology/ports/event-log.ts'
import type { TopicName } from '@mastery/topology/topics.ts'
import { GroupMember } from './member.ts'
import type { Process, Scheduler } from './scheduler.ts'
import type { SimLog } from './sim-log.ts'

/** Members that have not finished their work by then are left out of the next generation. */
const REBALANCE_MS = 300

/** A consumer group: the coordinator's side. */
export class Group {
  generation = 0
  joining = false
  readonly members = new Set<GroupMember>()
  readonly reports = new Map<string, number>()
  private ready = new Set<GroupMember>()
  private readonly scheduler: Scheduler
  private readonly log: SimLog

  constructor(scheduler: Scheduler, log: SimLog) {
    this.scheduler = scheduler
    this.log = log
  }

  join(m: GroupMember): void {
    this.members.add(m)
    this.rebalance()
  }

  leave(m: GroupMember): void {
    if (this.members.delete(m)) this.rebalance()
  }

  private rebalance(): void {
    const generation = ++this.generation
    this.joining = true
    this.ready = new Set()
    this.scheduler.note(`rebalance ${generation}`)
    for (const m of this.members)
      this.scheduler.at(m.process, this.scheduler.latency(), () => {
        if (generation !== this.generation) m.comeBack()
        else m.finishWork().then(() => this.scheduler.at(m.process, 1, () => this.isReady(m, generation)))
      })
    this.scheduler.at(null, REBALANCE_MS, () => this.divide(generation))
  }

  private isReady(m: GroupMember, generation: number): void {
    if (!this.members.has(m)) m.comeBack()
    else if (generation === this.generation && this.joining) this.ready.add(m)
    else return
    if (this.ready.size === this.members.size) this.divide(generation)
  }

  private divide(generation: number): void {
    if (generation !== this.generation || !this.joining) return
    this.joining = false
    for (const m of this.members) if (!this.ready.has(m)) this.members.delete(m)
    const members = [...this.members]
    if (members.length === 0) return
    const shares = new Map(members.map((m) => [m, [] as (readonly [TopicName, number])[]]))
    let next = this.scheduler.random.below(members.length)
    for (const topic of members[0]!.options.topics)
      for (let p = 0; p < this.log.countOf(topic); p++) shares.get(members[next++ % members.length]!)!.push([topic, p])
    for (const [m, share] of shares)
      this.scheduler.at(m.process, this.scheduler.latency(), () => m.assign(generation, share))
  }
}

/** All groups of the simulated log. */
export class Groups {
  private readonly groups = new Map<string, Group>()
  private readonly scheduler: Scheduler
  private readonly log: SimLog

  constructor(scheduler: Scheduler, log: SimLog) {
    this.scheduler = scheduler
    this.log = log
  }

  member(process: Process, options: ConsumerOptions): GroupMember {
    let group = this.groups.get(options.group)
    if (!group) {
      group = new Group(this.scheduler, this.log)
      this.groups.set(options.group, group)
    }
    return new GroupMember(process, options, group, this.scheduler, this.log)
  }
}
