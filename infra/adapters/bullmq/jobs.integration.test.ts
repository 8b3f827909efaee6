import { randomUUID } from 'node:crypto'
import { TransientError } from '@mastery/topology/ports/failure.ts'
import type { JobHandler, Json } from '@mastery/topology/ports/job-queue.ts'
import { SILENT } from '@mastery/topology/ports/telemetry.ts'
import { jobQueueContract } from '@mastery/topology/testing/job-queue-contract.ts'
import { describe, expect, it } from 'vitest'
import { runInWorker } from '../../runtime/worker-thread.ts'
import { openBullJobs } from './jobs.ts'

const url = process.env['MASTERY_TEST_REDIS']
const run = randomUUID().slice(0, 8)
const title = url ? 'BullMQ jobs' : 'BullMQ jobs, not run: no Redis (MASTERY_TEST_REDIS unset)'
const sleep = (ms: number) => new Promise((r) => setTimeout(r, ms))

async function until(what: string, look: () => Promise<boolean> | boolean): Promise<void> {
  for (let i = 0; i < 600; i++) {
    if (await look()) return
    await sleep(25)
  }
  throw new Error(`It never came: ${what}.`)
}

describe.skipIf(!url)(title, () => {
  const open = (place: string, jobs: readonly JobHandler[], lockMs = 2_000) =>
    openBullJobs({ url: url!, keyPrefix: `test-${run}-${place}-`, lockMs }, jobs)

  jobQueueContract('BullMQ', async (place, jobs) => {
    const queue = await open(place, jobs)
    return { queue, close: () => queue.close() }
  })

  it('keeps the lock of CPU-bound work in a thread, so that no other worker takes it for dead', async () => {
    let runs = 0
    const fit: JobHandler = {
      name: 'fit',
      about: 'for tests',
      exclusive: false,
      parse: (p) => p,
      async run(_p, { signal }) {
        runs++
        const module = new URL('../../runtime/testing/thread-work.ts', import.meta.url)
        const enough = AbortSignal.any([signal, AbortSignal.timeout(3_000)])
        await runInWorker(module, { do: 'spin' }, { signal: enough }).catch(() => signal.throwIfAborted())
        return 'fitted'
      },
    }
    // The lock would have run out three times meanwhile.
    const queues = [await open('cpu', [fit], 1_000), await open('cpu', [fit], 1_000)]
    for (const q of queues) await q.work([fit], { telemetry: SILENT, concurrency: 1 })
    const { id } = await queues[0]!.add({ name: 'fit', payload: null })
    await until('the fit', async () => (await queues[0]!.get(id))?.state === 'completed')
    expect(await queues[0]!.get(id)).toMatchObject({ deliveries: 1, failures: 0, result: 'fitted' })
    expect(runs).toBe(1)
    for (const q of queues) await q.close()
  })

  it('makes up once for a firing that was missed, also where the same schedule is set again first', async () => {
    const fired: string[] = []
    const tick: JobHandler = {
      name: 'tick',
      about: 'for tests',
      exclusive: true,
      parse: (p) => p,
      run: async (_p, { jobId }): Promise<Json> => void fired.push(jobId) as never,
    }
    const schedule = { id: 'each', name: 'tick', payload: null, cron: '*/2 * * * * *', timeZone: 'UTC' }
    const before = await open('missed', [tick])
    await before.setSchedules([schedule])
    const [first] = await before.schedules()
    await before.close()
    await sleep(first!.nextAt - Date.now() + 2_500)
    const after = await open('missed', [tick])
    await after.setSchedules([schedule])
    const began = Date.now()
    await after.work([tick], { telemetry: SILENT, concurrency: 1 })
    await until('two firings', () => fired.length >= 2)
    await after.setSchedules([])
    expect(fired[0]).toBe(`tick/each.${first!.nextAt}`)
    expect(Number(fired[1]!.split('.')[1])).toBeGreaterThanOrEqual(began)
    await after.close()
  })

  it('says that Redis does not answer, in a way that passes', async () => {
    const error = await openBullJobs({ url: 'redis://127.0.0.1:1', lockMs: 2_000 }, []).catch((e) => e as Error)
    expect(error).toBeInstanceOf(TransientError)
    expect((error as Error).message).toMatch(/127\.0\.0\.1:1/)
  })
})
