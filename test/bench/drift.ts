import { loadDrift } from '@mastery/infra/config/drift.ts'
import type { DriftVerdict } from '@mastery/schemas/src/generated/drift-verdict.gen.ts'
import type { MasteryScore } from '@mastery/schemas/src/generated/mastery-score.gen.ts'
import type { DriftPolicy } from '@mastery/topology/drift/policy.ts'
import type { StageOutput } from '@mastery/topology/stage.ts'
import { items, steady } from './drift-items.ts'
import { real } from './drift-real.ts'
import { schoolYears, shifted, TERMS, Watch } from './drift-world.ts'
import { type Figure, figure, type Lap, Stopwatch } from './measure.ts'
import type { Case } from './scenario.ts'

const DAY = 86_400_000
const YEARS = [Date.UTC(2024, 8, 2), Date.UTC(2025, 8, 1)] as const
const PLANTED_ON = 70
const about = (what: string, records: number) => ({ scenario: 'drift', what, records })
const policyOf = (): DriftPolicy => ({ ...loadDrift(), terms: TERMS })

const mainMs = () => {
  const t = process.threadCpuUsage()
  return (t.user + t.system) / 1000
}

/** Throughput of each stage on one core, and what it keeps. */
const stages: Case = async ({ quick }) => {
  const events = quick ? 5_000 : 60_000
  const all = [...schoolYears([{ seed: 7, students: quick ? 30 : 200, events, startAt: YEARS[0] }])]
  const watch = new Watch(policyOf())
  const of = (topic: string) => all.filter((o) => o.topic === topic)
  const partials: StageOutput[] = []
  const out: Figure[] = []
  const stopwatch = new Stopwatch()
  stopwatch.start()
  const timed = (
    name: string,
    records: readonly StageOutput[],
    take: (o: StageOutput) => void,
    more: () => Figure['more'],
  ) => {
    let ms = 0
    let greatest = 0
    for (let at = 0; at < records.length; at += 1000) {
      const began = mainMs()
      for (const o of records.slice(at, at + 1000)) take(o)
      ms += mainMs() - began
      greatest = Math.max(greatest, more()['state bytes'] as number)
    }
    const lap: Lap = { seconds: ms / 1000, cpuMs: ms, mainMs: ms, gcMs: 0 }
    out.push(
      figure({ ...about(name, records.length), goal: 100_000 }, lap, { ...more(), 'state bytes, greatest': greatest }),
    )
  }
  const [features, scores] = [of('learning.features'), of('mastery.scores')]
  const bytes = (h: Watch['drift']) => () => ({ 'state bytes': h.bytes() })
  timed(
    'features to partials',
    features,
    (o) => void partials.push(...watch.features.step(o.subject, o.key, o.value)),
    bytes(watch.features),
  )
  timed(
    'scores to partials',
    scores,
    (o) => void partials.push(...watch.scores.step(o.subject, o.key, o.value)),
    bytes(watch.scores),
  )
  const series = new Set<string>()
  // As they would come: day after day from both.
  const dayOf = (o: StageOutput) => {
    const { bucket_to, closed_until } = o.value as { bucket_to?: number; closed_until?: number }
    return bucket_to ?? closed_until!
  }
  partials.sort((a, b) => dayOf(a) - dayOf(b))
  timed(
    'partials to verdicts',
    partials,
    (o) => {
      for (const v of watch.drift.step(o.subject, o.key, o.value)) {
        const { kind, name, model } = v.value as DriftVerdict
        series.add(`${kind}/${name}/${model}`)
      }
    },
    () => ({ 'state bytes': watch.drift.bytes(), 'bytes a series': watch.drift.bytes() / Math.max(1, series.size) }),
  )
  await stopwatch.stop()
  return out
}

/** Windows in which a series begins to drift. */
function onsets(verdicts: readonly DriftVerdict[]): DriftVerdict[] {
  return verdicts.filter((v) => v.changed && v.state === 'drift')
}

/** Series times months that were compared. */
function seriesMonths(verdicts: readonly DriftVerdict[]): number {
  const compared = verdicts.filter((v) => v.window_kind === 'week' && v.p !== null)
  return (compared.length * 7) / 30.4
}

/** A window that would be called different if all rows were independent, with the same floors. */
const naive = (v: DriftVerdict) =>
  v.metrics.some(
    (m) =>
      m.floor !== null &&
      m.critical !== null &&
      Math.abs(m.value) >= m.floor &&
      Math.abs(m.value) >= m.critical / (m.name.startsWith('psi') ? v.dispersion! : Math.sqrt(v.dispersion!)),
  )

/** Years in which nothing changes but the students: how often a series is called drifting all the same. */
const quiet: Case = async ({ quick, note }) => {
  const pairs = quick
    ? [[1, 2]]
    : [
        [3, 4],
        [5, 6],
      ]
  const students = quick ? 30 : 60
  const events = quick ? 20_000 : 155_000
  const stopwatch = new Stopwatch()
  stopwatch.start()
  const found = { before: [] as DriftVerdict[], phase: [] as DriftVerdict[] }
  for (const [a, b] of pairs) {
    note(`seeds ${a} and ${b}`)
    const watch = new Watch(policyOf())
    const years = [a, b].map((seed, i) => ({ seed: seed!, students, events, startAt: YEARS[i]! }))
    for (const o of schoolYears(years)) watch.take(o)
    for (const v of watch.verdicts) (v.window_from < YEARS[1] ? found.before : found.phase).push(v)
  }
  const lap = await stopwatch.stop()
  return (['before', 'phase'] as const).map((k) => {
    const all = found[k]
    const compared = all.filter((v) => v.p !== null)
    const dispersions = compared.map((v) => v.dispersion!).sort((x, y) => x - y)
    const name =
      k === 'phase' ? 'a year of other students against the year before' : 'a first year against its weeks before'
    const months = seriesMonths(all)
    return figure(about(name, events * pairs.length), lap, {
      'false alarms per series and month': onsets(all).length / months,
      'of them by week': onsets(all).filter((v) => v.window_kind === 'week').length,
      'series months': months,
      'windows called different if rows were independent, share': compared.filter(naive).length / compared.length,
      'windows with p below 0.05, share': compared.filter((v) => v.p! < 0.05).length / compared.length,
      'dispersion, median': dispersions[dispersions.length >> 1] ?? 0,
    })
  })
}

/** Shifts of a quarter and a half standard deviation: how long until they are called a drift. */
const shifts: Case = async ({ quick, note }) => {
  const students = quick ? 30 : 100
  const events = quick ? 20_000 : 258_000
  const from = YEARS[1] + PLANTED_ON * DAY
  const years = [
    { seed: 5, students, events, startAt: YEARS[0] },
    { seed: 6, students, events, startAt: YEARS[1], until: from + 60 * DAY },
  ]
  const sizes = [0, 0.25, 0.5]
  const watches = sizes.map(() => new Watch(policyOf()))
  const spread = { seconds: new Spread(), chance: new Spread() }
  let sent = 0
  const stopwatch = new Stopwatch()
  stopwatch.start()
  for (const o of schoolYears(years)) {
    const at = (o.value as { occurred_at?: number }).occurred_at ?? 0
    if (at > 0 && at < from) spreads(o, spread)
    sizes.forEach((size, i) => {
      const moved = at >= from && size > 0
      watches[i]!.take(moved ? shifted(o, size * spread.seconds.sd, size * spread.chance.sd) : o)
    })
    if (++sent % 200_000 === 0) note(`${sent.toLocaleString('en')} records`)
  }
  const lap = await stopwatch.stop()
  return ['feature/response_seconds_7d', 'score/prediction/elo', 'quality/predictions/elo'].flatMap((name) =>
    sizes.slice(1).map((size, k) => {
      const own = watches[k + 1]!.verdicts.filter((v) => seriesOf(v) === name && v.window_to > from)
      const days = (kind: string, ...states: string[]) => delayOf(own, from, kind, states)?.days ?? 'not found'
      return figure(about(`${name}, ${size} sd`, sent), lap, {
        'days to drift, by week': days('week', 'drift'),
        'rows to drift': delayOf(own, from, 'week', ['drift'])?.rows ?? 'not found',
        'days to suspicion': days('week', 'suspect', 'drift'),
        'days to drift, by count': days('count', 'drift'),
        'drifting windows without a shift': watches[0]!.verdicts.filter(
          (v) => seriesOf(v) === name && v.window_to > from && v.state === 'drift',
        ).length,
      })
    }),
  )
}

/** Running mean and deviation. */
class Spread {
  private n = 0
  private sum = 0
  private squares = 0

  add(x: number): void {
    this.n++
    this.sum += x
    this.squares += x * x
  }

  get sd(): number {
    const mean = this.sum / this.n
    return Math.sqrt(this.squares / this.n - mean * mean)
  }
}

/** Adds what shifts are measured in. */
function spreads(o: StageOutput, to: { seconds: Spread; chance: Spread }): void {
  if (o.subject === 'feature-record')
    for (const r of (o.value as { rows: { windows: { response_ms: number; response_n: number }[] }[] }).rows) {
      const w = r.windows[0]!
      if (w.response_n > 0) to.seconds.add(w.response_ms / w.response_n / 1000)
    }
  if (o.subject === 'mastery-score') {
    const p = (o.value as MasteryScore).predictions.find((x) => x.model === 'elo')
    if (p) to.chance.add(p.p)
  }
}

const seriesOf = (v: DriftVerdict) => [v.kind, v.name, v.model].filter((x) => x !== '').join('/')

function delayOf(
  own: readonly DriftVerdict[],
  from: number,
  kind: string,
  states: readonly string[],
): { days: number; rows: number } | null {
  const of = own.filter((v) => v.window_kind === kind).sort((a, b) => a.window_to - b.window_to)
  const hit = of.find((v) => states.includes(v.state))
  if (!hit) return null
  const until = of.filter((v) => v.window_to <= hit.window_to)
  return { days: (hit.window_to - from) / DAY, rows: until.reduce((n, v) => n + v.rows, 0) }
}

export const cases = { stages, quiet, shifts, items, steady, real }
