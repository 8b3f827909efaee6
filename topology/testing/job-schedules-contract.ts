import { expect, it } from 'vitest'
import { handler, sleep, type UseJobs, until } from './job-queue-bench.ts'

/** Repeatable jobs. */
export function jobSchedulesContract(use: UseJobs): void {
  it('fires each time of a schedule once, with two workers that both set it', () => {
    const fired: string[] = []
    const tick = handler('tick', async (payload, { jobId }) => {
      fired.push(jobId)
      return payload
    })
    return use([tick], async (b) => {
      const schedule = { id: 'every-second', name: 'tick', payload: { n: 1 }, cron: '* * * * * *', timeZone: 'UTC' }
      const other = await b.other()
      await Promise.all([b.queue.setSchedules([schedule]), other.setSchedules([schedule])])
      await b.work([tick])
      await b.work([tick], 2, other)
      await until('three firings', () => fired.length >= 3)
      const [standing] = await b.queue.schedules()
      expect(standing).toMatchObject(schedule)
      await other.setSchedules([])
      expect(await b.queue.schedules()).toEqual([])
      const idle = async () => (await b.queue.list({ name: 'tick' })).every((j) => j.state === 'completed')
      await until('the end of what was fired', idle)
      const after = fired.length
      await sleep(1_200)
      expect(fired.length).toBe(after)
      expect(new Set(fired).size).toBe(fired.length)
      const jobs = await b.queue.list({ name: 'tick' })
      expect(jobs.map((j) => j.id).sort()).toEqual([...fired].sort())
      expect(jobs.every((j) => j.schedule === 'every-second' && j.state === 'completed')).toBe(true)
      const seconds = jobs.map((j) => Math.floor(j.dueAt / 1_000))
      expect(new Set(seconds).size).toBe(seconds.length)
    })
  })

  it('replaces schedules, and refuses wrong ones with all that is wrong', () => {
    const night = handler('night', async () => null)
    return use([night], async (b) => {
      const at = (cron: string, id = 'nightly') => ({
        id,
        name: 'night',
        payload: null,
        cron,
        timeZone: 'Europe/Oslo',
      })
      await b.queue.setSchedules([at('15 3 * * *'), at('0 4 * * sun', 'weekly')])
      // No clock change takes this time out of a day.
      await b.queue.setSchedules([at('45 4 * * *')])
      const [only, ...none] = await b.queue.schedules()
      expect([only?.cron, none]).toEqual(['45 4 * * *', []])
      expect(new Date(only!.nextAt).toLocaleTimeString('en-GB', { timeZone: 'Europe/Oslo' })).toBe('04:45:00')
      const wrong = b.queue.setSchedules([
        at('61 2 * * *'),
        { ...at('1 2 * * *', 'b'), timeZone: 'Mars/Base' },
        { ...at('1 2 * * *', 'c'), name: 'nobody' },
      ])
      await expect(wrong).rejects.toThrow(/"61" is no minute.*Mars\/Base.*no job "nobody"/)
      expect(await b.queue.schedules()).toHaveLength(1)
    })
  })
}
