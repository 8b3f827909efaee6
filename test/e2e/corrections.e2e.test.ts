import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { masteryOk, sqlRows } from '../processes/here.ts'
import { type Server, startMastery } from '../processes/server.ts'

interface HistoryRow {
  mastery_score: number
  cause: string
  reason: string | null
  as_of: string
}

/** 1 September 2026, eight o'clock, and so many minutes. */
const at = (minutes: number) => new Date(Date.UTC(2026, 8, 1, 8, minutes)).toISOString()

describe('a correction', { timeout: 90_000 }, () => {
  const data = mkdtempSync(join(tmpdir(), 'corrections-'))
  let server: Server
  let url: string
  let key: string | null

  beforeAll(async () => {
    ;({ server, url, apiKey: key } = await startMastery(data))
  }, 60_000)
  afterAll(async () => {
    await server.signal('SIGTERM')
    rmSync(data, { recursive: true, force: true })
  }, 30_000)

  async function send(...records: object[]): Promise<void> {
    const response = await fetch(`${url}/v1/events`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(records),
    })
    expect(await response.json()).toMatchObject({ rejected: 0 })
  }
  const answer = (student: string, id: string, minutes: number, correct: boolean) => ({
    id: `${student}-${id}`,
    student,
    kind: 'quiz_attempt',
    item: id,
    topics: ['ratios'],
    occurred_at: at(minutes),
    correct,
  })
  async function blendHistory(student: string): Promise<HistoryRow[]> {
    const response = await fetch(`${url}/mastery/${student}/ratios/history?source=blend`)
    return response.ok ? ((await response.json()) as { rows: HistoryRow[] }).rows : []
  }
  async function current(student: string): Promise<{ mastery: number; opportunities: number } | null> {
    const response = await fetch(`${url}/mastery/${student}`)
    if (!response.ok) return null
    const { topics } = (await response.json()) as { topics: { mastery: number; opportunities: number }[] }
    return topics[0] ?? null
  }
  async function until<T>(ask: () => Promise<T>, done: (found: T) => boolean): Promise<T> {
    const limit = performance.now() + 30_000
    for (;;) {
      const found = await ask()
      if (done(found)) return found
      if (performance.now() > limit) throw new Error(`It never came: ${JSON.stringify(found)}`)
      await new Promise((r) => setTimeout(r, 50))
    }
  }

  it('brings every model to where it would be had the answer been right at once; history keeps both and says why', async () => {
    await send(answer('ada', 'q1', 0, true), answer('ada', 'q2', 1, false), answer('ada', 'q3', 2, true))
    await send({
      id: 'fix-1',
      student: 'ada',
      occurred_at: at(30),
      correction: { event: 'ada-q2', correct: true, reason: 'the key was wrong' },
    })
    await send(answer('bob', 'q1', 0, true), answer('bob', 'q2', 1, true), answer('bob', 'q3', 2, true))
    const right = await until(
      () => current('bob'),
      (c) => c?.opportunities === 3,
    )
    const mended = await until(
      () => blendHistory('ada'),
      (rows) => rows.some((r) => r.cause === 'corrected'),
    )
    expect((await current('ada'))!.mastery).toBe(right!.mastery)
    expect(mended.filter((r) => r.cause === 'counted')).toHaveLength(3)
    const [corrected] = mended.filter((r) => r.cause === 'corrected')
    expect(corrected).toMatchObject({ reason: 'the key was wrong', as_of: at(2) })
    const before = mended.find((r) => r.as_of === at(2) && r.cause === 'counted')!
    expect(corrected!.mastery_score).toBeGreaterThan(before.mastery_score)
  })

  it('holds for a void that comes before its target', async () => {
    await send({ id: 'void-1', student: 'cleo', occurred_at: at(5), void: 'cleo-q2', reason: 'sent by mistake' })
    await send(answer('cleo', 'q1', 0, true), answer('cleo', 'q2', 1, false), answer('cleo', 'q3', 2, true))
    await send(answer('dan', 'q1', 0, true), answer('dan', 'q3', 2, true))
    const wanted = await until(
      () => current('dan'),
      (c) => c?.opportunities === 2,
    )
    await until(
      () => current('cleo'),
      (c) => c?.opportunities === 2,
    )
    const rows = await until(
      () => blendHistory('cleo'),
      (r) => r.length === 2,
    )
    expect(rows.every((r) => r.cause === 'counted')).toBe(true)
    expect((await current('cleo'))!.mastery).toBe(wanted!.mastery)
  })

  it('is carried out again by a replay into a new generation, with what its teacher judged, and in the same words', async () => {
    const mark = { id: 'mark-1', student: 'ada', kind: 'teacher_feedback', role: 'evidence', topics: ['ratios'] }
    await send({ ...mark, occurred_at: at(40), score: 0.9 })
    const told = (generation: number) =>
      sqlRows<{ cause: string; mastery: number; explanation: string }>(
        `SELECT toString(cause) AS cause, arrayElement(mastery_scores, -1) AS mastery, explanation
         FROM student_mastery_history_rows FINAL WHERE generation = ${generation}
         ORDER BY src_partition, src_offset, ordinal`,
        { data },
      )
    const first = await until(
      () => told(0),
      (rows) => rows.some((r) => r.explanation.includes('A teacher judged it at 90 %')),
    )
    expect(first.find((r) => r.cause === 'corrected')!.explanation).toContain('An answer was corrected to 100 %')
    await masteryOk(['replay', '--switch', '--reason', 'again'], { data })
    expect(await told(1)).toEqual(first)
    // The judgement is evidence, and no answer that anybody is measured by.
    const [answers] = await sqlRows<{ n: number }>(
      "SELECT toUInt32(count()) AS n FROM v_answers WHERE kind = 'teacher_feedback'",
      { data },
    )
    expect(answers!.n).toBe(0)
  })
})
