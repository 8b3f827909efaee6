import { TransientError } from '@mastery/topology/ports/failure.ts'
import { describe, expect, it } from 'vitest'
import { Rounds } from './rounds.ts'

/** Doubles numbers, and remembers what came together. Negative ones can't be doubled. */
function doubling(most?: number) {
  const rounds: number[][] = []
  const asked = new Rounds<number, number>(async (all) => {
    rounds.push([...all])
    await new Promise((r) => setImmediate(r))
    if (all.includes(0)) throw new TransientError('nobody answers')
    if (all.some((n) => n < 0)) throw new Error(`not ${all.join()}`)
    return all.map((n) => 2 * n)
  }, most)
  return { rounds, ask: (n: number) => asked.ask(n) }
}

describe('rounds', () => {
  it('begin at once, and take what was asked meanwhile together', async () => {
    const { rounds, ask } = doubling()
    const first = ask(1)
    await new Promise((r) => setTimeout(r, 0))
    const rest = [ask(2), ask(3), ask(4)]
    expect(await Promise.all([first, ...rest])).toEqual([2, 4, 6, 8])
    expect(await ask(5)).toBe(10)
    expect(rounds).toEqual([[1], [2, 3, 4], [5]])
  })

  it('have so many at most', async () => {
    const { rounds, ask } = doubling(2)
    expect(await Promise.all([1, 2, 3, 4, 5].map(ask))).toEqual([2, 4, 6, 8, 10])
    expect(rounds).toEqual([[1, 2], [3, 4], [5]])
  })

  it('fail for nobody but who asked for what can not be done', async () => {
    const { ask } = doubling()
    const all = await Promise.allSettled([1, -2, 3].map(ask))
    expect(all.map((r) => (r.status === 'fulfilled' ? r.value : (r.reason as Error).message))).toEqual([2, 'not -2', 6])
  })

  it('fail for all where nobody answers, without asking once for each', async () => {
    const { rounds, ask } = doubling()
    const all = await Promise.allSettled([1, 0, 3].map(ask))
    expect(all.map((r) => r.status)).toEqual(['rejected', 'rejected', 'rejected'])
    expect(rounds).toHaveLength(1)
  })
})
