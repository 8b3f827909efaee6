import { describe, expect, it } from 'vitest'
import { type JobQueue, JobRefused, JobStateError, PermanentJobError } from '../ports/job-queue.ts'
import { handler, type OpenJobsAt, placesOf } from './job-queue-bench.ts'
import { jobSchedulesContract } from './job-schedules-contract.ts'
import { jobStopsContract } from './job-stops-contract.ts'

/** What every job queue guarantees. Each test uses a place of its own. */
export function jobQueueContract(name: string, open: OpenJobsAt): void {
  describe(`job queue contract: ${name}`, { timeout: 60_000 }, () => {
    const use = placesOf(open)

    it('runs a job, with its payload, and keeps its progress and its result', () => {
      const echo = handler('echo', async (payload, context) => {
        context.progress(0.5, 'half of it')
        return { got: payload, attempt: context.attempt, checkpoint: context.checkpoint }
      })
      return use([echo], async (b) => {
        const { id, added } = await b.queue.add({ name: 'echo', payload: { text: '學生', list: [1, null, true] } })
        expect([added, id.startsWith('echo/')]).toEqual([true, true])
        expect(await b.queue.get(id)).toMatchObject({ state: 'waiting', failures: 0, deliveries: 0, schedule: null })
        await b.work([echo])
        const job = await b.reaches(id, 'completed')
        expect(job.result).toEqual({ got: { text: '學生', list: [1, null, true] }, attempt: 1, checkpoint: null })
        expect(job.progress).toEqual({ fraction: 1, message: 'half of it' })
        expect(job).toMatchObject({ failures: 0, deliveries: 1, lastError: null, name: 'echo' })
        expect(job.finishedAt!).toBeGreaterThanOrEqual(job.startedAt!)
        expect(await b.queue.get('echo/nothing')).toBeNull()
        expect(await b.queue.get('nothing')).toBeNull()
      })
    })

    it('refuses a job that nobody knows, a payload that is wrong, too large or personal', () => {
      const strict = handler('strict', async () => null, {
        parse(p) {
          if ((p as { n?: unknown }).n !== 1) throw new Error('n must be 1')
          return p
        },
      })
      return use([strict], async (b) => {
        const refused = async (spec: Parameters<JobQueue['add']>[0], why: RegExp) => {
          await expect(b.queue.add(spec)).rejects.toThrow(JobRefused)
          await expect(b.queue.add(spec)).rejects.toThrow(why)
        }
        await refused({ name: 'stranger', payload: null }, /no job "stranger"; there is strict/)
        await refused({ name: 'strict', payload: { n: 2 } }, /n must be 1/)
        await refused({ name: 'strict', payload: { n: 1, blob: 'x'.repeat(20_000) } }, /bytes/)
        await refused({ name: 'strict', payload: { n: 1, note: 'ask ada@example.org' } }, /payload\.note .*mail/)
        await refused({ name: 'strict', payload: { n: 1, students: ['ada'] } }, /students\[0\] .*pseudonym/)
        await refused({ name: 'strict', payload: { n: 1 }, id: 'a b' }, /job id/)
        expect(await b.queue.list()).toEqual([])
        await b.queue.add({ name: 'strict', payload: { n: 1, students: ['0'.repeat(32)] } })
      })
    })

    it('takes one job per idempotency key, also after it is done', () => {
      let runs = 0
      const once = handler('once', async () => ++runs)
      return use([once, handler('twice', async () => null)], async (b) => {
        const spec = { name: 'once', payload: null, idempotencyKey: 'the-night-of-2026-03-01' }
        const both = await Promise.all([b.queue.add(spec), (await b.other()).add(spec)])
        expect(both[0]!.id).toBe(both[1]!.id)
        expect(both.filter((r) => r.added).length).toBeGreaterThanOrEqual(1)
        await b.work([once])
        await b.reaches(both[0]!.id, 'completed')
        expect(await b.queue.add(spec)).toEqual({ id: both[0]!.id, added: false })
        expect(await b.queue.add({ ...spec, id: 'another' })).toEqual({ id: both[0]!.id, added: false })
        const named = await b.queue.add({ name: 'once', payload: null, id: 'mine' })
        expect(named).toEqual({ id: 'once/mine', added: true })
        await b.reaches('once/mine', 'completed')
        expect((await b.queue.add({ name: 'once', payload: null, id: 'mine' })).added).toBe(false)
        expect(await b.queue.list()).toHaveLength(2)
        expect(runs).toBe(2)
        const foreign = { name: 'twice', payload: null, idempotencyKey: spec.idempotencyKey }
        await expect(b.queue.add(foreign)).rejects.toThrow(/belongs to once\//)
      })
    })

    it('tries again with exponential back-off, and goes on from what was saved', () => {
      const starts: number[] = []
      let effects = 0
      const flaky = handler('flaky', async (_p, context) => {
        starts.push(performance.now())
        const seen = await context.once('effect', async () => ++effects)
        if (context.attempt < 3) {
          await context.save({ at: context.attempt })
          throw new Error(`attempt ${context.attempt}`)
        }
        return { seen, checkpoint: context.checkpoint }
      })
      return use([flaky], async (b) => {
        await b.work([flaky])
        const { id } = await b.queue.add({ name: 'flaky', payload: null, attempts: 3, backoffMs: 150 })
        const job = await b.reaches(id, 'completed')
        expect(job.result).toEqual({ seen: 1, checkpoint: { at: 2 } })
        expect([job.failures, job.deliveries, effects]).toEqual([2, 3, 1])
        expect(job.lastError?.message).toBe('attempt 2')
        // A timer may be early by a millisecond.
        expect(starts[1]! - starts[0]!).toBeGreaterThanOrEqual(148)
        expect(starts[2]! - starts[1]!).toBeGreaterThanOrEqual(298)
      })
    })

    it('keeps a dead job, lists it with its last error and the cause, and retries it', () => {
      let broken = true
      const fragile = handler('fragile', async () => {
        if (broken) throw new TypeError('no luck', { cause: new Error('the disk is full') })
        return 'well'
      })
      const other = handler('other', async () => 1)
      return use([fragile, other], async (b) => {
        await b.work([fragile, other])
        const { id } = await b.queue.add({ name: 'fragile', payload: { n: 1 }, attempts: 2 })
        const well = await b.queue.add({ name: 'other', payload: null })
        const dead = await b.reaches(id, 'dead')
        await b.reaches(well.id, 'completed')
        expect(dead.lastError).toEqual({ name: 'TypeError', message: 'no luck, caused by: the disk is full' })
        expect([dead.failures, dead.attempts, dead.finishedAt !== null]).toEqual([2, 2, true])
        expect((await b.queue.list({ states: ['dead'] })).map((j) => j.id)).toEqual([id])
        await expect(b.queue.retry(well.id)).rejects.toThrow(JobStateError)
        await expect(b.queue.retry('fragile/none')).rejects.toThrow(JobStateError)
        broken = false
        await b.queue.retry(id)
        const again = await b.reaches(id, 'completed')
        expect([again.result, again.failures, again.payload]).toEqual(['well', 0, { n: 1 }])
        expect(await b.queue.list({ states: ['dead'] })).toEqual([])
      })
    })

    it('gives up at once what can never succeed', () => {
      const hopeless = handler('hopeless', async () => {
        throw new PermanentJobError('that student was erased')
      })
      return use([hopeless], async (b) => {
        await b.work([hopeless])
        const { id } = await b.queue.add({ name: 'hopeless', payload: null, attempts: 5 })
        const dead = await b.reaches(id, 'dead')
        expect([dead.failures, dead.deliveries, dead.lastError?.name]).toEqual([1, 1, 'PermanentJobError'])
      })
    })

    jobStopsContract(use)
    jobSchedulesContract(use)
  })
}
