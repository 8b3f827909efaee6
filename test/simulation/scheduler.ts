import { TransientError } from '@mastery/topology/ports/failure.ts'
import { Seeded } from '../generators/seeded.ts'

/**
 * What becomes of one effect. Crashes: before it, after it, or after a part of it. lost: it took place, the caller is
 * told that it failed. late: the caller is told that it failed, and it takes place some time after that. fail: it did
 * not take place. freeze: the process stands still before it, frozen: between it and its acknowledgement.
 */
export type Way =
  | 'ok'
  | 'before'
  | 'after'
  | 'partly'
  | 'lost'
  | 'partly-lost'
  | 'late'
  | 'fail'
  | 'slow'
  | 'freeze'
  | 'frozen'

/** What may happen to an effect of this kind. A `call` always succeeds where the process lives: it waits for nobody. */
export const WAYS: Record<EffectKind, readonly Way[]> = {
  append: ['before', 'after', 'lost', 'partly', 'partly-lost', 'late', 'fail', 'slow', 'freeze', 'frozen'],
  write: ['before', 'after', 'lost', 'late', 'fail', 'slow', 'freeze', 'frozen'],
  read: ['before', 'lost', 'fail', 'slow', 'freeze'],
  call: ['before', 'after', 'slow', 'freeze'],
}

export type EffectKind = 'append' | 'write' | 'read' | 'call'
export type Port = 'log' | 'state' | 'gold' | 'registry' | 'queue' | 'group'

export interface Effect<T> {
  port: Port
  kind: EffectKind
  name: string
  perform(): T
  /** Does a part of it; where the effect has none, it is all or nothing. */
  partly?(): void
}

/** Decides over every effect, in the order in which they take place. */
export interface Faults {
  decide(index: number, effect: Effect<unknown>, process: Process, now: number): Way
  /** Milliseconds that a frozen process stands still, a slow effect takes, a late one lags. */
  duration(way: Way): number
}

export const NO_FAULTS: Faults = { decide: () => 'ok', duration: () => 0 }

/** One operating system process: when it has crashed, nothing of it runs any more. */
export class Process {
  readonly name: string
  alive = true
  frozenUntil = 0
  /** Told when it crashes (infinity), or stands still for so many milliseconds. */
  readonly watchers: ((ms: number) => void)[] = []

  constructor(name: string) {
    this.name = name
  }

  crash(): void {
    if (!this.alive) return
    this.alive = false
    this.gone(Number.POSITIVE_INFINITY)
  }

  gone(ms: number): void {
    for (const watch of this.watchers) watch(ms)
  }
}

interface Entry {
  due: number
  order: number
  process: Process | null
  run(): void
}

const turn = () => new Promise<void>((done) => setImmediate(done))

/**
 * Virtual time. Whatever waits, waits here: effects of ports, timers, wake-ups. Entries run one at a time, the earliest
 * first, and all promises that follow from one settle before the next begins, so that a seed decides everything.
 */
export class Scheduler {
  now = 0
  /** Effects that took place or were made to fail. */
  effects = 0
  readonly random: Seeded
  readonly trace: string[] | null
  /** FNV-1a over everything that happened. */
  hash = 0x811c9dc5
  private readonly faults: Faults
  private readonly heap: Entry[] = []
  private order = 0

  constructor(seed: number, faults: Faults, trace: string[] | null = null) {
    this.random = new Seeded(seed)
    this.faults = faults
    this.trace = trace
  }

  /** Runs something later, unless the process is gone by then. */
  at(process: Process | null, delay: number, run: () => void): void {
    this.push({ due: this.now + delay, order: this.order++, process, run })
  }

  sleep(process: Process, ms: number): Promise<void> {
    return new Promise((done) => this.at(process, ms, done))
  }

  /** A few milliseconds, now and then many. */
  latency(): number {
    const x = this.random.next()
    return x < 0.97 ? 1 + x * 6 : 20 + (x - 0.97) * 4000
  }

  /** Does the effect some time later, as the faults have it. Settles never where the process does not live on. */
  effect<T>(process: Process, effect: Effect<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const decide = () => {
        const index = this.effects++
        const way = this.faults.decide(index, effect, process, this.now)
        this.note(`${index} ${process.name} ${effect.port} ${effect.name} ${way}`)
        this.carryOut(way, effect, process, resolve, reject)
      }
      this.at(process, this.latency(), decide)
    })
  }

  private carryOut<T>(
    way: Way,
    effect: Effect<T>,
    process: Process,
    resolve: (value: T) => void,
    reject: (e: Error) => void,
  ): void {
    const failed = () => reject(new TransientError(`${effect.port} did not answer: ${effect.name}`))
    const finish = () => resolve(effect.perform())
    const lasting = () => this.faults.duration(way)
    if (way === 'after' || way === 'lost') effect.perform()
    if (way === 'partly' || way === 'partly-lost') effect.partly?.()
    switch (way) {
      case 'ok':
        finish()
        break
      case 'before':
      case 'after':
      case 'partly':
        process.crash()
        break
      case 'lost':
      case 'partly-lost':
      case 'fail':
        failed()
        break
      case 'late':
        this.at(null, lasting(), () => {
          this.note(`late ${process.name} ${effect.name}`)
          effect.perform()
        })
        failed()
        break
      case 'slow':
        this.at(process, lasting(), finish)
        break
      case 'freeze':
        this.freeze(process, lasting())
        this.at(process, 0, finish)
        break
      case 'frozen': {
        const value = effect.perform()
        this.freeze(process, lasting())
        this.at(process, 0, () => resolve(value))
      }
    }
  }

  /** SIGSTOP, and SIGCONT after some time. */
  freeze(process: Process, ms: number): void {
    process.frozenUntil = Math.max(process.frozenUntil, this.now + ms)
    process.gone(ms)
  }

  note(line: string): void {
    this.trace?.push(`${this.now.toFixed(1)} ${line}`)
    let h = this.hash
    for (let i = 0; i < line.length; i++) h = Math.imul(h ^ line.charCodeAt(i), 0x01000193)
    this.hash = Math.imul(h ^ Math.round(this.now * 10), 0x01000193) >>> 0
  }

  /** Runs until `done` says so or virtual time is up. False: it was up, or nothing was left to happen. */
  async run(done: () => boolean, until: number): Promise<boolean> {
    // What was started just now sends its first effects.
    await turn()
    while (!done()) {
      const e = this.pop()
      if (!e || e.due > until) return false
      this.now = e.due
      if (e.process !== null) {
        if (!e.process.alive) continue
        if (e.process.frozenUntil > this.now) {
          this.push({ ...e, due: e.process.frozenUntil })
          continue
        }
      }
      e.run()
      await turn()
    }
    return true
  }

  private push(e: Entry): void {
    const { heap } = this
    let i = heap.length
    heap.push(e)
    while (i > 0) {
      const up = (i - 1) >> 1
      if (!before(e, heap[up]!)) break
      heap[i] = heap[up]!
      i = up
    }
    heap[i] = e
  }

  private pop(): Entry | undefined {
    const { heap } = this
    const top = heap[0]
    const last = heap.pop()
    if (!top || heap.length === 0) return top
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++
      if (!before(heap[child]!, last!)) break
      heap[i] = heap[child]!
      i = child
    }
    heap[i] = last!
    return top
  }
}

const before = (a: Entry, b: Entry) => a.due < b.due || (a.due === b.due && a.order < b.order)
