import type { DriftPolicy } from '@mastery/topology/drift/policy.ts'
import type { Job, JobContext, JobSpec } from '@mastery/topology/ports/job-queue.ts'
import { SILENT } from '@mastery/topology/ports/telemetry.ts'
import { describe, expect, it } from 'vitest'
import { modelsToTrain, retrainingJob } from './retraining.ts'

const NOW = Date.UTC(2026, 2, 1)
const DAY = 86_400_000
const POLICY: DriftPolicy['retraining'] = { enqueue: true, cooldownDays: 14, models: ['bkt', 'elo'] }

async function run(drifting: string[], policy: Partial<typeof POLICY> = {}, before: Partial<Job>[] = []) {
  const added: JobSpec[] = []
  const job = retrainingJob(async () => ({
    gold: { query: async () => drifting.map((model) => ({ model })) as never },
    queue: {
      add: async (spec: JobSpec) => ({ id: `${added.push(spec)}`, added: true }),
      list: async () => before as Job[],
    },
    policy: { ...POLICY, ...policy },
    now: () => NOW,
  }))
  const result = await job.run(null, { telemetry: SILENT } as unknown as JobContext)
  return { added, result }
}

describe('a drifting model', () => {
  it('is trained anew, under the id of the day', async () => {
    expect((await run(['bkt'])).added).toEqual([
      { name: 'train', payload: { models: ['bkt'] }, id: 'drift-2026-03-01' },
    ])
  })

  it('is not where the policy is off, which is how it ships', async () => {
    const { added, result } = await run(['bkt'], { enqueue: false })
    expect(added).toEqual([])
    expect(result.because).toContain('"enqueue": false')
  })

  it('is not again until the cooldown is over', async () => {
    const earlier = (days: number) => [{ id: 'train/drift-2026-02-20', addedAt: NOW - days * DAY }]
    expect((await run(['bkt'], {}, earlier(9))).added).toEqual([])
    expect((await run(['bkt'], {}, earlier(15))).added).toHaveLength(1)
  })

  it('stands for those that a blend is made of, and a model without a training for none', () => {
    expect(modelsToTrain(['blend', 'bkt'], ['elo', 'bkt'])).toEqual(['bkt', 'elo'])
    expect(modelsToTrain(['rule'], ['bkt'])).toEqual([])
  })
})
