import { describe, expect, it } from 'vitest'
import { type CampaignOptions, type Failure, QUIET, runCampaign } from './campaign.ts'
import { MUTANTS, type Mutant } from './mutants.ts'
import { randomSchedule } from './schedules.ts'

const NOTHING: CampaignOptions = { schedules: 0, seed: 1, crashPoints: 'none', pairs: 0, mutant: null }

/** What failed, so that a broken build prints the commands that show it again. */
async function failuresOf(options: Partial<CampaignOptions>): Promise<Failure[]> {
  const failures: Failure[] = []
  const result = await runCampaign({ ...NOTHING, ...options }, { ...QUIET, failed: (f) => failures.push(f) })
  expect(result.failures).toBe(failures.length)
  return failures
}

describe('the whole system on simulated ports equals a plain fold of its log', () => {
  // "npm run test:simulation" tries every one of them.
  it('after a crash at one effect in seven, an acknowledgement of it that is lost, a sleep through it; after two of them', async () => {
    expect(await failuresOf({ crashPoints: 'all', every: 7, pairs: 60 })).toEqual([])
  }, 600_000)

  it('after whatever sixty seeds have in store', async () => {
    expect(await failuresOf({ schedules: 60, seed: 1000 })).toEqual([])
  }, 240_000)

  it('and one seed is one schedule', async () => {
    const [first, again, other] = [await randomSchedule(7), await randomSchedule(7), await randomSchedule(8)]
    expect([again.hash, again.effects]).toEqual([first.hash, first.effects])
    expect(other.hash).not.toBe(first.hash)
    expect(first.effects).toBeGreaterThan(500)
  })
})

/** Random schedules within which each is found. */
const WITHIN = 100

describe('a system that is broken on purpose', () => {
  it.each(Object.keys(MUTANTS) as Mutant[])(
    'fails: %s',
    async (mutant) => {
      let failures: Failure[] = []
      let seed = 0
      while (failures.length === 0 && seed < WITHIN) failures = await failuresOf({ schedules: 1, seed: ++seed, mutant })
      expect(failures).toHaveLength(1)
      expect(failures[0]!.command).toBe(
        `npm run test:simulation -- --seed ${seed} --schedules 1 --crash-points none --mutant ${mutant}`,
      )
      expect(await failuresOf({ schedules: 1, seed, mutant })).toEqual(failures)
      expect(await failuresOf({ schedules: 1, seed })).toEqual([])
    },
    240_000,
  )
})
