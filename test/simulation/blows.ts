import type { StateScope } from '@mastery/topology/ports/state-store.ts'
import { topicSpec } from '@mastery/topology/topics.ts'
import { Seeded } from '../generators/seeded.ts'
import { SERVICES, type World } from './world.ts'

/** What happens to a schedule from outside, by time. */
export type Blow = 'crash' | 'freeze' | 'join' | 'leave' | 'retention' | 'truncate' | 'flush' | 'lose'

/** `history`: gold gives back what it has read; records that it has not would be lost for good. */
export function blowsOf(seed: number, until: number, history: boolean): { at: number; blow: Blow; pick: number }[] {
  const random = new Seeded(seed ^ 0xb10e)
  const kinds: Blow[] = (['crash', 'freeze', 'join', 'leave', 'retention'] as const).filter(() => random.chance(0.5))
  if (random.chance(0.1) && !history) kinds.push('truncate')
  if (history) kinds.push('retention', 'lose')
  if (random.chance(0.15)) kinds.push('flush')
  const blows = kinds.flatMap((blow) =>
    Array.from({ length: 1 + random.below(blow === 'truncate' ? 1 : 3) }, () => ({
      at: random.next() * until,
      blow,
      pick: random.next(),
    })),
  )
  return blows.sort((a, b) => a.at - b.at)
}

/** `pick`, from 0 to below 1, chooses whom it meets. */
export function strike(world: World, blow: Blow, pick: number): void {
  const { scheduler, state } = world
  const of = <T>(from: readonly T[]): T | undefined => from[Math.floor(pick * from.length)]
  const living = world.members.filter((m) => m.process.alive)
  const scopes = world.generations.flatMap((g) => SERVICES.flatMap((s) => world.scopesOf(s, g)))
  scheduler.note(blow)
  switch (blow) {
    case 'crash':
      of(living)?.process.crash()
      break
    case 'freeze': {
      const m = of(living)
      if (m) scheduler.freeze(m.process, 100 + pick * 1500)
      break
    }
    case 'join':
      world.startMember(of(SERVICES)!)
      break
    case 'leave': {
      const m = of(living)
      m?.stage.stop().then(
        () => m.process.crash(),
        (e: Error) => world.errors.push(`${m.process.name} could not stop: ${e.stack}`),
      )
      break
    }
    case 'retention':
    case 'truncate':
      forget(world, of(scopes)!, blow === 'truncate')
      break
    case 'lose': {
      const scope = of(scopes.filter((s) => s.stage === 'features'))!
      forget(world, scope, false)
      state.flush(scope)
      break
    }
    case 'flush':
      // A loss is noticed with the next record, which the tick is at the latest.
      state.flush(of(scopes.filter((s) => topicSpec(s.topic).subjects.includes('tick')))!)
  }
}

/** What all readers have seen is gone, or everything. With history a later generation need not have seen it. */
function forget(world: World, { topic, partition }: StateScope, everything: boolean): void {
  const { log, state, plan } = world
  const seen = world.generations
    .filter((g) => g === 0 || topic !== 'learning.events' || !plan.history)
    .flatMap((g) => SERVICES.flatMap((s) => world.scopesOf(s, g)))
    .filter((s) => s.topic === topic && s.partition === partition)
    .map((s) => state.held(s).nextOffset)
  log.truncate(topic, partition, everything ? log.bounds(topic, partition).end : Math.min(...seen))
}
