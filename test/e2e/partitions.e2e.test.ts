import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { partitionOf } from '@mastery/topology/partition.ts'
import type { ReconcileReport } from '@mastery/topology/reconcile/report.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { answersCsv } from '../generators/answers-csv.ts'
import { importFile, mastery, masteryOk, type Place, sqlRows } from '../processes/here.ts'
import { type Server, startMastery } from '../processes/server.ts'

interface Listed {
  id: number
  status: string
  partitions: number
  progress: { done: number; total: number; behind: number }
}

interface Diff {
  differences: { what: string; equal: number; changed: number; onlyOld: number; onlyNew: number }[]
}

interface Mastery {
  generation: number
  topics: { topic_id: string; mastery: number; scores: unknown; opportunities: number; as_of: string }[]
}

describe('a replay with more partitions', { timeout: 180_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'partitions-'))
  const place: Place = { data: join(folder, 'data') }
  const csv = answersCsv({ seed: 9, rows: 1_500, students: 60, topics: 6 })
  const students = [...new Set(csv.answers.map((a) => a.student))]
  let server: Server
  let url: string

  const start = async () => {
    ;({ server, url } = await startMastery(place.data!))
  }
  const killed = async () => {
    await server.signal('SIGKILL')
    await start()
  }
  const json = async <T>(...args: string[]) => JSON.parse((await masteryOk([...args, '--json'], place)).out) as T
  const listed = () => json<Listed[]>('generations', 'list')
  const imported = async (name: string, text: string) => {
    const file = join(folder, name)
    writeFileSync(file, text)
    return importFile('csv', file, place)
  }
  /** One right answer of every student. */
  const oneMore = (name: string, at: string) =>
    imported(
      `${name}.csv`,
      `student,item,topic,occurred_at,correct\n${students.map((s) => `${s},${name},fractions,${at},1`).join('\n')}\n`,
    )
  const answer = async (student: string): Promise<Mastery> => {
    const response = await fetch(`${url}/mastery/${student}`)
    expect([student, response.status]).toEqual([student, 200])
    return (await response.json()) as Mastery
  }
  /** What the API says of everybody, but for windows that end now. */
  const answers = async (generation: number) => {
    const all: string[] = []
    for (const student of students) {
      const found = await answer(student)
      expect(found.generation).toBe(generation)
      for (const t of found.topics)
        all.push(JSON.stringify([student, t.topic_id, t.mastery, t.scores, t.opportunities, t.as_of]))
    }
    return all
  }
  const opportunities = async (student: string, topic: string) =>
    (await answer(student)).topics.find((t) => t.topic_id === topic)?.opportunities ?? 0
  /** Every row of one generation stands in the other. */
  const equal = async (id: number) => {
    await masteryOk(['generations', 'wait', String(id)], place)
    const { differences } = await json<Diff>('generations', 'diff', String(id))
    expect(differences.map((d) => d.what)).toEqual(
      expect.arrayContaining(['features', 'blend', 'history', 'predictions']),
    )
    for (const d of differences) expect(d).toMatchObject({ changed: 0, onlyOld: 0, onlyNew: 0 })
    expect(Math.min(...differences.map((d) => d.equal))).toBeGreaterThan(200)
  }
  const partitionsOfRows = async (table: string, generation: number) =>
    (
      await sqlRows<{ p: number }>(
        `SELECT DISTINCT src_partition AS p FROM ${table} WHERE generation = ${generation} ORDER BY p`,
        place,
      )
    ).map((r) => r.p)

  beforeAll(async () => {
    await start()
    await imported('answers.csv', csv.text)
  }, 120_000)
  afterAll(async () => {
    await server.signal('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })

  it.each([
    ['6', 'Choose a multiple of 4 (4, 8, 12 and so on up to 252)'],
    ['2', 'fewer than 4 would merge partitions'],
    ['256', 'up to 252'],
    ['many', 'NaN partitions are not possible'],
  ])('is refused with %s of them, and says which there can be', async (partitions, why) => {
    const refused = await mastery(['replay', '--partitions', partitions, '--dry-run'], place)
    expect([refused.code, refused.err]).toEqual([2, expect.stringContaining(why)])
  })

  it('says what it would do', async () => {
    expect(await json('replay', '--partitions', '8', '--dry-run')).toMatchObject({
      partitions: 8,
      events: csv.answers.length,
    })
    const { out } = await masteryOk(['replay', '--partitions', '8', '--dry-run'], place)
    expect(out).toContain('with 8 partitions each (learning.events has 4)')
    expect((await listed()).map((g) => [g.id, g.partitions])).toEqual([[0, 4]])
  })

  it('goes on after a kill half-way, takes what comes meanwhile, and ends with the same rows', async () => {
    const replay = mastery(['replay', '--partitions', '8', '--rate', '60'], place).catch(() => null)
    for (;;) {
      const one = (await listed()).find((g) => g.id === 1)
      if (one && one.progress.done > 0) {
        expect(one).toMatchObject({ status: 'building', partitions: 8 })
        expect(one.progress.done).toBeLessThan(one.progress.total)
        break
      }
    }
    await killed()
    await replay
    await oneMore('live', '2026-03-01T08:00:00Z')
    await equal(1)
    expect((await listed()).map((g) => [g.id, g.status, g.partitions])).toEqual([
      [0, 'active', 4],
      [1, 'ready', 8],
    ])
    const known = await sqlRows<{ s: string }>('SELECT DISTINCT student_id AS s FROM student_mastery_rows', place)
    expect(known).toHaveLength(students.length)
    for (const [generation, partitions] of [
      [0, 4],
      [1, 8],
    ] as const)
      expect(await partitionsOfRows('student_mastery_history_rows', generation)).toEqual(
        [...new Set(known.map(({ s }) => partitionOf(s, partitions)))].sort(),
      )
    // A feature row has the place of its event, which is the same for all generations.
    expect(await partitionsOfRows('event_dispositions', 1)).toEqual(await partitionsOfRows('event_dispositions', 0))
  })

  it('answers the same after the switch, and scores what comes then, also after a kill', async () => {
    const before = await answers(0)
    expect(before.length).toBeGreaterThan(200)
    await masteryOk(['generations', 'switch', '1'], place)
    expect(await answers(1)).toEqual(before)
    await oneMore('after', '2026-03-02T08:00:00Z')
    for (const student of students) expect([student, await opportunities(student, 'fractions')]).toEqual([student, 2])
    await killed()
    const summary = await oneMore('again', '2026-03-03T08:00:00Z')
    expect(summary.models['blend']!.n).toBe(students.length)
    for (const student of students) expect([student, await opportunities(student, 'fractions')]).toEqual([student, 3])
    const traced = await masteryOk(['trace', '--student', students[0]!, '--topic', 'fractions'], place)
    expect(traced.out).toMatch(/3 answers in all/)
    expect(await json('replay', '--dry-run')).toMatchObject({ partitions: 8 })
  })

  it('switches back and forth, and both generations have followed', async () => {
    const now = await answers(1)
    await masteryOk(['generations', 'switch', '0'], place)
    expect(await answers(0)).toEqual(now)
    await equal(1)
    await masteryOk(['generations', 'switch', '1'], place)
  })

  it('is reconciled, healed, rebuilt and erased in its own partitions', async () => {
    const clean = await json<ReconcileReport>('reconcile')
    expect(clean).toMatchObject({ status: 'clean', generation: 1, mismatches: 0, missing: 0, extra: 0 })
    expect([clean.students, clean.compared > 10_000]).toEqual([students.length, true])
    const [wrong] = await sqlRows<{ s: string }>(
      'SELECT student_id AS s FROM student_mastery_rows WHERE generation = 1 AND src_partition > 3 ORDER BY s LIMIT 1',
      place,
    )
    await sqlRows(
      `ALTER TABLE student_mastery_rows UPDATE mastery_scores = arrayMap(m -> m / 2, mastery_scores) WHERE generation = 1 AND student_id = '${wrong!.s}' SETTINGS mutations_sync = 2`,
      place,
    )
    expect(await json<ReconcileReport>('reconcile')).toMatchObject({ status: 'healed', differing: 1, healed: 1 })
    // None of those who are erased below: a rebuild leaves a record in the generation it is for, and in no other.
    const first = await sqlRows<{ s: string }>(
      'SELECT DISTINCT student_id AS s FROM student_mastery_rows WHERE generation = 1 ORDER BY s LIMIT 4',
      place,
    )
    for (const { s: student } of first)
      expect(await json('rebuild', '--student', student)).toMatchObject({ students: 1, installed: 1 })
    expect(await json<ReconcileReport>('reconcile')).toMatchObject({ status: 'clean', generation: 1 })

    const gone = await sqlRows<{ s: string }>(
      'SELECT DISTINCT student_id AS s FROM student_mastery_rows WHERE generation = 1 AND src_partition > 3 ORDER BY s DESC LIMIT 2',
      place,
    )
    expect(gone).toHaveLength(2)
    for (const { s: student } of gone) {
      const { out } = await masteryOk(['erase', '--student', student, '--yes', '--json'], place)
      const receipt = JSON.parse(out.trim().split('\n').at(-1)!) as {
        status: string
        waiting_for: string[]
        state: { generation: number; found: string }[]
        gold: { table: string; removed: number; left: number; verified: boolean }[]
        topics: { topic: string; removed: number }[]
      }
      expect(receipt).toMatchObject({ status: 'complete', waiting_for: [] })
      expect(receipt.state.map((s) => `${s.generation} ${s.found}`)).toEqual([
        '0 erased',
        '0 erased',
        '0 erased',
        '1 erased',
        '1 erased',
        '1 erased',
      ])
      expect(receipt.gold.filter((g) => g.left > 0 || !g.verified)).toEqual([])
      const removed = (topic: string) => receipt.topics.find((t) => t.topic === topic)!.removed
      for (const topic of ['learning.features', 'mastery.scores'])
        expect([topic, removed(`${topic}.g1`)]).toEqual([topic, removed(topic)])
      expect(removed('mastery.scores.g1')).toBeGreaterThan(2)
    }
    const left = await sqlRows<{ g: number; n: number }>(
      'SELECT generation AS g, uniqExact(student_id) AS n FROM student_mastery_history_rows GROUP BY g ORDER BY g',
      place,
    )
    expect(left.map((r) => Number(r.n))).toEqual([students.length - 2, students.length - 2])
  })

  it('is followed by another one with as many as before, and dropped whole', async () => {
    await masteryOk(['generations', 'switch', '0'], place)
    const replay = await json<{ generation: number; partitions: number }>('replay')
    expect(replay).toMatchObject({ generation: 2, partitions: 4 })
    const same = async () => {
      const rows = await sqlRows<{ generation: number; hash: string }>(
        `SELECT generation, toString(sum(cityHash64(formatRow('TSV', * EXCEPT (generation, version, last_updated, src_partition, src_offset, ordinal, cause, reason, event_id, revision, explanation))))) AS hash
         FROM student_mastery_rows FINAL WHERE opportunities > 0 GROUP BY generation ORDER BY generation`,
        place,
      )
      expect(rows.map((r) => r.hash)).toEqual(rows.map(() => rows[0]!.hash))
      return rows.map((r) => r.generation)
    }
    expect(await same()).toEqual([0, 1, 2])
    await masteryOk(['generations', 'drop', '1'], place)
    expect((await listed()).map((g) => [g.id, g.partitions])).toEqual([
      [0, 4],
      [2, 4],
    ])
    expect(await same()).toEqual([0, 2])
    const [stays] = await sqlRows<{ s: string }>(
      'SELECT DISTINCT student_id AS s FROM student_mastery_rows LIMIT 1',
      place,
    )
    const export_ = await masteryOk(['export', '--student', stays!.s, '--out', join(folder, 'export')], place)
    expect(export_.code).toBe(0)
  })
})
