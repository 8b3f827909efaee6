import { WEEK, weekOf } from '../../drift/calendar.ts'
import { GROUPS, Histogram } from '../../drift/histogram.ts'
import { judge, type Verdict } from '../../drift/judge.ts'
import type { DriftPolicy } from '../../drift/policy.ts'
import { NO_REFERENCES, type References } from '../../drift/reference.ts'
import { measuresOf, type Series, seriesKey } from '../../drift/series.ts'
import { SeriesState, type WindowKind } from '../../drift/series-state.ts'

/** Empty weeks on end of which it is told that nothing came; then there is silence until something does. */
const MOST_EMPTY = 8
/** Weeks without a row after which a model version is forgotten: it is in force no more. */
const FORGOTTEN_AFTER = 8

/** A bucket that some source partitions have closed and others not yet. */
export interface Pending {
  to: number
  series: Map<string, PendingSeries>
}

export interface PendingSeries {
  series: Series
  labels: readonly string[]
  histogram: Histogram
}

/** A round's verdicts, in the order of their series' keys. */
export interface Round {
  kind: WindowKind
  verdicts: Verdict[]
}

/** All series of a tenant. Times in UTC milliseconds. */
export class TenantDrift {
  readonly series = new Map<string, SeriesState>()
  /** By begin. */
  readonly pending = new Map<number, Pending>()
  /** Begin of the week that is open; 0 before the first bucket. */
  week = 0
  /** Whether the open week is the first, which may have begun before the first record. */
  first = true
  /** Weeks on end without a row. */
  empty = 0
  /** Of the stage, while it advances. */
  private references: References = NO_REFERENCES

  put(s: SeriesState): void {
    this.series.set(seriesKey(s.series), s)
  }

  /** Takes one partition's part of a bucket. */
  take(
    series: Series,
    labels: readonly string[],
    from: number,
    to: number,
    part: Pick<Histogram, 'counts' | 'sums'>,
  ): void {
    const key = seriesKey(series)
    const bins = part.counts.length / GROUPS
    let pending = this.pending.get(from)
    if (pending === undefined) this.pending.set(from, (pending = { to, series: new Map() }))
    let s = pending.series.get(key)
    if (s === undefined)
      pending.series.set(key, (s = { series, labels, histogram: new Histogram(bins, measuresOf(series)) }))
    s.histogram.merge(part)
  }

  /** Everything that ends at or before `until` is whole: windows that end by then are judged, in the order of time. */
  advance(policy: DriftPolicy, until: number, references: References): Round[] {
    this.references = references
    const rounds: Round[] = []
    const whole = [...this.pending].filter(([, b]) => b.to <= until).sort(([a], [b]) => a - b)
    for (const [from, { to, series }] of whole) {
      if (this.week === 0) {
        this.week = weekOf(from)
        this.first = from > this.week
      }
      this.endWeeks(policy, from, rounds)
      for (const [key, s] of series) this.state(key, s).add({ from, to, histogram: s.histogram })
      this.pending.delete(from)
      this.endCounts(policy, to, rounds)
    }
    if (this.week !== 0) this.endWeeks(policy, until, rounds)
    return rounds
  }

  private state(key: string, { series, labels, histogram }: PendingSeries): SeriesState {
    let s = this.series.get(key)
    if (s === undefined) this.series.set(key, (s = new SeriesState(series, histogram.bins, labels)))
    return s
  }

  private sorted(): SeriesState[] {
    return [...this.series].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, s]) => s)
  }

  private endWeeks(policy: DriftPolicy, until: number, rounds: Round[]): void {
    while (this.week + WEEK <= until) {
      const nothing = [...this.series.values()].every((s) => s.week.open === null)
      this.empty = nothing ? this.empty + 1 : 0
      if (this.empty > MOST_EMPTY) {
        this.week += WEEK
        continue
      }
      const to = this.week + WEEK
      const round = this.sorted().flatMap((series) => {
        const { kind } = series.series
        if (kind === 'volume' && this.first) {
          series.week.open = null
          return []
        }
        if (kind === 'volume' && series.week.open === null && series.week.past.length > 0)
          series.week.open = series.blank()
        const window = series.close('week', this.week, to)
        return window === null ? [] : [{ series, window }]
      })
      this.end(policy, 'week', round, rounds)
      this.week = to
      this.first = false
      this.forget(to)
    }
  }

  private endCounts(policy: DriftPolicy, to: number, rounds: Round[]): void {
    const round = this.sorted().flatMap((series) => {
      const { open, from } = series.count
      if (open === null || series.series.kind === 'volume' || open.n < policy.countWindow) return []
      return [{ series, window: series.close('count', from, to)! }]
    })
    if (round.length > 0) this.end(policy, 'count', round, rounds)
  }

  private end(policy: DriftPolicy, kind: WindowKind, round: Parameters<typeof judge>[2], rounds: Round[]): void {
    const verdicts = judge(policy, kind, round, this.references)
    for (const { series, window } of round) series.keep(kind, window)
    if (verdicts.length > 0) rounds.push({ kind, verdicts })
  }

  private forget(now: number): void {
    for (const [key, s] of this.series) {
      const newest = s.week.past.at(-1)?.to ?? now
      if (s.series.model !== '' && s.week.open === null && now - newest > FORGOTTEN_AFTER * WEEK)
        this.series.delete(key)
    }
  }
}
