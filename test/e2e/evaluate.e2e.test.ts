import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseEvaluation } from '@mastery/topology/evaluation/evaluation.ts'
import { auc } from '@mastery/topology/evaluation/ranking.ts'
import type { WeekEvaluation } from '@mastery/topology/evaluation/week/evaluation.ts'
import { simulateSchool } from '@mastery/topology/school/school.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bareEnv, mastery, masteryOk, ROOT, SHARED } from '../processes/cli.ts'

const folder = mkdtempSync(join(tmpdir(), 'evaluate-'))
const file = (name: string) => join(folder, name)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Graded answers of a simulated school; every fourth student's are kept for the test. */
function writeSchool(): void {
  const school = simulateSchool({
    seed: 4,
    students: 60,
    events: 6000,
    tenant: 'school',
    pseudonym: (id) => id.replace(/\D/g, '').padStart(32, '0'),
  })
  const seen = new Set<string>()
  const rows: Record<'train' | 'test', string[]> = { train: [], test: [] }
  for (const r of school.records()) {
    if (r.type !== 'event' || r.event.role !== 'evidence' || r.event.score === null) continue
    const { event_id, student, item, topics, occurred_at, score } = r.event
    if (seen.has(event_id) || topics.length === 0) continue
    seen.add(event_id)
    const part = Number(student.slice(-2)) % 4 === 0 ? 'test' : 'train'
    const grade = Number(student.slice(-2)) % 3 === 0 ? 'seven' : 'eight'
    rows[part].push([student, item, topics.join(';'), new Date(occurred_at).toISOString(), score, grade].join(','))
  }
  for (const part of ['train', 'test'] as const)
    writeFileSync(file(`${part}.csv`), `student,item,topic,occurred_at,correct,grade\n${rows[part].join('\n')}\n`)
}

const both = () => ['--format', 'csv', '--train', file('train.csv'), '--test', file('test.csv')]
const evaluated = async (args: readonly string[]) =>
  parseEvaluation((await masteryOk(['evaluate', ...args, '--json'])).out)

describe('mastery evaluate', { timeout: 170_000 }, () => {
  beforeAll(writeSchool)

  it('fits, predicts and measures, so that anybody can compute the figures again', async () => {
    const e = await evaluated([
      ...both(),
      ...['--models', 'item-rate,pfa', '--draws', '60', '--by', 'grade'],
      ...['--predictions', file('p.csv'), '--report', file('r.html'), '--save', file('artefacts')],
    ])
    expect(Object.keys(e.models)).toEqual(['item-rate', 'pfa'])
    expect(e.data.students_in_both).toBe(0)
    expect(e.slices.groups['grade']!.slices.map((s) => s.name).sort()).toEqual(['eight', 'seven'])

    const correct = readFileSync(file('test.csv'), 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((l) => (Number(l.split(',')[4]) >= 0.5 ? 1 : 0))
    const lines = readFileSync(file('p.csv'), 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((l) => l.split(','))
    expect(lines).toHaveLength(2 * correct.length)
    for (const [id, m] of Object.entries(e.models)) {
      const p = new Float64Array(correct.length)
      for (const [row, model, value] of lines) if (model === id) p[Number(row)] = Number(value)
      expect(auc(Uint8Array.from(correct), p)).toBe(m.auc)
      expect(m.auc_low).toBeLessThan(m.auc_high)
      expect(m.fit_seconds).toBeGreaterThan(0)
    }
    expect(readFileSync(file('r.html'), 'utf8')).toMatch(/^<!doctype html>[\s\S]*<\/html>\n$/)

    const again = await evaluated([
      ...['--format', 'csv', '--test', file('test.csv'), '--draws', '60'],
      ...['--load', file('artefacts/pfa.artefact'), '--load', `item-rate=${file('artefacts/item-rate.artefact')}`],
    ])
    expect(again.models['pfa']).toMatchObject({ source: 'loaded', fit_seconds: null, auc: e.models['pfa']!.auc })
    expect(again.models['pfa']!.auc_low).toBe(e.models['pfa']!.auc_low)
  })

  it('compares with predictions of a file, and says it in words for people', async () => {
    const [head, ...rows] = readFileSync(file('test.csv'), 'utf8').trim().split('\n')
    const better = rows.map(
      (l, i) => `${l},${Number(l.split(',')[4]) >= 0.5 ? 0.6 + (i % 7) / 100 : 0.5 + (i % 7) / 100}`,
    )
    writeFileSync(file('oracle.csv'), [`${head},oracle`, ...better, ''].join('\n'))
    const { out } = await masteryOk([
      'evaluate',
      ...both(),
      ...['--models', 'item-rate', '--compare', file('oracle.csv'), '--draws', '60'],
    ])
    expect(out).toMatch(/item-rate +oracle +-0\.\d{4} +-0\.\d{4} +-0\.\d{4} +yes/)
    expect(out).toMatch(/\d+ answers of 15 students, fitted on [\d,]+ answers of 45 students/)
  })

  it('cross-validates over the students of one file, the same for the same seed', async () => {
    const args = ['--format', 'csv', '--train', file('train.csv'), '--folds', '3', '--models', 'pfa', '--draws', '40']
    const [first, second] = [await evaluated(args), await evaluated([...args, '--threads', '1'])]
    expect(first.protocol).toMatchObject({ kind: 'cross-validation', folds: 3 })
    expect(first.models['pfa']!.n).toBe(first.data.test.answers)
    expect(first.models['pfa']!.folds!.map((f) => f.fold)).toEqual([1, 2, 3])
    expect(first.models['pfa']!.folds!.reduce((sum, f) => sum + f.n, 0)).toBe(first.data.test.answers)
    const { fit_seconds: _, predict_seconds: __, ...mine } = first.models['pfa']!
    expect(second.models['pfa']).toMatchObject(mine)
  })

  it('forecasts the week after each answer, so that anybody can compute the figures again', async () => {
    const args = [...both(), '--target', 'week', '--models', 'item-rate', '--draws', '60']
    const e: WeekEvaluation = JSON.parse(
      (await masteryOk(['evaluate', ...args, '--predictions', file('week.csv'), '--json'])).out,
    )
    expect(Object.keys(e.models)).toEqual(['week', 'share-so-far', 'mean', 'next-item-rate'])
    expect(e.rows.test.used + e.rows.test.unfinished + e.rows.test.empty).toBe(e.data.test.answers)
    expect(e.protocol).toMatchObject({ days: 7, scope: 'all', clock: 'common' })
    const tested = readFileSync(file('test.csv'), 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((l) => l.split(','))
    const sums = new Map<string, { n: number; squares: number }>()
    for (const line of readFileSync(file('week.csv'), 'utf8').trim().split('\n').slice(1)) {
      const [row, n, share, model, p] = line.split(',') as [string, string, string, string, string]
      const [student, , , from] = tested[Number(row)]!
      if (model === 'mean' && Number(row) % 50 === 0) {
        const t = Date.parse(from!)
        const week = tested.filter(([s, , , at]) => {
          const after = Date.parse(at!) - t
          return s === student && after > 0 && after <= 7 * 86_400_000
        })
        expect([Number(n), Number(share)]).toEqual([
          week.length,
          week.filter((a) => Number(a[4]) >= 0.5).length / week.length,
        ])
      }
      const s = sums.get(model) ?? { n: 0, squares: 0 }
      sums.set(model, { n: s.n + Number(n), squares: s.squares + Number(n) * (Number(p) - Number(share)) ** 2 })
    }
    for (const [id, m] of Object.entries(e.models)) {
      const { n, squares } = sums.get(id)!
      expect(Math.sqrt(squares / n)).toBeCloseTo(m.rmse, 10)
      expect(m.rmse_low).toBeLessThan(m.rmse_high)
    }
    expect(e.models['week']!.r2).toBeGreaterThan(0)
  })

  it('keeps what it trains on files as versions that predict again what was measured', async () => {
    const out = file('versions')
    const args = [
      'train',
      ...both(),
      '--models',
      'item-rate,bkt-forget',
      '--out',
      out,
      '--draws',
      '60',
      '--by',
      'grade',
    ]
    const manifests = JSON.parse((await masteryOk([...args, '--json'])).out)
    expect(manifests.map((m: { model: string }) => m.model)).toEqual(['item-rate', 'bkt'])
    const [, bkt] = manifests
    const folder = join(out, 'bkt', bkt.version)
    const loaded = await evaluated([
      ...['--format', 'csv', '--test', file('test.csv'), '--load', folder, '--draws', '60', '--by', 'grade'],
    ])
    const kept = parseEvaluation(readFileSync(join(folder, 'evaluation.json'), 'utf8'))
    expect(loaded.models[`bkt ${bkt.version}`]).toMatchObject({ auc: bkt.metrics.auc, auc_low: bkt.metrics.auc_low })
    expect(kept.models['bkt-forget']!.auc).toBe(bkt.metrics.auc)
    expect(kept.data.train!.answers).toBe(bkt.training.answers)
    expect(readFileSync(join(folder, 'CARD.md'), 'utf8')).toMatch(/### By grade[\s\S]*\| eight \|/)
    // The same again is the same version; a bound takes whole students out and says so.
    expect(JSON.parse((await masteryOk([...args, '--json'])).out)).toEqual(manifests)
    const said = await masteryOk([...args.slice(0, -2), '--models', 'item-rate', '--max-answers', '800'])
    expect(said.out).toMatch(/% of the students are kept/)
  })

  it.each([
    ['an unknown model', ['--models', 'bkd'], 2, /no model "bkd".*item-rate/],
    ['no model', [], 2, /--models is missing/],
    ['a file that is not there', ['--models', 'pfa', '--compare', 'nowhere.csv'], 2, /nowhere\.csv.*can't be read/],
    ['test and folds', ['--models', 'pfa', '--folds', '3'], 2, /--test or --folds/],
    ['a column that is not there', ['--models', 'pfa', '--by', 'school'], 2, /test\.csv: .*school/],
    ['a target that is none', ['--models', 'pfa', '--target', 'month'], 2, /--target is "month"; give week/],
    ['a week with a report', ['--target', 'week', '--report', 'r.html'], 2, /takes no --report/],
    ['an artefact of nobody', ['--load', 'test.csv'], 2, /test\.csv: Which model is it/],
  ])('says what to do about %s', async (_, args, code, message) => {
    const given = args.map((a) => (/\.csv$/.test(a) ? file(a) : a))
    const ended = await mastery(['evaluate', ...both(), ...given])
    expect([ended.code, ended.out]).toEqual([code, ''])
    expect(ended.err).toMatch(message)
  })

  it('names file, line and column of what it can not read', async () => {
    writeFileSync(file('wrong.tsv'), 'user_id\titem_id\ttimestamp\tcorrect\tskill_id\n1\t2\t0\t1\t3\n1\t2\t0\tyes\t3\n')
    const args = ['evaluate', '--format', 'gervet', '--train', file('wrong.tsv'), '--folds', '2', '--models', 'pfa']
    const ended = await mastery(args)
    expect([ended.code, ended.out]).toEqual([2, ''])
    expect(ended.err).toMatch(/wrong\.tsv, line 3, column correct: It is neither 1 nor 0/)
  })

  it('says that answers without a clock have no next week', async () => {
    writeFileSync(
      file('timeless.tsv'),
      'user_id\titem_id\ttimestamp\tcorrect\tskill_id\n1\t2\t0\t1\t3\n2\t2\t0\t1\t3\n',
    )
    const args = ['evaluate', '--target', 'week', '--format', 'gervet', '--train', file('timeless.tsv'), '--folds', '2']
    const ended = await mastery(args)
    expect([ended.code, ended.out]).toEqual([2, ''])
    expect(ended.err).toMatch(/timeless\.tsv: Its answers have no time.*Give answers with a clock/)
  })

  it('stops when it is interrupted, and leaves no half file', async () => {
    const args = [...both(), '--models', 'item-rate', '--draws', '20000000', '--predictions', file('never.csv')]
    const child = spawn(process.execPath, [join(ROOT, 'services/cli/src/main.ts'), 'evaluate', ...args], {
      cwd: ROOT,
      env: bareEnv(),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let err = ''
    const code = await new Promise<number | null>((done) => {
      child.stderr.on('data', (b: Buffer) => {
        const before = err.includes('measuring')
        err += b.toString('utf8')
        if (!before && err.includes('measuring')) child.kill('SIGINT')
      })
      child.on('close', done)
    })
    expect(code).toBe(1)
    expect(err).toMatch(/Ended by SIGINT; no file was written\./)
    expect(readdirSync(folder).filter((f) => f.startsWith('never'))).toEqual([])
  })
})

const GERVET = join(SHARED, 'data/assist2009_gervet')
const present = existsSync(join(GERVET, 'ref_test_with_DKT2_predictions.tsv'))

describe.skipIf(!present)(`mastery evaluate on assist2009_gervet${present ? '' : ' (not run: data absent)'}`, () => {
  const part = (name: string, lines: number) => {
    writeFileSync(
      file(name),
      readFileSync(join(GERVET, name), 'utf8').split('\n').slice(0, lines).concat('').join('\n'),
    )
    return file(name)
  }

  it('gives the published deep model the figures that others computed for it', { timeout: 170_000 }, async () => {
    const e = await evaluated([
      ...['--format', 'gervet', '--test', join(GERVET, 'preprocessed_data_test.csv'), '--draws', '20'],
      ...['--compare', join(GERVET, 'ref_test_with_DKT2_predictions.tsv')],
    ])
    expect(e.data.test).toMatchObject({ answers: 58_266, students: 623 })
    const { auc, rmse, accuracy, ece } = e.models['DKT2']!
    expect([auc, rmse, accuracy, ece].map((x) => x.toFixed(4))).toEqual(['0.7564', '0.4274', '0.7288', '0.0262'])
  })

  it('fits a part of it: counts and items beat items alone', { timeout: 170_000 }, async () => {
    const e = await evaluated([
      ...['--format', 'gervet', '--train', part('preprocessed_data_train.csv', 30_001)],
      ...['--test', part('preprocessed_data_test.csv', 8_001), '--models', 'item-rate,pfa', '--draws', '100'],
    ])
    const [c] = e.comparisons
    expect([c!.first, c!.second, c!.auc.clear_of_zero]).toEqual(['item-rate', 'pfa', true])
    expect(e.models['pfa']!.auc).toBeGreaterThan(0.7)
  })
})
