import { Adwin } from './detectors/adwin.ts'
import { PageHinkley } from './detectors/page-hinkley.ts'
import { Histogram, MICRO } from './histogram.ts'
import { measuresOf, type Series } from './series.ts'
import { type ClosedWindow, closeWindow } from './window.ts'

export type WindowKind = 'week' | 'count'

/** A bucket of a series, merged over all source partitions. */
export interface Bucket {
  from: number
  to: number
  histogram: Histogram
}

/** Windows that are remembered: a bit more than a year of weeks, so that the same phase of the year before is there. */
const KEEPS: Record<WindowKind, number> = { week: 57, count: 16 }

/** Windows of one kind: the open one, those that have ended, and what they showed. */
export class Windows {
  from = 0
  open: Histogram | null = null
  past: ClosedWindow[] = []
  /** Of the last three that were compared: whether they showed a drift. */
  shown: boolean[] = []
  drifting = false
}

/** Detectors on the daily means of log loss: they see slow rises, and are told, not judged. */
export class Detectors {
  pageHinkley = new PageHinkley({ least: 20, delta: 0.01, threshold: 0.5, alpha: 1 })
  adwin = new Adwin({ clock: 1, leastWindow: 5, grace: 10 })
  /** What was detected since the last verdict. */
  found: string[] = []

  add(mean: number): void {
    if (this.pageHinkley.add(mean) && !this.found.includes('page_hinkley')) this.found.push('page_hinkley')
    if (this.adwin.add(mean) && !this.found.includes('adwin')) this.found.push('adwin')
  }
}

/** All that is remembered of a series. */
export class SeriesState {
  readonly series: Series
  readonly bins: number
  readonly labels: readonly string[]
  readonly week = new Windows()
  readonly count = new Windows()
  readonly detectors: Detectors | null

  constructor(series: Series, bins: number, labels: readonly string[]) {
    this.series = series
    this.bins = bins
    this.labels = labels
    this.detectors = series.kind === 'quality' ? new Detectors() : null
  }

  of(kind: WindowKind): Windows {
    return kind === 'week' ? this.week : this.count
  }

  blank(): Histogram {
    return new Histogram(this.bins, measuresOf(this.series))
  }

  /** Takes a whole bucket, each after the one before. */
  add(b: Bucket): void {
    for (const w of [this.week, this.count]) {
      if (w.open === null) {
        w.open = this.blank()
        w.from = b.from
      }
      w.open.merge(b.histogram)
    }
    const { n, sums, measures } = b.histogram
    if (this.detectors === null || n === 0) return
    let loss = 0
    for (let at = 2; at < sums.length; at += 2 * measures) loss += sums[at]!
    this.detectors.add(loss / MICRO / n)
  }

  /** Ends the open window; null where there is none. It is to be remembered by `keep` once it was judged. */
  close(kind: WindowKind, from: number, to: number): ClosedWindow | null {
    const w = this.of(kind)
    if (w.open === null) return null
    const closed = closeWindow(w.open, from, to)
    w.open = null
    return closed
  }

  keep(kind: WindowKind, window: ClosedWindow): void {
    const w = this.of(kind)
    w.past.push(window)
    if (w.past.length <= KEEPS[kind]) return
    // A version's first windows are its reference for as long as it is in force.
    w.past.splice(this.series.kind === 'quality' ? KEEPS[kind] >> 1 : 0, 1)
  }
}
