import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { answersCsv } from '../generators/answers-csv.ts'
import { importFile, mastery, masteryOk, ROOT, runScript, sqlRows } from '../processes/cli.ts'
import { mastery as here } from '../processes/here.ts'

const folder = mkdtempSync(join(tmpdir(), 'cli-'))
const data = join(folder, 'data')
const place = { data }
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the command line', { timeout: 120_000 }, () => {
  it('has help for every command that its list names', async () => {
    const { out } = await masteryOk(['--help'])
    const names = [
      ...out
        .split('npx mastery COMMAND')[1]!
        .split('--profile')[0]!
        .matchAll(/^ {2}([\w-]+) /gm),
    ].map((m) => m[1]!)
    expect(names).toEqual(
      expect.arrayContaining('start services demo import simulate trace sql rejects topics pseudonym'.split(' ')),
    )
    for (const name of names) {
      const help = await here([name, '--help'])
      expect([name, help.code, help.err]).toEqual([name, 0, ''])
      expect(help.out).toMatch(new RegExp(`npx mastery ${name}|npm run ${name}`))
    }
    expect((await mastery([])).out).toBe(out)
  })

  it.each([
    ['an unknown command', ['inport'], /no command "inport"/, /--help" lists the commands/],
    ['an unknown option', ['topics', '--jsn'], /--jsn/, /--help/],
    ['an option without its value', ['sql', 'SELECT 1', '--data'], /--data needs a value/, /--data DIR/],
    ['an argument that start does not know', ['start', '--prot', '80'], /does not take "--prot"/, /start --help/],
    [
      'an unknown profile',
      ['sql', 'SELECT 1', '--profile', 'nowhere'],
      /no profile "nowhere"/,
      /embedded, local, compose/,
    ],
  ])('ends with 2 on %s, and makes no folder', async (_what, args, wrong, cure) => {
    const { code, err, out } = await mastery(args, { data: join(folder, 'untouched') })
    expect(err).toMatch(wrong)
    expect(err).toMatch(cure)
    expect([code, out]).toEqual([2, ''])
    expect(existsSync(join(folder, 'untouched'))).toBe(false)
  })

  it('says how to get the servers that the local profile lacks', async () => {
    const none = { KAFKA_BROKERS: '', REDIS_URL: '', SCHEMA_REGISTRY_URL: '', CLICKHOUSE_URL: '' }
    const { code, err } = await mastery(['sql', 'SELECT 1', '--profile', 'local'], { data, env: none })
    expect(code).toBe(2)
    expect(err).toMatch(/needs KAFKA_BROKERS, REDIS_URL, SCHEMA_REGISTRY_URL, CLICKHOUSE_URL.*npm run stack -- up/)
  })

  it('says that servers do not answer, and ends', async () => {
    const nobody = '127.0.0.1:9'
    const env = {
      KAFKA_BROKERS: nobody,
      REDIS_URL: `redis://${nobody}`,
      SCHEMA_REGISTRY_URL: `http://${nobody}`,
      CLICKHOUSE_URL: `http://${nobody}`,
    }
    const { code, err } = await mastery(['sql', 'SELECT 1', '--profile', 'local'], { data: join(folder, 'local'), env })
    expect(code).toBe(1)
    expect(err).toContain(nobody)
  })

  it('shows the map of topics', async () => {
    const { out } = await masteryOk(['topics'])
    for (const topic of ['learning.events', 'learning.features', 'mastery.scores', 'learning.rejects'])
      expect(out).toContain(topic)
    const parsed = JSON.parse((await masteryOk(['topics', '--json'])).out) as { name: string; writers: string[] }[]
    expect(parsed.find((t) => t.name === 'learning.events')!.writers).toContain('collector')
  })

  it('imports and simulates, and shows what came of it', async () => {
    const csv = answersCsv({ seed: 77, rows: 200, students: 4, topics: 2 })
    const file = join(folder, 'answers.csv')
    writeFileSync(file, csv.text)
    const summary = await importFile('csv', file, place)
    expect(Object.keys(summary)).toEqual(
      expect.arrayContaining(['read', 'events', 'rejects', 'duplicates', 'seconds', 'models']),
    )
    expect(Object.keys(summary.models).sort()).toEqual(['bkt', 'blend', 'elo', 'rule'])
    const traced = await masteryOk(['trace', '--student', 's1', '--topic', 'topic 1'], place)
    expect(traced.out).toMatch(/7 days[\s\S]*30 days[\s\S]*90 days[\s\S]*History/)
    for (const model of ['rule', 'bkt', 'elo', 'blend']) expect(traced.out).toContain(model)
    const simulated = await masteryOk(['simulate', '--students', '5', '--events', '300', '--json'], place)
    expect(JSON.parse(simulated.out)).toMatchObject({ sent: { events: 300 } })
    const [row] = await sqlRows<{ n: number }>('SELECT count() AS n FROM v_learning_events', place)
    expect(Number(row!.n)).toBe(csv.answers.length + 300)
    expect(existsSync(join(data, 'owner.json'))).toBe(false)
  })

  it('leaves its standard input out of gold, as in a shell loop over a list', async () => {
    const { code, err, out } = await mastery(['reconcile', '--json'], { ...place, stdin: 's2\ts3\ns4\n' })
    expect([code, err]).toEqual([0, ''])
    expect(JSON.parse(out)).toMatchObject({ status: 'clean', mismatches: 0 })
  })

  it('runs statements that have no answer', async () => {
    const dropped = "ALTER TABLE reconcile_runs DELETE WHERE status = 'clean' SETTINGS mutations_sync = 2"
    expect((await masteryOk(['sql', dropped, '--write'], place)).out).toBe('')
    const deleted = "DELETE FROM reconcile_runs WHERE status = 'clean'"
    expect((await masteryOk(['sql', deleted, '--write'], place)).out).toBe('')
    expect(await sqlRows("SELECT run_id FROM reconcile_runs FINAL WHERE status = 'clean'", place)).toEqual([])
  })

  it('says whom it does not know', async () => {
    const { code, err } = await here(['reconcile', '--students', 's1,nobody'], place)
    expect([code, err]).toEqual([0, expect.stringMatching(/1 of the students that were named has no event here/)])
  })

  it('writes all of a long answer into a pipe whose reader takes its time', async () => {
    const { out } = await masteryOk(['sql', 'SELECT number FROM numbers(400000)', '--format', 'TSV'], place)
    expect(out.length).toBe(2_688_890)
    expect(out.endsWith('\n399999\n')).toBe(true)
  })

  it.each([
    ['an unknown format', ['import', '--format', 'xls', '--file', 'x'], 2, /no import format 'xls'.*csv/],
    ['a missing file', ['import', '--format', 'csv', '--file', 'nowhere.csv'], 2, /no file .*nowhere\.csv/],
    [
      'a file of another shape',
      ['import', '--format', 'csv', '--file', 'package.json'],
      2,
      /lacks student.*option map/,
    ],
    ['a missing companion', ['import', '--format', 'ednet-kt4', '--file', 'package.json'], 2, /--questions FILE/],
    ['an unknown student', ['trace', '--student', 'nobody', '--topic', 't'], 2, /No student "nobody".*Check the id/],
    ['an unknown topic', ['trace', '--student', 's1', '--topic', 't'], 2, /no answers on "t".*topic 0/],
    ['an unknown tenant', ['pseudonym', 'a', '--tenant', 'mars'], 2, /no tenant "mars".*school/],
    ['a number that is none', ['rejects', 'list', '--limit', 'all'], 2, /--limit must be a positive whole number/],
    ['nobody named', ['reconcile', '--students', ','], 2, /--students names nobody/],
    ['a folder that is none', ['jobs', 'list', '--data', 'package.json'], 1, /can't be the data folder.*--data/],
    ['an unknown reject', ['rejects', 'show', 'zzz'], 2, /No reject begins with "zzz"/],
    ['a statement that would change gold', ['sql', 'TRUNCATE TABLE learning_events'], 2, /nothing was run.*--write/],
    ['a query that fails', ['sql', 'SELECT nothing FROM nowhere'], 1, /nowhere/],
  ])('says what to do about %s', async (_what, args, wanted, message) => {
    const { code, err, out } = await here(args, place)
    expect(err).toMatch(message)
    expect(err).not.toMatch(/\n\s+at /)
    expect([code, out]).toEqual([wanted, ''])
  })
})

describe('npm run demo', { timeout: 120_000 }, () => {
  it('ends with one JSON line whose counts are reconciled', async () => {
    const script = (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: { demo: string } })
      .scripts.demo
    expect(script).toBe('node services/cli/src/demo-main.ts')
    const args = ['--students', '20', '--events', '3000', '--json']
    const { code, out, err } = await runScript(join(ROOT, 'services/cli/src/demo-main.ts'), args)
    expect([code, err.includes('Error')]).toEqual([0, false])
    const summary = JSON.parse(out.trimEnd().split('\n').at(-1)!) as Record<string, unknown>
    expect(summary).toMatchObject({ students: 20, events: 3000, rejects: 0, reconciled: true })
    for (const key of [
      'duplicates',
      'seconds',
      'events_per_second',
      'truth_correlation',
      'percent_correct_correlation',
      'ideal_correlation',
    ])
      expect(summary[key], key).toEqual(expect.any(Number))
    for (const [id, model] of Object.entries(summary['models'] as Record<string, object>))
      for (const key of ['auc', 'log_loss', 'ece', 'sum_p']) expect(model, id).toHaveProperty(key, expect.any(Number))
    const gold = summary['gold'] as Record<string, number>
    expect(gold).toMatchObject({ learning_events: 3000, event_dispositions: 3000, rejects: 0 })
    expect(gold['student_mastery']).toBeGreaterThan(100)
  })

  it('refuses what it does not understand', async () => {
    const { code, err } = await runScript(join(ROOT, 'services/cli/src/demo-main.ts'), ['--events', 'many'])
    expect(code).toBe(2)
    expect(err).toMatch(/--events must be a positive whole number, not "many"/)
  })
})
