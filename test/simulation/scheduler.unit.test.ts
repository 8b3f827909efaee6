import { TransientError } from '@mastery/topology/ports/failure.ts'
import { describe, expect, it } from 'vitest'
import { FaultsAt } from './faults.ts'
import { Process, Scheduler, type Way } from './scheduler.ts'

/** Three effects of one process after one another, with this way for the second. */
async function threeEffects(way: Way) {
  const scheduler = new Scheduler(1, new FaultsAt([[1, way]]))
  const process = new Process('p')
  const done: string[] = []
  const seen: string[] = []
  const work = async () => {
    for (const name of ['a', 'b', 'c'])
      try {
        await scheduler.effect(process, {
          port: 'log',
          kind: 'append',
          name,
          perform: () => void done.push(name),
          partly: () => void done.push(`half ${name}`),
        })
        seen.push(`${name} at ${Math.floor(scheduler.now / 400)}`)
      } catch (e) {
        seen.push(e instanceof TransientError ? `${name} failed` : String(e))
      }
  }
  void work()
  await scheduler.run(() => false, 10_000)
  return { done: done.join(), seen: seen.join(), alive: process.alive }
}

describe('an effect', () => {
  it.each([
    ['ok', 'a,b,c', 'a at 0,b at 0,c at 0', true],
    ['before', 'a', 'a at 0', false],
    ['after', 'a,b', 'a at 0', false],
    ['partly', 'a,half b', 'a at 0', false],
    ['lost', 'a,b,c', 'a at 0,b failed,c at 0', true],
    ['partly-lost', 'a,half b,c', 'a at 0,b failed,c at 0', true],
    ['late', 'a,c,b', 'a at 0,b failed,c at 0', true],
    ['fail', 'a,c', 'a at 0,b failed,c at 0', true],
    ['slow', 'a,b,c', 'a at 0,b at 1,c at 1', true],
    ['freeze', 'a,b,c', 'a at 0,b at 1,c at 1', true],
    ['frozen', 'a,b,c', 'a at 0,b at 1,c at 1', true],
  ] as const)('%s: takes place as %s, the caller sees %s', async (way, done, seen, alive) => {
    expect(await threeEffects(way)).toEqual({ done, seen, alive })
  })

  it('takes place before the process stands still, or after it woke up', async () => {
    for (const [way, during] of [
      ['freeze', 0],
      ['frozen', 1],
    ] as const) {
      const scheduler = new Scheduler(1, new FaultsAt([[0, way]]))
      let performed = 0
      const perform = () => ++performed
      void scheduler.effect(new Process('p'), { port: 'state', kind: 'write', name: 'x', perform })
      await scheduler.run(() => scheduler.effects > 0, 1000)
      expect(performed).toBe(during)
      await scheduler.run(() => false, 1000)
      expect(performed).toBe(1)
    }
  })
})
