import { describe, expect, it } from 'vitest'
import { JobStateError, MAX_LOSSES, type Schedule } from '../ports/job-queue.ts'
import { MapJobStore } from '../testing/map-job-store.ts'
import { backoff, checkedSpec, definitionsOf } from './spec.ts'
import { JobTable } from './table.ts'

const DAY = 86_400_000
const T0 = Date.UTC(2026, 2, 1)
const jobs = definitionsOf([
  { name: 'night', about: '', exclusive: true, parse: (p) => p },
  { name: 'any', about: '', exclusive: false, attempts: 2, backoffMs: 100, parse: (p) => p },
])
const NAMES = ['night', 'any']

function world() {
  const store = new MapJobStore()
  const table = new JobTable(store, jobs)
  let n = 0
  return {
    store,
    table,
    add: (name: string, now: number, more = {}) =>
      table.add(
        checkedSpec({ name, payload: null, ...more }, jobs, () => String(++n)),
        now,
      ).id,
  }
}

describe('the table of jobs', () => {
  it('fires a schedule once for all the times that were missed, and then at the next', () => {
    const { table } = world()
    const hourly: Schedule = { id: 'hourly', name: 'any', payload: { n: 1 }, cron: '0 * * * *', timeZone: 'UTC' }
    table.timetable.set([hourly], T0 + 1)
    expect(table.fire(T0 + 2)).toBe(0)
    // Down for five hours; whoever starts sets the same schedule again, which must not forget what is due.
    const later = T0 + 5 * 3_600_000 + 60_000
    table.timetable.set([hourly], later)
    expect([table.fire(later), table.fire(later)]).toEqual([1, 0])
    expect([...table.all()].map((j) => [j.id, j.schedule, j.payload])).toEqual([
      [`any/hourly.${T0 + 3_600_000}`, 'hourly', { n: 1 }],
    ])
    expect(table.timetable.list()[0]!.nextAt).toBe(T0 + 6 * 3_600_000)
    expect(table.nextDue(later)).toBe(T0 + 6 * 3_600_000)
    table.timetable.set([{ ...hourly, cron: '30 * * * *' }], later)
    expect(table.timetable.list()[0]!.nextAt).toBe(T0 + 5.5 * 3_600_000)
    table.timetable.set([], later)
    expect(table.fire(T0 + DAY)).toBe(0)
  })

  it('gives up a job that its process does not outlive, and counts no failure for a few losses', () => {
    const { table, add } = world()
    const id = add('any', T0)
    for (let loss = 1; loss <= MAX_LOSSES; loss++) {
      expect(table.claim(NAMES, `owner${loss}`, T0)?.deliveries).toBe(loss)
      expect(table.reclaim((o) => o === `owner${loss}`, T0)).toBe(1)
      expect(table.get(id)).toMatchObject({ state: 'waiting', failures: 0 })
    }
    table.claim(NAMES, 'last', T0)
    expect(table.reclaim(() => false, T0)).toBe(0)
    table.reclaim(() => true, T0)
    expect(table.get(id)).toMatchObject({ state: 'dead', lastError: { name: 'JobLost' } })
    table.retry(id, T0)
    expect(table.claim(NAMES, 'again', T0)?.id).toBe(id)
  })

  it('takes nothing from a run that was lost', () => {
    const { table, add } = world()
    const id = add('any', T0)
    const zombie = table.claim(NAMES, 'a', T0)!
    table.reclaim(() => true, T0)
    const heir = table.claim(NAMES, 'b', T0)!
    expect(table.standing(zombie)).toBe('lost')
    expect([table.complete(zombie, 'old', T0), table.fail(zombie, { name: 'E', message: '' }, true, T0)]).toEqual([
      false,
      'lost',
    ])
    table.progress(zombie, 0.9, 'old')
    table.handBack(zombie, T0)
    table.cancelled(zombie, T0)
    expect(table.get(id)).toMatchObject({ state: 'active', owner: 'b', progress: { fraction: 0 } })
    expect(table.complete(heir, 'new', T0)).toBe(true)
    expect(table.get(id)?.result).toBe('new')
    expect(table.ledger.read(id)).toMatchObject({ done: true, result: 'new' })
  })

  it('completes a job whose key is done already without a run', () => {
    const { table, add } = world()
    const id = add('any', T0, { idempotencyKey: 'k' })
    table.ledger.finish('k', 'known', T0)
    expect(table.claim(NAMES, 'a', T0)).toBeNull()
    expect(table.get(id)).toMatchObject({ state: 'completed', result: 'known', deliveries: 0 })
  })

  it('runs in the order in which jobs fall due, an exclusive one alone, its failures later and later', () => {
    const { table, add } = world()
    const [second, first] = [add('night', T0 + 1), add('any', T0)]
    const third = add('night', T0 + 2)
    const a = table.claim(NAMES, 'o', T0 + 5)!
    const b = table.claim(NAMES, 'o', T0 + 5)!
    expect([a.id, b.id, table.claim(NAMES, 'o', T0 + 5)]).toEqual([first, second, null])
    expect(table.fail(a, { name: 'E', message: 'x' }, false, T0 + 10)).toBe('again')
    expect(table.nextDue(T0 + 10)).toBe(T0 + 110)
    expect(table.claim(['any'], 'o', T0 + 109)).toBeNull()
    const again = table.claim(['any'], 'o', T0 + 110)!
    expect(table.fail(again, { name: 'E', message: 'x' }, false, T0 + 120)).toBe('dead')
    table.complete(b, null, T0 + 120)
    expect(table.claim(NAMES, 'o', T0 + 120)?.id).toBe(third)
    expect([backoff(100, 1), backoff(100, 4), backoff(100, 100)]).toEqual([100, 800, 3_600_000])
  })

  it('calls off a run that fails or is lost after it was cancelled, instead of trying it again', () => {
    const { table, add } = world()
    for (const end of ['fail', 'reclaim', 'handBack'] as const) {
      const id = add('any', T0)
      const run = table.claim(NAMES, 'o', T0)!
      table.cancel(id, T0)
      expect(table.standing(run)).toBe('cancel')
      if (end === 'fail') table.fail(run, { name: 'E', message: '' }, false, T0)
      else if (end === 'reclaim') table.reclaim(() => true, T0)
      else table.handBack(run, T0)
      expect([end, table.get(id)?.state]).toEqual([end, 'cancelled'])
    }
    expect(() => table.cancel('any/none', T0)).toThrow(JobStateError)
  })

  it('forgets completed jobs after a week and keys after 90 days, dead jobs never', () => {
    const { table, add, store } = world()
    const done = add('any', T0)
    table.complete(table.claim(NAMES, 'o', T0)!, 'r', T0)
    table.ledger.record(done, 'step', 1)
    const dead = add('any', T0)
    table.fail(table.claim(NAMES, 'o', T0)!, { name: 'E', message: '' }, true, T0)
    table.prune(T0 + 6 * DAY)
    expect(table.get(done)?.state).toBe('completed')
    table.prune(T0 + 8 * DAY)
    expect([table.get(done), table.get(dead)?.state]).toEqual([null, 'dead'])
    expect(table.ledger.read(done)?.done).toBe(true)
    table.prune(T0 + 91 * DAY)
    expect([table.ledger.read(done), table.ledger.step(done, 'step')]).toEqual([null, undefined])
    expect([...store.range('ledger/')].map(([k]) => k)).toEqual([`ledger/${dead}`])
  })
})
