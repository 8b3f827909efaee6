import { describe, expect, it } from 'vitest'
import type { Forget, LogAppend } from '../ports/event-log.ts'
import { consumerContract } from './event-log-consumer-contract.ts'
import { type OpenLogAt, records, TOPIC, withLog } from './event-log-fixtures.ts'

/**
 * What every event log guarantees. Each test uses a place of its own. `keepsReports`: a group remembers what it was
 * told; a log that shares its store with the states need not.
 */
export function eventLogContract(name: string, open: OpenLogAt, keepsReports = true): void {
  describe(`event log contract: ${name}`, { timeout: 60_000 }, () => {
    let places = 0
    const use = (work: Parameters<typeof withLog>[2]) => withLog(open, `log${++places}`, work)

    it('makes topics once and keeps their partition count', () =>
      use(async (log) => {
        await log.ensureTopics([TOPIC, 'mastery.scores'], 3)
        await log.ensureTopics([TOPIC], 5)
        expect(await log.partitions(TOPIC)).toBe(3)
        expect(await log.partitions('mastery.scores')).toBe(3)
        await expect(log.partitions('learning.rejects')).rejects.toThrow(/learning\.rejects/)
      }))

    it('keeps the order per partition and gives ascending offsets', () =>
      use(async (log) => {
        const mixed = records(0, 50).flatMap((r, i) => [r, ...records(1, 1, i), ...records(2, 1, i)])
        await log.append(mixed.slice(0, 70))
        await log.append(mixed.slice(70))
        for (const p of [0, 1, 2]) {
          const got = await log.read(TOPIC, p, 0, 1000)
          expect(got.map((r) => r.value.toString())).toEqual(records(p, 50).map((r) => r.value.toString()))
          expect(got.every((r, i) => i === 0 || r.offset > got[i - 1]!.offset)).toBe(true)
        }
      }))

    it('gives back key, value and timestamp to the byte', () =>
      use(async (log) => {
        const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
        const keys = ['', 'naïve', '學生/42', '👩‍🎓\u0000tail', 'a'.repeat(500)]
        // The past of an import, the present, and a clock that runs ahead.
        const times = [0, 1_262_304_000_123, 1_700_000_000_000, 1_999_999_999_999]
        const all = keys.flatMap((key) =>
          times.flatMap((timestamp) =>
            [bytes, Buffer.alloc(0)].map((value) => ({ topic: TOPIC, partition: 1, key, value, timestamp }) as const),
          ),
        )
        await log.append(all)
        const got = await log.read(TOPIC, 1, 0, 1000)
        expect(got.map(({ key, timestamp }) => ({ key, timestamp }))).toEqual(
          all.map(({ key, timestamp }) => ({ key, timestamp })),
        )
        expect(got.every((r, i) => Buffer.isBuffer(r.value) && r.value.equals(all[i]!.value))).toBe(true)
      }))

    it('forgets a key up to an offset but for what is to be kept, or says that it can not', () =>
      use(async (log) => {
        const one = (i: number, key: string): LogAppend => ({
          topic: TOPIC,
          partition: 0,
          key,
          value: Buffer.from(`${key} ${i}`),
          timestamp: i,
        })
        const all = Array.from({ length: 60 }, (_, i) => one(i, i % 3 === 0 ? 'gone' : `stays${i}`))
        await log.append(all.slice(0, 25))
        await log.append(all.slice(25))
        const keep = (value: Buffer) => value.toString() === 'gone 30'
        const of: Forget = { topic: TOPIC, partition: 0, key: 'gone', before: 49, keep }
        const forgotten = await log.forget(of)
        const left = (await log.read(TOPIC, 0, 0, 1000)).map((r) => `${r.offset} ${r.value}`)
        const wanted = all.flatMap((r, i) =>
          forgotten !== null && r.key === 'gone' && i < 49 && i !== 30 ? [] : [`${i} ${r.value}`],
        )
        expect(left).toEqual(wanted)
        expect(await log.bounds(TOPIC, 0)).toEqual({ start: 0, end: 60 })
        if (forgotten === null) return
        expect(forgotten).toBe(16)
        expect(await log.forget(of)).toBe(0)
        await log.append([one(60, 'gone')])
        expect((await log.read(TOPIC, 0, 58, 10)).map((r) => r.offset)).toEqual([58, 59, 60])
        expect(await log.forget({ ...of, key: null, keep: (v) => v.toString() !== 'stays1 1' })).toBe(1)
        expect((await log.read(TOPIC, 0, 0, 3)).map((r) => r.offset)).not.toContain(1)
        // A partition always ends with a record.
        await log.forget({ ...of, before: 1_000 })
        expect((await log.read(TOPIC, 0, 50, 20)).at(-1)!.offset).toBe(60)
      }))

    it('holds what append has resolved, for any other handle', () =>
      use(async (log, again) => {
        await log.append(records(0, 5))
        const other = await again()
        expect((await other.read(TOPIC, 0, 0, 10)).length).toBe(5)
        expect(await other.bounds(TOPIC, 0)).toEqual({ start: 0, end: 5 })
        await other.append(records(0, 2, 5))
        expect((await log.read(TOPIC, 0, 4, 10)).map((r) => r.value.toString())).toEqual(['p0-4', 'p0-5', 'p0-6'])
      }))

    it('takes an empty append and knows the bounds of an empty partition', () =>
      use(async (log) => {
        await log.append([])
        expect(await log.bounds(TOPIC, 2)).toEqual({ start: 0, end: 0 })
        expect(await log.read(TOPIC, 2, 0, 10)).toEqual([])
        await log.append(records(1, 3))
        expect(await log.bounds(TOPIC, 2)).toEqual({ start: 0, end: 0 })
        expect(await log.bounds(TOPIC, 1)).toEqual({ start: 0, end: 3 })
        if (log.ends) expect(await log.ends(TOPIC)).toEqual([0, 3, 0])
      }))

    it('reads a finite range and no further', () =>
      use(async (log) => {
        await log.append(records(0, 20))
        const some = await log.read(TOPIC, 0, 7, 5)
        expect(some.map((r) => r.offset)).toEqual([7, 8, 9, 10, 11])
        expect((await log.read(TOPIC, 0, 18, 50)).map((r) => r.offset)).toEqual([18, 19])
        expect(await log.read(TOPIC, 0, 20, 50)).toEqual([])
        expect(await log.read(TOPIC, 0, 0, 0)).toEqual([])
      }))

    it('takes big records, and more in one append than one request carries', () =>
      use(async (log) => {
        const big = records(0, 3, 0, 900_000)
        await log.append(big)
        await log.append(records(1, 6_000, 0, 1_000))
        expect((await log.read(TOPIC, 0, 0, 10)).map((r) => r.value.length)).toEqual(big.map((r) => r.value.length))
        const many = await log.read(TOPIC, 1, 0, 10_000)
        expect(many.length).toBe(6_000)
        expect(many.every((r, i) => r.offset === i && r.value.toString('utf8').startsWith(`p1-${i}x`))).toBe(true)
      }))

    it("keeps each caller's order when appends overlap", () =>
      use(async (log) => {
        await Promise.all(Array.from({ length: 40 }, (_, n) => log.append(records(n % 3, 25, n * 25))))
        for (const p of [0, 1, 2]) {
          const got = (await log.read(TOPIC, p, 0, 10_000)).map((r) => Number(r.value.toString().split('-')[1]))
          expect(new Set(got).size).toBe(got.length)
          for (let n = p; n < 40; n += 3) {
            const own = got.filter((v) => Math.floor(v / 25) === n)
            expect(own).toEqual(Array.from({ length: 25 }, (_, i) => n * 25 + i))
          }
        }
      }))

    consumerContract(use, keepsReports)
  })
}
