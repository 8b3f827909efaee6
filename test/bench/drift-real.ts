import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { loadDrift } from '@mastery/infra/config/drift.ts'
import type { FeatureRecord } from '@mastery/schemas/src/generated/feature-record.gen.ts'
import type { MasteryScore } from '@mastery/schemas/src/generated/mastery-score.gen.ts'
import { weekOf } from '@mastery/topology/drift/calendar.ts'
import { compare } from '@mastery/topology/drift/compare.ts'
import { groupOf, Histogram } from '@mastery/topology/drift/histogram.ts'
import { binOf, scaleOf } from '@mastery/topology/drift/scales.ts'
import type { Series } from '@mastery/topology/drift/series.ts'
import { type ClosedWindow, closeWindow } from '@mastery/topology/drift/window.ts'
import { hash128 } from '@mastery/topology/events/hash.ts'
import { assistmentsGervet } from '@mastery/topology/importers/assistments-gervet.ts'
import { TextImport } from '@mastery/topology/importers/text-import.ts'
import { chiSquareTail } from '@mastery/topology/numeric/special.ts'
import { Random } from '@mastery/topology/school/random.ts'
import { folded } from './drift-world.ts'
import { figure, Stopwatch } from './measure.ts'
import { type Case, NotRun } from './scenario.ts'

const FILE = join(
  resolve(import.meta.dirname, '../../..'),
  'shared/data/assist2017_gervet_testusers/preprocessed_data_test.csv',
)
const WEEK = 7 * 86_400_000
const SPLITS = 40

interface Row {
  student: string
  week: number
  value: number
}

const SERIES = {
  answer_score: 'share',
  accuracy_7d: 'share',
  decayed_accuracy: 'share',
  'prediction of elo': 'probability',
} as const

/** Rows of each series from real answers with real times, as the stages see them. */
function rows(): Record<keyof typeof SERIES, Row[]> {
  const input = new TextImport(assistmentsGervet, {
    fileName: FILE,
    companions: {},
    options: { clock: 'seconds', epoch: '2004-01-01T00:00:00Z' },
    context: { tenant: 'school', pseudonym: (id) => hash128('real', id) },
  })
  const outcomes = [...input.push(readFileSync(FILE, 'utf8')), ...input.end()]
  const events = outcomes.flatMap((o) => (o.type === 'event' ? [o.event] : []))
  events.sort((a, b) => a.occurred_at - b.occurred_at)
  const out: Record<keyof typeof SERIES, Row[]> = {
    answer_score: [],
    accuracy_7d: [],
    decayed_accuracy: [],
    'prediction of elo': [],
  }
  for (const o of folded(events)) {
    const { student, occurred_at } = o.value as FeatureRecord
    const put = (to: keyof typeof SERIES, value: number) => out[to].push({ student, week: weekOf(occurred_at), value })
    if (o.subject === 'feature-record') {
      const f = o.value as FeatureRecord
      for (const op of f.ops) put('answer_score', op.score_micro / 1e6)
      for (const r of f.rows) {
        const w = r.windows[0]!
        if (w.attempts > 0) put('accuracy_7d', w.score_micro / 1e6 / w.attempts)
        if (r.decayed_accuracy !== null) put('decayed_accuracy', r.decayed_accuracy)
      }
    } else {
      const p = (o.value as MasteryScore).predictions.find((x) => x.model === 'elo')
      if (p) put('prediction of elo', p.p)
    }
  }
  return out
}

/**
 * No drift at all, in real answers: a week of one half of the students against the same week of the others, drawn anew
 * again and again. How often p falls below 0.05, with what answers of a student have in common and without.
 */
export const real: Case = async ({ quick }) => {
  if (!existsSync(FILE))
    throw new NotRun(`the data beside the repository is not there: ${FILE.split('/').slice(-2).join('/')}`)
  const policy = loadDrift()
  const stopwatch = new Stopwatch()
  stopwatch.start()
  const all = rows()
  const lap = await stopwatch.stop()
  return (Object.keys(SERIES) as (keyof typeof SERIES)[]).map((name) => {
    const scale = scaleOf(SERIES[name])
    const series: Series = { kind: 'feature', name, model: '', version: '', scale: SERIES[name] }
    const weeks = Map.groupBy(all[name], (r) => r.week)
    const random = new Random(1)
    const dispersions: number[] = []
    let n = 0
    let clustered = 0
    let naive = 0
    for (const [week, of] of weeks) {
      if (of.length < 10 * policy.leastRows) continue
      for (let s = 0; s < (quick ? 2 : SPLITS); s++) {
        const side = new Map<string, boolean>()
        const halves = [0, 1].map(() => new Histogram(scale.edges.length + 1, 1))
        for (const r of of) {
          let first = side.get(r.student)
          if (first === undefined) side.set(r.student, (first = random.uniform() < 0.5))
          halves[first ? 0 : 1]!.add(groupOf(r.student), binOf(scale.edges, r.value), r.value)
        }
        const [a, b] = halves.map((h) => closeWindow(h, week, week + WEEK)) as [ClosedWindow, ClosedWindow]
        const c = compare(policy, series, a, [b])
        const chi = c.metrics.find((m) => m.name === 'chi_square')!
        n++
        if (c.p <= 0.05) clustered++
        const bins = new Set([...b.counts].flatMap((v, i) => (v > 0 ? [i] : []))).size
        if (chiSquareTail(chi.value, Math.min(9, Math.max(1, bins - 1))) <= 0.05) naive++
        dispersions.push(c.dispersion)
      }
    }
    dispersions.sort((x, y) => x - y)
    return figure({ scenario: 'drift', what: `real answers: ${name}`, records: all[name].length }, lap, {
      comparisons: n,
      'p below 0.05, share': clustered / n,
      'the same if rows were independent': naive / n,
      'dispersion, median': dispersions[dispersions.length >> 1] ?? 0,
    })
  })
}
