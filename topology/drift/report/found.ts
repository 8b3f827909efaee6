import type { Metric } from '../comparison.ts'

/** One window of a series, as gold has it. Times in UTC milliseconds. */
export interface FoundWindow {
  window_kind: 'week' | 'count'
  from: number
  to: number
  state: string
  changed: boolean
  reference: string
  reference_from: number | null
  reference_to: number | null
  phase: string
  rows: number
  reference_rows: number
  independent_rows: number | null
  dispersion: number | null
  p: number | null
  p_adjusted: number | null
  series_in_round: number
  metrics: Metric[]
  detected: string[]
  counts: number[]
  reference_counts: number[]
}

export interface FoundSeries {
  kind: string
  name: string
  model: string
  version: string
  scale: string
  labels: string[]
  /** In order of time. */
  windows: FoundWindow[]
}

/** An item whose answers have changed, as gold's newest run has it. */
export interface FoundItem {
  item: string
  period: string
  from: number
  verdict: string
  answers: number
  shift: number | null
  robust_z: number | null
  p_adjusted: number | null
}

export interface Found {
  tenant: string
  series: FoundSeries[]
  items: FoundItem[]
}

/** What a series is shown by, in its order of choice. */
const SHOWN = ['psi_deciles', 'log_volume_ratio', 'log_loss_change'] as const

const ABOUT: Record<(typeof SHOWN)[number], string> = {
  psi_deciles: 'PSI over deciles of the reference',
  log_volume_ratio: 'logarithm of the ratio of volumes',
  log_loss_change: 'change of log loss',
}

/** The metric that a series' plot shows, and its name for people. */
export function shownMetric(w: FoundWindow): { metric: Metric; about: string } | null {
  for (const name of SHOWN) {
    const metric = w.metrics.find((m) => m.name === name)
    if (metric) return { metric, about: ABOUT[name] }
  }
  return null
}

/** The judged effect that is largest against its floor. */
export function largestEffect(w: { readonly metrics: readonly Metric[] }): Metric | null {
  const judged = w.metrics.filter((m) => m.floor !== null)
  judged.sort((a, b) => Math.abs(b.value) / b.floor! - Math.abs(a.value) / a.floor!)
  return judged[0] ?? null
}

export const newestWeek = (s: FoundSeries): FoundWindow | null =>
  s.windows.filter((w) => w.window_kind === 'week').at(-1) ?? null

/** Windows since which a series drifts, if it does now: the first of the last run of drift and suspicion. */
export function driftsSince<W extends Pick<FoundWindow, 'window_kind' | 'state'>>(
  s: { readonly windows: readonly W[] },
  kind: W['window_kind'],
): W | null {
  const of = s.windows.filter((w) => w.window_kind === kind)
  if (of.at(-1)?.state !== 'drift') return null
  let first = of.at(-1)!
  for (let i = of.length - 1; i >= 0 && ['drift', 'suspect'].includes(of[i]!.state); i--) first = of[i]!
  return first
}

/** Whether it drifted in any of its windows. */
export const everDrifted = (s: FoundSeries): boolean => s.windows.some((w) => w.state === 'drift')
