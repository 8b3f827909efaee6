import { expect, it } from 'vitest'
import { JobCancelled, JobStateError, type Json } from '../ports/job-queue.ts'
import { handler, sleep, type UseJobs, until, untilAborted } from './job-queue-bench.ts'

/** Runs side by side, and runs that end before their time. */
export function jobStopsContract(use: UseJobs): void {
  it('runs an exclusive job one at a time over all workers, others side by side', () => {
    const most: Record<string, number> = {}
    const now: Record<string, number> = {}
    const counted = (name: string, exclusive: boolean) =>
      handler(
        name,
        async () => {
          now[name] = (now[name] ?? 0) + 1
          most[name] = Math.max(most[name] ?? 0, now[name])
          // However slowly they are handed out: where runs may stand side by side, one waits until another has.
          if (exclusive) await sleep(60)
          else await until('a second run beside this one', () => most[name]! > 1)
          now[name]--
          return null
        },
        { exclusive },
      )
    const jobs = [counted('alone', true), counted('together', false)]
    return use(jobs, async (b) => {
      await b.work(jobs, 3)
      await b.work(jobs, 3, await b.other())
      const ids: string[] = []
      for (let i = 0; i < 4; i++) for (const { name } of jobs) ids.push((await b.queue.add({ name, payload: i })).id)
      for (const id of ids) await b.reaches(id, 'completed')
      expect(most['alone']).toBe(1)
      expect(most['together']).toBeGreaterThan(1)
    })
  })

  it('cancels a job that waits, and aborts one that runs, whoever asks', () => {
    let reason: unknown = null
    let ran = 0
    const long = handler('long', async (_p, { signal }) => {
      ran++
      await untilAborted(signal).catch((e) => {
        reason = e
        throw e
      })
      return null
    })
    return use([long], async (b) => {
      const waiting = await b.queue.add({ name: 'long', payload: null })
      const delayed = await b.queue.add({ name: 'long', payload: null, notBefore: Date.now() + 3_600_000 })
      expect((await b.queue.get(delayed.id))?.state).toBe('delayed')
      for (const { id } of [waiting, delayed]) {
        await b.queue.cancel(id)
        expect((await b.queue.get(id))?.state).toBe('cancelled')
      }
      await b.work([long])
      const { id } = await b.queue.add({ name: 'long', payload: null })
      await b.reaches(id, 'active')
      await (await b.other()).cancel(id)
      const job = await b.reaches(id, 'cancelled')
      expect(reason).toBeInstanceOf(JobCancelled)
      expect([job.failures, ran]).toEqual([0, 1])
      await expect(b.queue.cancel(id)).rejects.toThrow(JobStateError)
      await b.queue.retry(id)
      await until('a second run', () => ran === 2)
      expect((await b.queue.get(waiting.id))?.state).toBe('cancelled')
      expect((await b.queue.list({ states: ['cancelled'] })).map((j) => j.id).sort()).toEqual(
        [waiting.id, delayed.id].sort(),
      )
    })
  })

  it('lets a run finish when the worker stops, and takes no other', () => {
    let finish = () => {}
    const told = new Promise<void>((r) => {
      finish = r
    })
    const short = handler('short', async () => {
      await told
      return 'done'
    })
    return use([short], async (b) => {
      const worker = await b.work([short], 1)
      const first = await b.queue.add({ name: 'short', payload: 1 })
      const second = await b.queue.add({ name: 'short', payload: 2 })
      await b.reaches(first.id, 'active')
      const stopped = worker.stop(10_000)
      finish()
      await stopped
      expect((await b.queue.get(first.id))?.state).toBe('completed')
      expect((await b.queue.get(second.id))?.state).toBe('waiting')
      expect(worker.running()).toEqual([])
    })
  })

  it('hands a run back that does not finish in time, without a failure', () => {
    let saved = 0
    const long = handler('long', async (payload, { attempt, signal, save, checkpoint }) => {
      if (checkpoint !== null) return { checkpoint, attempt }
      await save({ half: true })
      saved++
      return payload === 'deaf' ? new Promise<Json>(() => {}) : untilAborted(signal)
    })
    return use([long], async (b) => {
      const worker = await b.work([long])
      const { id } = await b.queue.add({ name: 'long', payload: null })
      const deaf = await b.queue.add({ name: 'long', payload: 'deaf' })
      for (const one of [id, deaf.id]) await b.reaches(one, 'active')
      await until('both have saved', () => saved === 2)
      await worker.stop(50)
      for (const one of [id, deaf.id])
        expect(await b.queue.get(one)).toMatchObject({ state: 'waiting', failures: 0, lastError: null })
      await b.work([long], 2, await b.other())
      for (const one of [id, deaf.id]) {
        const job = await b.reaches(one, 'completed')
        expect(job).toMatchObject({ failures: 0, deliveries: 2, result: { checkpoint: { half: true }, attempt: 1 } })
      }
    })
  })
}
