import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Found } from '@mastery/topology/drift/report/found.ts'
import { simulateSchool } from '@mastery/topology/school/school.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mastery, masteryOk, type Place, sqlRows } from '../processes/here.ts'

const folder = mkdtempSync(join(tmpdir(), 'drift-'))
const place: Place = { data: join(folder, 'data') }
const DAY = 86_400_000
const PLANTED = Date.UTC(2025, 8, 1) + 70 * DAY

describe('a drift that was planted in the simulated school', () => {
  let found: Found
  const page = join(folder, 'drift.html')
  beforeAll(async () => {
    await masteryOk(['simulate', '--students', '50', '--events', '20000', '--drift', 'seconds:1.6@70'], place)
    found = JSON.parse((await masteryOk(['drift', 'report', '--json', '--out', page], place)).out) as Found
  }, 240_000)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('is found in the series that it changed, after its day', () => {
    const times = found.series.find((s) => s.name === 'response_seconds_7d')!
    const drifting = times.windows.filter((w) => w.window_kind === 'week' && w.state === 'drift')
    expect(drifting.length).toBeGreaterThan(0)
    expect(drifting[0]!.to).toBeGreaterThan(PLANTED)
    const mean = drifting[0]!.metrics.find((m) => m.name === 'mean_difference')!
    expect(mean.value).toBeGreaterThan(mean.critical!)
    const missing = found.series.find((s) => s.kind === 'missing' && s.name === 'response_time')!
    expect(missing.windows.every((w) => w.state !== 'drift')).toBe(true)
  })

  it('is on the page, with the plots', () => {
    const html = readFileSync(page, 'utf8')
    expect(html).toContain('feature/response_seconds_7d')
    expect(html.match(/<svg/g)!.length).toBeGreaterThan(4)
    expect(html).not.toMatch(/NaN|undefined|Infinity/)
  })

  it('has in gold windows that add up to the answers, and quality that SQL finds in the predictions', async () => {
    const [sum] = await sqlRows<{ n: number; of: number }>(
      `SELECT (SELECT sum(answers) FROM v_model_quality WHERE model = 'bkt') AS n, count() AS of FROM next_correct_predictions
       WHERE score_source = 'bkt' AND occurred_at < (SELECT max(window_to) FROM v_model_quality)`,
      place,
    )
    expect(Number(sum!.n)).toBe(Number(sum!.of))
    const [worst] = await sqlRows<{ apart: number }>(
      `SELECT max(abs(q.log_loss - p.loss)) AS apart FROM v_model_quality AS q
       JOIN (SELECT toStartOfWeek(occurred_at, 1, 'UTC') AS week, avg(-log(greatest(1e-6, if(correct, p, 1 - p)))) AS loss, count() AS n
         FROM next_correct_predictions WHERE score_source = 'elo' GROUP BY week) AS p ON toDate(q.window_from) = p.week
       WHERE q.model = 'elo' AND q.answers = p.n`,
      place,
    )
    expect(Number(worst!.apart)).toBeLessThan(1e-6)
  })

  it('is looked for in each subject once there is a curriculum', async () => {
    const own: Place = { data: join(folder, 'subjects') }
    const { topics } = simulateSchool({ seed: 1, students: 30, events: 4000, tenant: 'demo', pseudonym: (id) => id })
    const file = join(folder, 'graph.json')
    writeFileSync(file, JSON.stringify({ topics: topics.map(({ id, subject }) => ({ topic: id, subject })) }))
    await masteryOk(['curriculum', 'set', '--file', file], own)
    await masteryOk(['simulate', '--students', '30', '--events', '4000'], own)
    const rows = await sqlRows<{ subject: string; series: number; answers: number }>(
      `SELECT subject, uniqExact(kind, name, model, model_version) AS series,
         sumIf(rows, name LIKE 'predictions%' AND model = 'elo') AS answers
       FROM v_feature_drift WHERE kind IN ('feature', 'quality') AND window_kind = 'week' GROUP BY subject ORDER BY subject`,
      own,
    )
    const subjects = [...new Set(topics.map((t) => t.subject))].sort()
    expect(subjects.length).toBeGreaterThan(1)
    expect(rows.map((r) => r.subject)).toEqual(['', ...subjects])
    const [whole, ...parts] = rows.map((r) => Number(r.answers))
    expect(parts.reduce((a, b) => a + b, 0)).toBe(whole)
    const quality = await sqlRows<{ n: number }>(
      "SELECT sum(answers) AS n FROM v_model_quality WHERE model = 'elo'",
      own,
    )
    expect(Number(quality[0]!.n)).toBe(whole)
  })

  it('is asked for in one way, and said so', async () => {
    const wrong = await mastery(['drift'], place)
    expect(wrong.code).not.toBe(0)
    expect(wrong.err).toContain('npx mastery drift report')
    const bad = await mastery(['simulate', '--drift', 'moon:1@3'], place)
    expect(bad.code).not.toBe(0)
    expect(bad.err).toContain('skill:LOGITS@DAY')
  })
})
