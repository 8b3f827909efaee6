import type { ConsumerHandler, ConsumerOptions, FetchInfo, LogConsumer } from '@mastery/topology/ports/event-log.ts'
import { TransientError } from '@mastery/topology/ports/failure.ts'
import type { TopicName } from '@mastery/topology/topics.ts'
import type { Group } from './group.ts'
import type { Process, Scheduler } from './scheduler.ts'
import type { SimLog } from './sim-log.ts'

/** A member that gives no sign of life for this long is taken for dead. */
const SESSION_MS = 150
/** The group goes on without this member, or divides the partitions anew: what it was doing counts as not done. */
class MembershipError extends Error {
  override name = 'MembershipError'
}

interface Assignment {
  readonly topic: TopicName
  readonly partition: number
  readonly generation: number
  position: number
  stopped: boolean
}

/** A member: what a client library does in a process. Like the Kafka adapter it runs one thing at a time per partition. */
export class GroupMember implements LogConsumer {
  readonly process: Process
  readonly options: ConsumerOptions
  private readonly group: Group
  private readonly scheduler: Scheduler
  private readonly log: SimLog
  private handler: ConsumerHandler | null = null
  private held = new Map<string, Assignment>()
  private readonly lanes = new Map<string, Promise<void>>()
  private stopping = false
  private broken = false

  constructor(process: Process, options: ConsumerOptions, group: Group, scheduler: Scheduler, log: SimLog) {
    this.process = process
    this.options = options
    this.group = group
    this.scheduler = scheduler
    this.log = log
  }

  async start(handler: ConsumerHandler): Promise<void> {
    this.handler = handler
    this.process.watchers.push((ms) => {
      if (ms < SESSION_MS) return
      this.scheduler.at(null, SESSION_MS, () => {
        if (!this.process.alive || this.process.frozenUntil > this.scheduler.now) this.group.leave(this)
      })
      // The first heartbeat after it woke up tells it.
      if (Number.isFinite(ms)) this.scheduler.at(this.process, ms + SESSION_MS, () => this.comeBack())
    })
    await this.call('join', () => this.group.join(this))
  }

  private call(name: string, perform: () => void): Promise<void> {
    const { process } = this
    return this.scheduler.effect(process, {
      port: 'group',
      kind: 'call',
      name: `${name} ${this.options.group}`,
      perform,
    })
  }

  /** Gives its partitions up; resolves when nothing of it is at work. */
  async finishWork(): Promise<void> {
    this.held = new Map()
    await Promise.all(this.lanes.values())
  }

  /** Joins again after the group went on without it. */
  comeBack(): void {
    if (!this.stopping && !this.broken && !this.group.members.has(this)) this.group.join(this)
  }

  assign(generation: number, share: readonly (readonly [TopicName, number])[]): void {
    if (generation !== this.group.generation) {
      this.comeBack()
      return
    }
    if (this.stopping || this.broken) return
    for (const [topic, partition] of share) {
      const a: Assignment = { topic, partition, generation, position: 0, stopped: false }
      this.held.set(`${topic}/${partition}`, a)
      this.follow(a).catch((e: Error) => this.fail(e))
    }
  }

  private current(a: Assignment): boolean {
    return !this.broken && !this.stopping && !a.stopped && this.held.get(`${a.topic}/${a.partition}`) === a
  }

  private fail(e: Error): void {
    if (e instanceof MembershipError) this.comeBack()
    else if (!this.broken) {
      this.broken = true
      this.held = new Map()
      this.handler!.failed(e)
    }
  }

  private lane(a: Assignment, work: () => Promise<void>): Promise<void> {
    const id = `${a.topic}/${a.partition}`
    const done = (this.lanes.get(id) ?? Promise.resolve()).then(work)
    this.lanes.set(
      id,
      done.catch(() => {}),
    )
    return done
  }

  private async follow(a: Assignment): Promise<void> {
    await this.lane(a, async () => {
      if (this.current(a)) a.position = await this.handler!.assigned(a.topic, a.partition)
    })
    while (this.current(a)) {
      await this.log.beyond(this.process, a.topic, a.partition, a.position)
      if (!this.current(a)) return
      const fetched = await this.fetch(a)
      if (fetched === null) await this.scheduler.sleep(this.process, 20)
      else await this.deliver(a, fetched)
    }
  }

  private async deliver(a: Assignment, { records, start, end }: NonNullable<Fetched>): Promise<void> {
    await this.lane(a, async () => {
      if (!this.current(a)) return
      // A client that is out of range begins at the log's start without a word; the adapter says so.
      const requested = start > a.position ? start : a.position
      await this.handler!.batch(a.topic, a.partition, records, this.info(a, requested, end))
      if (!this.current(a)) return
      a.position = records.at(-1)!.offset + 1
      await this.heartbeat(a)
    })
  }

  private async fetch(a: Assignment): Promise<Fetched> {
    const max = 1 + this.scheduler.random.below(this.options.maxRecords)
    try {
      return await this.scheduler.effect(this.process, {
        port: 'log',
        kind: 'read',
        name: `fetch ${a.topic}/${a.partition} from ${a.position}`,
        perform: () => ({
          ...this.log.bounds(a.topic, a.partition),
          records: this.log.read(a.topic, a.partition, a.position, max),
        }),
      })
    } catch (e) {
      if (e instanceof TransientError) return null
      throw e
    }
  }

  private info(a: Assignment, requested: number, highWatermark: number): FetchInfo {
    return {
      requested,
      highWatermark,
      heartbeat: () => this.heartbeat(a),
      stopPartition: () => {
        a.stopped = true
      },
    }
  }

  private async heartbeat(a: Assignment): Promise<void> {
    await this.call('heartbeat', () => {})
    const { group } = this
    if (group.joining || group.generation !== a.generation || !group.members.has(this))
      throw new MembershipError(`${this.options.group} divides its partitions anew`)
  }

  report(topic: TopicName, partition: number, nextOffset: number): Promise<void> {
    return this.call(`report ${topic}/${partition} ${nextOffset}`, () => {
      this.group.reports.set(`${topic}/${partition}`, nextOffset)
    })
  }

  async reported(topic: TopicName, partition: number): Promise<number | null> {
    await this.call('reported', () => {})
    return this.group.reports.get(`${topic}/${partition}`) ?? null
  }

  async stop(): Promise<void> {
    this.stopping = true
    await Promise.all(this.lanes.values())
    await this.call('leave', () => this.group.leave(this))
  }
}

type Fetched = { records: ReturnType<SimLog['read']>; start: number; end: number } | null
