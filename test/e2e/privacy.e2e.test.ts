import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PERSONAL, tablesAboutStudents } from '@mastery/infra/provision/gold/personal.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mastery, masteryOk, type Place, sqlRows } from '../processes/here.ts'
import { type Server, startMastery } from '../processes/server.ts'
import { csv, erase, GONE, imported, left, parse, type Receipt, ROWS, rowsOfOthers, STUDENTS } from './erasure-world.ts'

describe('an erased student', { timeout: 180_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'privacy-'))
  const place: Place = { data: join(folder, 'data') }
  const file = join(folder, 'answers.csv')
  let pseudonym: string
  let first: Receipt
  let server: Server
  beforeAll(async () => {
    // Commands run inside it, which saves each of them the opening of the stores.
    server = (await startMastery(place.data!)).server
    writeFileSync(file, csv())
    await imported(place, file)
    pseudonym = (await masteryOk(['pseudonym', 's1'], place)).out.trim()
  }, 120_000)
  afterAll(async () => {
    await server.signal('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })

  it('is exported whole before: every table that knows students, every state', async () => {
    const out = join(folder, 'export')
    await masteryOk(['export', '--student', 's1', '--out', out], place)
    const files = readdirSync(join(out, 'gold')).map((f) => f.replace('.json', ''))
    expect(files.sort()).toEqual(tablesAboutStudents().sort())
    expect(readdirSync(join(out, 'state')).sort()).toEqual(['alerts.g0.json', 'features.g0.json', 'scoring.g0.json'])
    const rows = (table: string) => JSON.parse(readFileSync(join(out, 'gold', `${table}.json`), 'utf8')) as unknown[]
    for (const table of [
      'learning_events',
      'event_dispositions',
      'next_correct_prediction_rows',
      'student_mastery_history_rows',
    ])
      expect([table, rows(table).length]).toEqual([table, ROWS / STUDENTS])
    for (const table of ['student_topic_features', 'student_mastery_rows'])
      expect([table, rows(table).length]).toEqual([table, 5])
    const state = JSON.parse(readFileSync(join(out, 'state/features.g0.json'), 'utf8')) as { recent_events: unknown[] }
    expect(state.recent_events).toHaveLength(ROWS / STUDENTS)
    const readme = readFileSync(join(out, 'README.txt'), 'utf8')
    for (const table of tablesAboutStudents()) expect(readme).toContain(`  ${table}: `)
    expect(statSync(join(out, 'gold/learning_events.json')).mode & 0o077).toBe(0)
  })

  it('is only shown what would go without --yes', async () => {
    const shown = await mastery(['erase', '--student', 's1'], place)
    expect(shown.code).toBe(1)
    expect(shown.out).toMatch(new RegExp(`learning_events +${ROWS / STUDENTS}\\b`))
    expect(shown.err).toMatch(/Nothing was erased.*--yes/)
    const document = JSON.parse((await mastery(['erase', '--student', 's1', '--json'], place)).out) as object
    expect(document).toMatchObject({ erased: false })
    expect(document).toHaveProperty(
      'would_remove',
      expect.arrayContaining([{ table: 'learning_events', rows: ROWS / STUDENTS }]),
    )
  })

  it('leaves every store, with a receipt; the others stay as they are', async () => {
    const before = await rowsOfOthers(place, pseudonym)
    first = await erase(place, 's1')
    expect(first).toMatchObject({ status: 'complete', waiting_for: [], readmitted_at: null, late_dropped: 0 })
    expect(first.gold.map((g) => g.table).sort()).toEqual(PERSONAL.map((t) => t.table).sort())
    expect(first.gold.filter((g) => g.left !== 0 || !g.verified)).toEqual([])
    expect(first.gold.find((g) => g.table === 'student_mastery_history_rows')!.removed).toBe(ROWS / STUDENTS)
    expect(first.state.map((s) => s.found)).toEqual(['erased', 'erased', 'erased'])
    expect(first.topics.length).toBeGreaterThanOrEqual(5)
    const removed = new Map(first.topics.map((t) => [t.topic, t.removed]))
    for (const topic of ['learning.events', 'learning.features', 'mastery.scores'])
      expect(removed.get(topic), topic).toBeGreaterThan(0)
    expect(await left(place, pseudonym)).toEqual({ ...GONE, student_commands: 1, event_dispositions: 1 })
    expect(await rowsOfOthers(place, pseudonym)).toEqual(before)
    const trace = await mastery(['trace', '--student', 's1', '--topic', 't1'], place)
    expect(trace.code).toBe(2)
  })

  it('is removed again where an insert that was under way brought rows back, by the nightly check', async () => {
    const own = `(SELECT any(src_partition) FROM erasures WHERE student_id = '${pseudonym}')`
    const back = `SELECT * REPLACE ('${pseudonym}' AS student_id, ${own} AS src_partition, 0 AS src_offset)
      FROM student_mastery_rows LIMIT 3`
    await masteryOk(['sql', `INSERT INTO student_mastery_rows ${back}`, '--write'], place)
    expect(await left(place, pseudonym)).not.toEqual({ ...GONE, student_commands: 1, event_dispositions: 1 })
    const { out } = await masteryOk(['jobs', 'run', 'erasure-check'], place)
    expect(JSON.parse(out)).toEqual({ erasures: 1, complete: 1, pending: 0 })
    expect(await left(place, pseudonym)).toEqual({ ...GONE, student_commands: 1, event_dispositions: 1 })
  })

  it('stays out when the same file is imported again, and is counted', async () => {
    const before = await rowsOfOthers(place, pseudonym)
    expect(await imported(place, file)).toMatchObject({
      events: ROWS,
      duplicates: ROWS - ROWS / STUDENTS,
      erased: ROWS / STUDENTS,
    })
    const { event_dispositions, ...rest } = await left(place, pseudonym)
    expect(rest).toEqual({ ...GONE, event_dispositions: undefined, student_commands: 1 })
    expect(event_dispositions).toBe(1 + ROWS / STUDENTS)
    expect(await rowsOfOthers(place, pseudonym)).toEqual(before)
  })

  it('is erased once: again gives the same receipt, brought up to date', async () => {
    const again = await erase(place, 's1')
    expect(again).toMatchObject({ receipt_id: first.receipt_id, status: 'complete', late_dropped: ROWS / STUDENTS })
    const { out } = await masteryOk(['erase', '--receipt', first.receipt_id, '--json'], place)
    expect(parse<Receipt>(out).gold).toEqual(again.gold)
    const [n] = await sqlRows<{ n: number }>("SELECT count() AS n FROM v_student_commands WHERE kind = 'erase'", place)
    expect(Number(n!.n)).toBe(1)
    const unknown = await mastery(['erase', '--receipt', 'no-such'], place)
    expect([unknown.code, unknown.err]).toEqual([2, expect.stringMatching(/No erasure has the id/)])
  })

  it('stays out of a replay over the whole history', async () => {
    await masteryOk(['replay', '--reason', 'a test', '--switch', '--json'], place)
    const [row] = await sqlRows<{ n: number; others: number }>(
      `SELECT countIf(student_id = '${pseudonym}') AS n, uniqExactIf(student_id, student_id != '${pseudonym}') AS others FROM v_student_mastery`,
      place,
    )
    expect([Number(row!.n), Number(row!.others)]).toEqual([0, STUDENTS - 1])
    // Waits until the switch has passed the stages, as every erasure does.
    expect(await erase(place, 's1')).toMatchObject({ receipt_id: first.receipt_id, status: 'complete' })
  })

  it('counts again from a readmission on, and nothing of before comes back', async () => {
    const { out } = await masteryOk(['readmit', '--student', 's1', '--json'], place)
    expect(parse(out)).toMatchObject({ status: 'readmitted' })
    const later = join(folder, 'later.csv')
    const at = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString()
    writeFileSync(
      later,
      `student,item,topic,correct,occurred_at\ns1,n1,t1,1,${at(1)}\ns1,n2,t1,0,${at(2)}\ns1,old,t1,1,${at(-10)}\n`,
    )
    expect(await imported(place, later)).toMatchObject({ events: 3, duplicates: 0, erased: 1 })
    expect(await imported(place, file)).toMatchObject({ erased: ROWS / STUDENTS })
    const events = await sqlRows<{ item: string }>(
      `SELECT item FROM v_learning_events WHERE student_id = '${pseudonym}' ORDER BY item`,
      place,
    )
    expect(events.map((e) => e.item)).toEqual(['n1', 'n2'])
    const { out: receipt } = await masteryOk(['erase', '--receipt', first.receipt_id, '--json'], place)
    const shown = parse<Receipt>(receipt)
    expect(shown.readmitted_at).not.toBeNull()
    expect(shown.gold.every((g) => g.left === 0)).toBe(true)
    const second = await erase(place, 's1')
    expect(second.receipt_id).not.toBe(first.receipt_id)
    expect(second.status).toBe('complete')
    expect((await left(place, pseudonym))['learning_events']).toBe(0)
  })

  it('leaves an access log', async () => {
    const { out } = await masteryOk(['access', '--student', 's1', '--json'], place)
    const actions = (JSON.parse(out) as { action: string }[]).map((a) => a.action)
    expect(actions.filter((a) => a === 'erase')).toHaveLength(4)
    expect(actions).toEqual(expect.arrayContaining(['export', 'readmit']))
  })
})

describe('an erasure that is killed', { timeout: 180_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'erase-killed-'))
  const whole = join(folder, 'whole')
  const file = join(folder, 'answers.csv')
  let pseudonym: string
  beforeAll(async () => {
    writeFileSync(file, csv(160))
    await imported({ data: whole }, file)
    pseudonym = (await masteryOk(['pseudonym', 's1'], { data: whole })).out.trim()
  }, 120_000)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it.each(['features.folded', 'scoring.committed', 'gold.counted', 'gold.erased'])(
    'at %s ends the same when it is asked for again',
    async (point) => {
      const place: Place = { data: join(folder, point) }
      cpSync(whole, place.data!, { recursive: true })
      const killed = await mastery(['erase', '--student', 's1', '--yes'], {
        ...place,
        env: { MASTERY_CRASH_AT: point },
      })
      expect(killed.code).toBeNull()
      const receipt = await erase(place, 's1')
      expect(receipt).toMatchObject({ status: 'complete', waiting_for: [] })
      expect(receipt.gold.find((g) => g.table === 'learning_events')!.removed).toBe(20)
      expect(await left(place, pseudonym)).toEqual({ ...GONE, student_commands: 1, event_dispositions: 1 })
    },
  )
})
