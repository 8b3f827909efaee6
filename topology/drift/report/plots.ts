import { chart, colour, html, niceRange, path, px } from '../../evaluation/report/svg.ts'
import type { Metric } from '../comparison.ts'
import { total } from '../samples.ts'
import { isNumeric, type ScaleName, scaleOf } from '../scales.ts'
import { type FoundSeries, type FoundWindow, shownMetric } from './found.ts'

const SIZE = { width: 400, height: 250 }
export const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10)

/** Names of a series' bins: from where on, or what. */
function binNames(s: FoundSeries, bins: number): string[] {
  if (s.labels.length > 0) return s.labels
  if (s.kind === 'quality') return Array.from({ length: bins }, (_, i) => `${((i >> 1) / (bins / 2)).toFixed(2)}`)
  if (!isNumeric(s.scale as ScaleName)) return Array.from({ length: bins }, (_, i) => String(i))
  const { low, edges } = scaleOf(s.scale as Parameters<typeof scaleOf>[0])
  return [low, ...edges].map((e) => String(Number(e.toPrecision(3))))
}

/** Shares of the reference as bars, of the window as dots with a line. */
export function histogramPlot(s: FoundSeries, w: FoundWindow): string {
  const quality = s.kind === 'quality'
  const fold = (c: number[]) => (quality ? c.filter((_, i) => i % 2 === 0).map((v, i) => v + c[2 * i + 1]!) : c)
  const [ref, cur] = [fold(w.reference_counts), fold(w.counts)]
  const share = (c: number[]) => c.map((v) => v / Math.max(1, total(c)))
  const [p, q] = [share(ref), share(cur)]
  const names = binNames(s, w.counts.length).filter((_, i) => !quality || i % 2 === 0)
  const { range, ticks } = niceRange([0, ...p, ...q], 4)
  const every = Math.max(1, Math.ceil(names.length / 6))
  const frame = {
    ...SIZE,
    x: [-0.5, names.length - 0.5] as const,
    y: range,
    xTicks: names.flatMap((n, i) => (i % every === 0 ? [[i, n.replaceAll('_', ' ').slice(0, 12)] as const] : [])),
    yTicks: ticks,
    xLabel: quality ? 'predicted chance, from' : s.labels.length > 0 ? 'what' : 'value, from',
    yLabel: 'share of rows',
    about: `${s.name}: shares of the reference and of the week from ${dayOf(w.from)}`,
  }
  return chart(frame, (x, y) => {
    const bars = p.map(
      (v, i) =>
        `<rect class="mass" x="${px(x(i - 0.42))}" width="${px(x(0.84) - x(0))}" y="${px(y(v))}" height="${px(y(0) - y(v))}"><title>${html(names[i]!)}: reference ${(100 * v).toFixed(1)} %</title></rect>`,
    )
    const line =
      s.labels.length > 0
        ? ''
        : path(
            q.map((v, i) => [x(i), y(v)] as const),
            `stroke="${colour(1)}" stroke-width="1.4"`,
          )
    const dots = q.map(
      (v, i) =>
        `<circle cx="${px(x(i))}" cy="${px(y(v))}" r="3" fill="${colour(1)}"><title>${html(names[i]!)}: this window ${(100 * v).toFixed(1)} %</title></circle>`,
    )
    return bars.join('') + line + dots.join('')
  })
}

const STATE_COLOUR: Record<string, number> = { drift: 4, suspect: 5 }

/** The metric over the weeks, with its floor and, per week, its critical value. Weeks that drift are filled. */
export function metricPlot(s: FoundSeries, kind: 'week' | 'count'): string {
  const known = s.windows.flatMap((w) => {
    const shown = w.window_kind === kind ? shownMetric(w) : null
    return shown === null ? [] : [{ w, ...shown }]
  })
  if (known.length === 0) return '<p class="soft">Not compared yet.</p>'
  const floor = known[0]!.metric.floor ?? 0
  const values = known.map(({ metric: m }) => m.value)
  // In a week of few rows chance passes far more than anybody wants to see.
  const most = 1.5 * Math.max(floor, ...values)
  const critical = (m: Metric) => Math.min(most, m.critical ?? most)
  const { range, ticks } = niceRange([0, floor, ...values, ...known.map((k) => critical(k.metric))], 5)
  const [first, last] = [known[0]!.w.from, known.at(-1)!.w.from]
  const frame = {
    ...SIZE,
    x: [first, Math.max(last, first + 1)] as const,
    y: range,
    xTicks: timeTicks(first, last),
    yTicks: ticks,
    xLabel: kind === 'week' ? 'week from' : 'window from',
    yLabel: known[0]!.about,
    about: `${s.name}: ${known[0]!.about} over time, with floor and critical value`,
  }
  return chart(frame, (x, y) => {
    const floorLine = `<line class="ideal" x1="${px(x(first))}" x2="${px(x(Math.max(last, first + 1)))}" y1="${px(y(floor))}" y2="${px(y(floor))}"><title>floor ${floor}</title></line>`
    const limits = path(
      known.map(({ w, metric: m }) => [x(w.from), y(critical(m))] as const),
      'stroke="var(--soft)" stroke-width="1.2"',
    )
    const line = path(
      known.map(({ w, metric: m }) => [x(w.from), y(m.value)] as const),
      `stroke="${colour(0)}" stroke-width="1.2" opacity=".6"`,
    )
    const dots = known.map(({ w, metric: m }) => {
      const state = STATE_COLOUR[w.state]
      const fill = state === undefined ? 'var(--page)' : colour(state)
      return `<circle cx="${px(x(w.from))}" cy="${px(y(m.value))}" r="4" fill="${fill}" stroke="${state === undefined ? colour(0) : fill}" stroke-width="1.4"><title>${dayOf(w.from)}: ${m.value.toPrecision(3)}, critical ${m.critical?.toPrecision(3) ?? '–'}, ${html(w.state)}, ${w.rows.toLocaleString('en')} rows</title></circle>`
    })
    return floorLine + limits + line + dots.join('')
  })
}

/** At most five days, evenly apart. */
function timeTicks(from: number, to: number): (readonly [number, string])[] {
  if (to <= from) return [[from, dayOf(from)]]
  const n = 4
  return Array.from({ length: n }, (_, i) => {
    const at = from + ((to - from) * i) / (n - 1)
    return [at, dayOf(at).slice(2)] as const
  })
}

/** A figure of quality by week, one line per model version. */
export function qualityPlot(series: readonly FoundSeries[], metric: string, label: string): string {
  const lines = series.map((s) =>
    s.windows.flatMap((w) => {
      const m = w.window_kind === 'week' && w.rows >= 100 ? w.metrics.find((x) => x.name === metric) : undefined
      return m ? [{ w, value: m.value }] : []
    }),
  )
  const all = lines.flat()
  const { range, ticks } = niceRange(
    all.map((p) => p.value),
    5,
  )
  const [first, last] = [Math.min(...all.map((p) => p.w.from)), Math.max(...all.map((p) => p.w.from))]
  const frame = {
    ...SIZE,
    x: [first, Math.max(last, first + 1)] as const,
    y: range,
    xTicks: timeTicks(first, last),
    yTicks: ticks,
    xLabel: 'week from',
    yLabel: label,
    about: `${label} by week`,
  }
  return chart(frame, (x, y) =>
    lines
      .map((points, i) => {
        const line = path(
          points.map(({ w, value }) => [x(w.from), y(value)] as const),
          `stroke="${colour(i)}" stroke-width="1.5"`,
        )
        const dots = points.map(
          ({ w, value }) =>
            `<circle cx="${px(x(w.from))}" cy="${px(y(value))}" r="${w.state === 'drift' ? 5 : 2.6}" fill="${colour(i)}"><title>${html(series[i]!.model)}, ${dayOf(w.from)}: ${value.toFixed(4)} of ${w.rows.toLocaleString('en')} answers</title></circle>`,
        )
        return line + dots.join('')
      })
      .join(''),
  )
}
