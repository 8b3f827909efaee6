import { Seeded } from '../generators/seeded.ts'
import { type Effect, type Faults, type Port, type Process, WAYS, type Way } from './scheduler.ts'

/** Crash points by the index of their effect. */
export class FaultsAt implements Faults {
  private readonly points: ReadonlyMap<number, Way>

  constructor(points: Iterable<readonly [number, Way]>) {
    this.points = new Map(points)
  }

  decide(index: number, effect: Effect<unknown>): Way {
    const way = this.points.get(index)
    return way !== undefined && WAYS[effect.kind].includes(way) ? way : 'ok'
  }

  duration(): number {
    return 400
  }
}

/**
 * Which effects an undisturbed run has, and what may happen to each: the crash points. A crash after a call is the one
 * before the effect that follows it. A freeze is long enough that the group goes on without the process, which then
 * wakes up with its old claim.
 */
export class Enumerating implements Faults {
  readonly points: [index: number, way: Way][] = []

  decide(index: number, effect: Effect<unknown>): Way {
    const tried: readonly Way[] = effect.kind === 'call' ? ['before'] : ['before', 'after', 'lost', 'freeze']
    for (const way of tried) if (WAYS[effect.kind].includes(way)) this.points.push([index, way])
    return 'ok'
  }

  duration(): number {
    return 0
  }
}

interface Outage {
  port: Port
  from: number
  to: number
}

/** What the seed has in store: not every schedule has every fault, so that each also meets calm surroundings. */
export class RandomFaults implements Faults {
  private readonly random: Seeded
  private readonly rate: number
  private readonly ways: ReadonlySet<Way>
  private readonly outages: Outage[] = []
  private readonly until: number

  /** Nothing goes wrong any more after `until` milliseconds. */
  constructor(seed: number, until: number) {
    this.random = new Seeded(seed ^ 0xfa17)
    this.until = until
    this.rate = [0, 0.004, 0.012, 0.03][this.random.below(4)]!
    const kinds: Way[][] = [
      ['before', 'after', 'partly'],
      ['lost', 'partly-lost'],
      ['late'],
      ['fail'],
      ['slow'],
      ['freeze', 'frozen'],
    ]
    this.ways = new Set(kinds.filter(() => this.random.chance(0.6)).flat())
    for (const port of ['log', 'state', 'gold', 'registry', 'queue'] as const)
      if (this.random.chance(0.2)) {
        const from = this.random.next() * until
        this.outages.push({ port, from, to: Math.min(until, from + 50 + this.random.below(600)) })
      }
  }

  decide(_index: number, effect: Effect<unknown>, _process: Process, now: number): Way {
    if (now > this.until) return 'ok'
    if (effect.kind !== 'call' && this.outages.some((o) => o.port === effect.port && o.from <= now && now < o.to))
      return 'fail'
    if (!this.random.chance(this.rate)) return 'ok'
    const ways = WAYS[effect.kind].filter((w) => this.ways.has(w))
    return ways.length === 0 ? 'ok' : this.random.pick(ways)
  }

  duration(way: Way): number {
    const most = way === 'slow' ? 300 : way === 'late' ? 900 : 1200
    return 10 + this.random.next() * this.random.next() * most
  }
}
