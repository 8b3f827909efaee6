import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { GoldStore } from '../ports/gold-store.ts'
import { AT, cut, disposition, mastery, prediction, rows } from './gold-store-fixtures.ts'

/** What every gold store must do, whichever engine is behind it. `open` gives an empty, migrated store. */
export function goldStoreContract(
  name: string,
  open: () => Promise<{ gold: GoldStore; close(): Promise<void> }>,
): void {
  describe(`gold store: ${name}`, () => {
    let gold: GoldStore
    let close: () => Promise<void>
    beforeAll(async () => {
      const opened = await open()
      gold = opened.gold
      close = opened.close
    })
    afterAll(() => close())

    const count = async (table: string, where = '1') =>
      (await gold.query<{ n: number }>(`SELECT count() AS n FROM ${table} FINAL WHERE ${where}`))[0]!.n

    it('migrates again without harm', async () => {
      await gold.migrate()
      await gold.migrate()
      expect((await gold.query('SELECT * FROM v_data_dictionary LIMIT 1')).length).toBe(1)
    })

    it('counts exactly after retries, however the batches were cut', async () => {
      const all = Array.from({ length: 1000 }, (_, i) => disposition('cuts', i))
      for (const size of [1000, 333, 70]) {
        for (let at = 0; at < all.length; at += size)
          await gold.insert([rows('event_dispositions', all.slice(at, at + size))])
        expect(await count('event_dispositions', "student_id = 'cuts'")).toBe(1000)
      }
    })

    it('a lost acknowledgement and a batch that is cut again change nothing that a reader sees', async () => {
      const student = 'recut'
      const n = 120
      const list = <T>(make: (i: number) => T) => Array.from({ length: n }, (_, i) => make(i))
      const scores = list((i) => mastery(student, `topic-${i % 7}`, i, i / n))
      const tables: [string, unknown[][]][] = [
        ['event_dispositions', list((i) => disposition(student, i, i % 5 === 0 ? 'duplicate' : 'counted'))],
        ['student_mastery_history_rows', scores],
        ['student_mastery_rows', scores],
        ['next_correct_prediction_rows', list((i) => prediction(student, i))],
      ]
      const from = [
        ...tables.map(([table]) => `${table} FINAL`),
        'student_mastery',
        'student_mastery_history',
        'next_correct_predictions',
        'v_event_dispositions',
      ]
      const seen = async () =>
        Promise.all(
          from.map(async (f) => {
            const line = "formatRow('TSV', *)"
            const [row] = await gold.query<{ n: number; sum: string }>(
              `SELECT count() AS n, toString(sum(cityHash64(${line}))) AS sum FROM ${f} WHERE student_id = '${student}'`,
            )
            return [f, Number(row!.n), row!.sum]
          }),
        )
      for (const [table, all] of tables) await gold.insert([rows(table, all)])
      const once = await seen()
      expect(once.map((r) => r[1])).toEqual([n, n, 7, n, 28, 4 * n, 4 * n, n])
      for (const [table, all] of tables) await gold.insert([rows(table, all)])
      expect(await seen()).toEqual(once)
      for (const [size, step] of [
        [50, 50],
        [33, 20],
        [7, 5],
      ] as const) {
        for (const [table, all] of tables)
          await Promise.all(cut(all, size, step).map((piece) => gold.insert([rows(table, piece)])))
        expect(await seen()).toEqual(once)
      }
      await gold.insert(tables.map(([table, all]) => rows(table, all.toReversed())))
      expect(await seen()).toEqual(once)
    })

    it('shows the active generation only, and the others to those who ask for them', async () => {
      const student = 'generations'
      const generation = (id: number, status: string, at: number) => rows('generations', [[id, status, 'a test', at]])
      const shown = () =>
        gold.query<{ mastery_score: number; generation: number }>(
          `SELECT mastery_score, generation FROM v_student_mastery WHERE student_id = '${student}' AND score_source = 'blend'`,
        )
      const what = async () =>
        (
          await gold.query<{ disposition: string }>(
            `SELECT disposition FROM v_event_dispositions WHERE student_id = '${student}'`,
          )
        ).map((r) => r.disposition)
      const old = disposition(student, 1)
      const next = disposition(student, 1, 'superseded')
      next[10] = 1
      await gold.insert([rows('event_dispositions', [old, next])])
      await gold.insert([
        rows('student_mastery_rows', [mastery(student, 't', 5, 0.5), mastery(student, 't', 9, 0.9, 1)]),
      ])
      expect([await shown(), await what()]).toEqual([[{ mastery_score: 0.5, generation: 0 }], ['counted']])
      await gold.insert([generation(0, 'active', AT), generation(1, 'building', AT)])
      expect(await shown()).toEqual([{ mastery_score: 0.5, generation: 0 }])
      await gold.insert([generation(1, 'active', AT + 1), generation(0, 'standby', AT + 1)])
      expect([await shown(), await what()]).toEqual([[{ mastery_score: 0.9, generation: 1 }], ['superseded']])
      expect(
        await gold.query(
          `SELECT generation, count() AS n FROM student_mastery_rows FINAL WHERE student_id = '${student}' GROUP BY generation ORDER BY generation`,
        ),
      ).toEqual([
        { generation: 0, n: 1 },
        { generation: 1, n: 1 },
      ])
      await gold.insert([generation(0, 'active', AT + 2), generation(1, 'standby', AT + 2)])
      expect(await shown()).toEqual([{ mastery_score: 0.5, generation: 0 }])
    })

    it('takes rows of more months than one insert may touch by default', async () => {
      await gold.insert([
        rows(
          'event_dispositions',
          Array.from({ length: 150 }, (_, i) => disposition('months', i * 31)),
        ),
      ])
      expect(await count('event_dispositions', "student_id = 'months'")).toBe(150)
    })

    it('keeps times of every century to the millisecond, and shows what lies beyond its range as its ends', async () => {
      const times = [
        0,
        1,
        999,
        823_132_848_007,
        Date.UTC(1900, 0, 1),
        -1,
        Date.UTC(2299, 11, 31, 23, 59, 59, 999),
        AT + 123,
      ]
      const beyond = [Date.UTC(1850, 0, 1), Date.UTC(2500, 0, 1)]
      const list = [...times, ...beyond].map((at, i) => {
        const row = disposition('times', i)
        row[6] = at
        return row
      })
      await gold.insert([rows('event_dispositions', list)])
      const found = await gold.query<{ event_id: string; at: number }>(
        "SELECT event_id, toUnixTimestamp64Milli(occurred_at) AS at FROM event_dispositions FINAL WHERE student_id = 'times'",
      )
      const at = new Map(found.map((r) => [r.event_id, Number(r.at)]))
      times.forEach((t, i) => {
        expect(at.get(`event-${i}`)).toBe(t)
      })
      expect(at.get(`event-${times.length}`)).toBe(Date.UTC(1900, 0, 1))
      expect(at.get(`event-${times.length + 1}`)).toBe(Date.UTC(2299, 11, 31, 23, 59, 59, 999))
    })

    it('keeps the greatest version of a current row, in whatever order they come', async () => {
      await gold.insert([rows('student_mastery_rows', [mastery('ann', 't', 2, 0.6)])])
      await gold.insert([rows('student_mastery_rows', [mastery('ann', 't', 3, 0.7), mastery('ann', 't', 1, 0.1)])])
      const found = await gold.query<{ score_source: string; mastery_score: number; explanation: string }>(
        'SELECT score_source, mastery_score, explanation FROM v_student_mastery WHERE student_id = {s:String} ORDER BY score_source',
        { s: 'ann' },
      )
      expect(found.map((r) => [r.score_source, r.mastery_score])).toEqual([
        ['bkt', 0.25],
        ['blend', 0.7],
        ['elo', 0.75],
        ['rule', 0.5],
      ])
      expect(found[1]!.explanation).toBe('why\t"it\'s" \\ so\n3')
    })

    it('keeps doubles to the bit, nulls, arrays, and names of any script', async () => {
      const student = "o'brien \\ \u0415\u043b\u0435\u043d\u0430 \u{1F393}"
      const p = [0.1 + 0.2, 1 / 3, 5e-324, 1 - 2 ** -53]
      const row = [
        'school',
        student,
        'e1',
        null,
        AT,
        true,
        1,
        ['a', "b'c", 'd,e', 'f\\g'],
        ['1', '2', '3', '4'],
        p,
        1,
        7,
        0,
        0,
      ]
      await gold.insert([rows('next_correct_prediction_rows', [row])])
      const found = await gold.query<{ score_source: string; p: number; item: null }>(
        "SELECT score_source, p, item FROM next_correct_predictions WHERE student_id = {s:String} ORDER BY indexOf(['a'], score_source) DESC, score_source",
        { s: student },
      )
      expect(found.map((r) => r.score_source)).toEqual(['a', "b'c", 'd,e', 'f\\g'])
      found.forEach((r, i) => {
        expect(Object.is(r.p, p[i])).toBe(true)
        expect(r.item).toBeNull()
      })
    })

    it('says what is wrong with a query, and goes on', async () => {
      await expect(gold.query('SELECT nope')).rejects.toThrow(/nope/)
      await expect(gold.query('SELECT * FROM no_such_table')).rejects.toThrow(/no_such_table/)
      expect(await gold.query('SELECT 1 AS one')).toEqual([{ one: 1 }])
    })

    it('answers several at once, and as text', async () => {
      const all = await Promise.all(
        Array.from({ length: 8 }, (_, i) => gold.query<{ n: number }>('SELECT {i:UInt32} AS n', { i })),
      )
      expect(all.map((r) => r[0]!.n)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
      expect(await gold.queryText('SELECT 1 AS a, 2 AS b;', 'CSVWithNames')).toBe('"a","b"\n1,2\n')
    })
  })
}
