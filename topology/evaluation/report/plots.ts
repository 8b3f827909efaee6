import type { Comparison, Evaluation, ModelEvaluation, SliceTable } from '../evaluation.ts'
import { chart, colour, html, niceRange, path, picture, px } from './svg.ts'

type Named = [id: string, model: ModelEvaluation][]

const UNIT = [0, 0.25, 0.5, 0.75, 1] as const

/** What a model predicted against what happened, with the share of predictions in each bin below. */
export function reliabilityPlot(id: string, m: ModelEvaluation, at: number): string {
  const bins = m.reliability.equal_width
  const most = Math.max(...bins.map((b) => b.n))
  const frame = {
    width: 310,
    height: 290,
    x: [0, 1] as const,
    y: [0, 1] as const,
    xTicks: UNIT,
    yTicks: UNIT,
    xLabel: 'predicted chance',
    yLabel: 'share correct',
    about: `Reliability of ${id}: share of correct answers against predicted chance`,
  }
  return chart(frame, (x, y) => {
    const bars = bins.map((b) => {
      const from = Math.min(0.9, Math.floor(b.mean_p * 10) / 10)
      const height = 0.22 * (b.n / most)
      return `<rect class="mass" x="${px(x(from) + 1)}" width="${px(x(0.1) - x(0) - 2)}" y="${px(y(height))}" height="${px(y(0) - y(height))}"><title>${b.n.toLocaleString('en')} answers</title></rect>`
    })
    const points = bins.map((b) => [x(b.mean_p), y(b.rate)] as const)
    const dots = bins.map(
      (b, i) =>
        `<circle cx="${px(points[i]![0])}" cy="${px(points[i]![1])}" r="${b.n < 50 ? 2.5 : 4}" fill="${colour(at)}" opacity="${b.n < 50 ? 0.5 : 1}"><title>predicted ${b.mean_p.toFixed(3)}, correct ${b.rate.toFixed(3)}, ${b.n.toLocaleString('en')} answers</title></circle>`,
    )
    const ideal = `<line class="ideal" x1="${px(x(0))}" y1="${px(y(0))}" x2="${px(x(1))}" y2="${px(y(1))}"/>`
    return `${bars.join('')}${ideal}${path(points, `stroke="${colour(at)}" stroke-width="1.5"`)}${dots.join('')}`
  })
}

export function rocPlot(models: Named): string {
  const frame = {
    width: 460,
    height: 430,
    x: [0, 1] as const,
    y: [0, 1] as const,
    xTicks: UNIT,
    yTicks: UNIT,
    xLabel: 'wrong answers taken for correct',
    yLabel: 'correct answers taken for correct',
    about: 'ROC curves of all models',
  }
  return chart(frame, (x, y) => {
    const lines = models.map(([, m], i) =>
      path(
        m.roc.map((r) => [x(r.false_positive_rate), y(r.true_positive_rate)] as const),
        `stroke="${colour(i)}" stroke-width="1.6" stroke-linejoin="round"`,
      ),
    )
    return `<line class="ideal" x1="${px(x(0))}" y1="${px(y(0))}" x2="${px(x(1))}" y2="${px(y(1))}"/>${lines.join('')}`
  })
}

/** AUC by slice in the order of the table, with intervals. */
export function slicePlot({ slices }: SliceTable, ids: readonly string[], xLabel: string): string {
  const values = slices
    .flatMap((s) => Object.values(s.models).flatMap((m) => [m.auc, m.auc_low, m.auc_high]))
    .filter((v) => !Number.isNaN(v))
  const { range, ticks } = niceRange(values, 6)
  const frame = {
    width: 760,
    height: 340,
    x: [-0.5, slices.length - 0.5] as const,
    y: range,
    xTicks: slices.map((s, i) => [i, s.name] as const),
    yTicks: ticks,
    xLabel,
    yLabel: 'AUC',
    about: `AUC by ${xLabel}`,
  }
  return chart(frame, (x, y) =>
    ids
      .map((id, k) => {
        const shift = ids.length === 1 ? 0 : (0.5 * k) / (ids.length - 1) - 0.25
        const known = slices.flatMap((s, i) => {
          const m = s.models[id]!
          return Number.isNaN(m.auc) ? [] : [{ at: x(i + shift), ...m, n: s.n, name: s.name }]
        })
        const marks = known.map((m) => {
          const whisker = Number.isNaN(m.auc_low)
            ? ''
            : `<line x1="${px(m.at)}" x2="${px(m.at)}" y1="${px(y(m.auc_low))}" y2="${px(y(m.auc_high))}" stroke="${colour(k)}" stroke-width="1.5" opacity=".55"/>`
          return `${whisker}<circle cx="${px(m.at)}" cy="${px(y(m.auc))}" r="3" fill="${colour(k)}"><title>${html(id)}, ${html(m.name)}: ${m.auc.toFixed(4)} of ${m.n.toLocaleString('en')} answers</title></circle>`
        })
        const line = path(
          known.map((m) => [m.at, y(m.auc)] as const),
          `stroke="${colour(k)}" stroke-width="1" opacity=".5"`,
        )
        return line + marks.join('')
      })
      .join(''),
  )
}

/** Error by opportunity: what happened in black, what models predicted in their colours. */
export function curvePlot(curve: Evaluation['learning_curves'][number], ids: readonly string[]): string {
  const { points } = curve
  const values = points.flatMap((p) => [p.error, ...Object.values(p.predicted)])
  const { range, ticks } = niceRange(values, 4)
  const last = points.at(-1)!.opportunity
  const frame = {
    width: 310,
    height: 240,
    x: [1, last] as const,
    y: range,
    xTicks: [1, ...[5, 10, 15, 20].filter((t) => t <= last)],
    yTicks: ticks,
    xLabel: 'opportunity on the topic',
    yLabel: 'share wrong',
    about: `Learning curve of ${curve.name}`,
  }
  return chart(frame, (x, y) => {
    const lines = ids.map((id, i) =>
      path(
        points.map((p) => [x(p.opportunity), y(p.predicted[id]!)] as const),
        `stroke="${colour(i)}" stroke-width="1.3"`,
      ),
    )
    const seen = points.map(
      (p) =>
        `<circle class="seen" cx="${px(x(p.opportunity))}" cy="${px(y(p.error))}" r="2.6"><title>opportunity ${p.opportunity}: ${p.error.toFixed(3)} of ${p.n.toLocaleString('en')} answers wrong</title></circle>`,
    )
    return lines.join('') + seen.join('')
  })
}

const ROW = 22

/** A row per pair: difference in AUC with its interval; a line at zero. */
export function forestPlot(all: readonly Comparison[], ids: readonly string[]): string {
  const comparisons = all.filter((c) => !Number.isNaN(c.auc.low))
  const values = comparisons.flatMap((c) => [c.auc.low, c.auc.high, 0])
  const { range, ticks } = niceRange(values, 6)
  const [left, right, width] = [210, 190, 860]
  const height = comparisons.length * ROW + 46
  const x = (v: number) => left + ((v - range[0]) / (range[1] - range[0])) * (width - left - right)
  const grid = ticks.map(
    (t) =>
      `<line class="${t === 0 ? 'axis' : 'grid'}" x1="${px(x(t))}" x2="${px(x(t))}" y1="6" y2="${height - 36}"/><text class="tick" x="${px(x(t))}" y="${height - 20}" text-anchor="middle">${t === 0 ? '0' : `${t > 0 ? '+' : '−'}${Math.abs(t)}`}</text>`,
  )
  const rows = comparisons.map(({ first, second, auc: d }, i) => {
    const y = 18 + i * ROW
    const ink = d.clear_of_zero ? colour(ids.indexOf(d.difference > 0 ? first : second)) : 'var(--soft)'
    const text = `${signed(d.difference)}  [${signed(d.low)}, ${signed(d.high)}]`
    return `<text x="${left - 12}" y="${y}" dy="0.32em" text-anchor="end">${html(first)} − ${html(second)}</text><line x1="${px(x(d.low))}" x2="${px(x(d.high))}" y1="${y}" y2="${y}" stroke="${ink}" stroke-width="2"/><circle cx="${px(x(d.difference))}" cy="${y}" r="4" fill="${ink}"/><text x="${width - right + 14}" y="${y}" dy="0.32em">${text}</text>`
  })
  return picture(
    width,
    height,
    'Differences in AUC of pairs of models, with intervals',
    `${grid.join('')}${rows.join('')}<text class="label" x="${px((left + width - right) / 2)}" y="${height - 4}" text-anchor="middle">difference in AUC: to the right the first is better</text>`,
  )
}

export function signed(x: number): string {
  return Number.isNaN(x) ? '–' : `${x < 0 ? '−' : '+'}${Math.abs(x).toFixed(4)}`
}

/** A line from low to high with a dot, on a scale that all rows share. */
export function intervalMark(
  low: number,
  value: number,
  high: number,
  range: readonly [number, number],
  at: number,
): string {
  const x = (v: number) => 4 + ((v - range[0]) / (range[1] - range[0] || 1)) * 92
  if (Number.isNaN(value)) return ''
  const whisker = Number.isNaN(low)
    ? ''
    : `<line x1="${px(x(low))}" x2="${px(x(high))}" y1="8" y2="8" stroke="${colour(at)}" stroke-width="2"/>`
  return picture(
    100,
    16,
    `${low.toFixed(4)} to ${high.toFixed(4)}`,
    `${whisker}<circle cx="${px(x(value))}" cy="8" r="4" fill="${colour(at)}"/>`,
  )
}
