import { describe, expect, it } from 'vitest'
import { UntoldRules } from './untold-rules.ts'

const until = async (holds: () => boolean) => {
  while (!holds()) await new Promise((r) => setTimeout(r, 1))
}

describe('rules that ops.metrics was never told of', () => {
  it('are named in the log, with what to do, as long as there are any; a store that is away is no news', async () => {
    const warned: string[] = []
    const answers: (() => Promise<string[]>)[] = [
      () => Promise.reject(new Error('away')),
      async () => [],
      async () => ['north', 'south'],
    ]
    let looks = 0
    const untold = () => answers[Math.min(looks++, 2)]!()
    const stage = new UntoldRules(untold, { warn: (m) => void warned.push(m) }, { first: 1, every: 1 })
    await stage.start()
    await until(() => warned.length >= 2)
    await stage.stop()
    const said = warned.length
    expect(looks).toBeGreaterThanOrEqual(4)
    expect(warned[0]).toMatch(/^No rules about the system itself are in force for north, south, .*alerts activate FILE/)
    await new Promise((r) => setTimeout(r, 5))
    expect(warned.length).toBe(said)
    expect(stage.problems()).toEqual([])
  })
})
