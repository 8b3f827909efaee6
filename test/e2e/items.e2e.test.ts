import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Random } from '@mastery/topology/school/random.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { importFile, mastery, masteryOk, type Place, sqlRows } from '../processes/here.ts'

const folder = mkdtempSync(join(tmpdir(), 'items-'))
const place: Place = { data: join(folder, 'data') }
const STUDENTS = 60
const ITEMS = 12
const WEEKS = 4
const WEEK = 7 * 86_400_000
const MONDAY = Date.UTC(2025, 8, 1, 8)
const GUESSERS = 6

/**
 * Every student answers every item once a week. Item q1's key is wrong, q2 turns two logits harder in the fourth week,
 * the first six students guess rapidly four times in ten.
 */
function answersCsv(): string {
  const random = new Random(12)
  const rows = ['student,item,topic,occurred_at,correct,response_time_ms,option']
  const ability = Array.from({ length: STUDENTS }, () => 1.3 * random.normal())
  for (let week = 0; week < WEEKS; week++)
    for (let s = 0; s < STUDENTS; s++)
      for (let i = 0; i < ITEMS; i++) {
        const at = MONDAY + week * WEEK + (s * ITEMS + i) * 60_000
        const guess = s < GUESSERS && random.chance(0.4)
        const difficulty = -0.5 + 0.1 * i + (i === 2 && week === 3 ? 2 : 0)
        const right = random.chance(guess ? 0.25 : 1 / (1 + Math.exp(difficulty - ability[s]!)))
        const correct = i === 1 ? !right : right
        const ms = guess ? random.between(500, 1200) : Math.round(15_000 * Math.exp(0.4 * random.normal()))
        const option = right ? 'a' : 'bcd'[random.between(0, 2)]
        rows.push(`s${s},q${i},algebra,${new Date(at).toISOString()},${correct ? 1 : 0},${ms},${option}`)
      }
  return `${rows.join('\n')}\n`
}

interface Health {
  item: string
  status: string
  flags: string[]
  answers: number
  p_value: number
  mean_residual: number
  point_biserial: number
  infit_predicted: number
  outfit_predicted: number
  rapid_ms: number
  rapid_rate: number
  difficulty: number | null
  difficulty_observed: number
  model_version: string
  options: string[]
}

const json = async <T>(args: readonly string[]): Promise<T> =>
  JSON.parse((await masteryOk([...args, '--json'], place)).out)

describe('items, from answers to health, drift and behaviour', () => {
  beforeAll(async () => {
    const file = join(folder, 'answers.csv')
    writeFileSync(file, answersCsv())
    await importFile('csv', file, place)
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('have the health that SQL finds in the answers', async () => {
    const run = await json<{ answers: number; items: number; source: string }>(['items', 'health'])
    expect(run).toMatchObject({ answers: STUDENTS * ITEMS * WEEKS, items: ITEMS, source: 'elo', insufficient: 0 })
    const health = await json<Health[]>(['items', 'list'])
    const oracle = await sqlRows<Omit<Health, 'options'>>(
      `SELECT n.item AS item, count() AS answers, avg(c) AS p_value, avg(c - p) AS mean_residual, corr(c, log(p / (1 - p))) AS point_biserial,
         sum((c - p) * (c - p)) / sum(p * (1 - p)) AS infit_predicted, avg((c - p) * (c - p) / (p * (1 - p))) AS outfit_predicted,
         avg(e.response_time_ms < h.rapid_ms) AS rapid_rate
       FROM (SELECT *, toFloat64(correct) AS c FROM next_correct_predictions WHERE score_source = 'elo') AS n
       JOIN learning_events AS e USING (src_partition, src_offset) JOIN v_item_health AS h ON n.item = h.item GROUP BY n.item`,
      place,
    )
    expect(oracle).toHaveLength(ITEMS)
    for (const o of oracle) {
      const h = health.find((x) => x.item === o.item)!
      expect(h.answers).toBe(o.answers)
      for (const k of [
        'p_value',
        'mean_residual',
        'point_biserial',
        'infit_predicted',
        'outfit_predicted',
        'rapid_rate',
      ] as const)
        expect([o.item, k, h[k].toFixed(9)]).toEqual([o.item, k, o[k].toFixed(9)])
      expect(h.options).toEqual(['a', 'b', 'c', 'd'])
    }
  })

  it('are flagged where something was planted, with reasons', async () => {
    const reversed = await json<Health[]>(['items', 'list', '--flag', 'negative_discrimination'])
    expect(reversed.map((h) => h.item)).toEqual(['q1'])
    const { out } = await masteryOk(['items', 'show', 'q1'], place)
    expect(out).toMatch(/negative_discrimination: abler students are right less often/)
    expect(out).toMatch(/option +chosen +share +key/)
    const [first] = await json<{ item: string; starts_at: string; robust_z: number }[]>([
      'items',
      'drift',
      '--period',
      'week',
    ])
    expect(first).toMatchObject({ item: 'q2', period: 'week', starts_at: '2025-09-22' })
    expect(first!.robust_z).toBeGreaterThan(2.7)
  })

  it('tell who guesses, and how groups of students differ', async () => {
    const low = await json<{ timed: number; effort: number }[]>(['behaviour', 'effort'])
    expect(low).toHaveLength(GUESSERS)
    expect(low.every((s) => s.timed === ITEMS * WEEKS && s.effort < 0.85)).toBe(true)
    const told = await masteryOk(['behaviour', 'thresholds'], place)
    expect(told.out).toMatch(
      /thresholds of 12 items and \d+ topics; below them are \d+ of 2,880 .* would teach 0\.5 of/,
    )
    const [, version] = /rapid-guesses (\S+):/.exec(told.out)!
    expect((await masteryOk(['models', 'show', 'rapid-guesses', version!], place)).out).toContain('"weight": 0.5')
    const file = join(folder, 'behavior_slices.md')
    await masteryOk(['behaviour', '--out', file], place)
    const report = readFileSync(file, 'utf8')
    expect(report).toMatch(/2,880 answers of 60 students, 2025-09-01 to 2025-09-22/)
    expect(report).toMatch(/\| students \| 20 \| 20 \| 20 \|/)
    expect(report).toMatch(/- right answers: \d/)
  })

  it('show the parameters of what is in force, and leave out what was voided', async () => {
    await masteryOk(['train', '--models', 'elo,irt'], place)
    await masteryOk(['models', 'activate', 'elo', 'latest', '--anyway'], place)
    const event = `SELECT tenant, student_id, event_id FROM learning_events WHERE item = 'q5' LIMIT 1`
    await masteryOk(
      [
        'sql',
        '--write',
        `INSERT INTO student_commands (tenant, student_id, command_id, kind, target_event_id, src_offset)
        SELECT tenant, student_id, 'taken back', 'void', event_id, 1000000 FROM (${event})`,
      ],
      place,
    )
    const ran = await masteryOk(['jobs', 'run', 'item-health'], place)
    expect(JSON.parse(ran.out)).toMatchObject({ answers: STUDENTS * ITEMS * WEEKS - 1, items: ITEMS, source: 'elo' })
    const health = await json<Health[]>(['items', 'list'])
    for (const h of health) {
      expect(h.model_version).toMatch(/^elo@\d{4}/)
      // Answers and fit agree, but for what was planted.
      if (!['q1', 'q2'].includes(h.item)) expect(Math.abs(h.difficulty! - h.difficulty_observed)).toBeLessThan(0.8)
    }
    const [elo] = await sqlRows<{ n: number; known: number }>(
      `SELECT count() AS n, countIf(in_force AND difficulty_se > 0) AS known FROM v_item_params WHERE model = 'elo'`,
      place,
    )
    expect(elo).toEqual({ n: ITEMS, known: ITEMS })
    const shown = await json<{ shown: string }>(['items', 'health', '--params', 'irt@latest'])
    expect(shown.shown).toMatch(/^irt@/)
    const { out } = await masteryOk(['items', 'show', 'q7'], place)
    expect(out).toMatch(/irt +\d{4}\S+ +-?\d/)
  })

  it('say what is wrong with a call', async () => {
    for (const [args, why] of [
      [['items', 'show', 'nothing'], /Nothing is known of an item "nothing"/],
      [['items', 'health', '--source', 'magic'], /No answer was predicted by "magic"; give one of/],
      [['items', 'health', '--params', 'irt'], /give MODEL@VERSION/],
      [['items', 'drift', '--period', 'day'], /--period is week or month/],
      [['behaviour', 'thresholds', '--weight', '2'], /--weight "2" should be a number from 0/],
      [['behaviour', 'gaming', 'nowhere.txt'], /nowhere.txt can't be read/],
      [['jobs', 'run', 'item-health', '--json', '{"model": 1}'], /It takes \{"source": "elo"\}/],
    ] as const) {
      const ended = await mastery([...args], place)
      expect([args, ended.code]).toEqual([args, 2])
      expect(ended.err).toMatch(why)
    }
  })
})
