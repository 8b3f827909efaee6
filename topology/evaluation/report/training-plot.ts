import type { ModelEvaluation } from '../evaluation.ts'
import type { TrainingPoint } from '../learner.ts'
import { chart, colour, html, niceRange, path, px } from './svg.ts'
import { swatch } from './tables.ts'

/** Points of each series, in the order in which they began. */
export function trainingSeries(points: readonly TrainingPoint[]): [name: string, points: TrainingPoint[]][] {
  return [...Map.groupBy(points, (p) => p.series)]
}

/** Loss during the fit, a line per series. */
export function trainingPlot(id: string, points: readonly TrainingPoint[]): string {
  const series = trainingSeries(points)
  const { range, ticks } = niceRange(
    points.map((p) => p.loss),
    4,
  )
  const last = Math.max(...points.map((p) => p.at))
  const first = Math.min(...points.map((p) => p.at))
  const steps = [1, 2, 5, 10, 20, 50, 100, 200]
  const step = steps.find((s) => (last - first) / s <= 6) ?? 500
  const xTicks: number[] = []
  for (let t = Math.ceil(first / step) * step; t <= last; t += step) xTicks.push(t)
  const frame = {
    width: 460,
    height: 280,
    x: [first, last] as const,
    y: range,
    xTicks,
    yTicks: ticks,
    xLabel: points[0]!.unit,
    yLabel: 'mean log loss',
    about: `Log loss of ${id} during its fit`,
  }
  return chart(frame, (x, y) =>
    series
      .map(([name, list], i) => {
        const at = list.map((p) => [x(p.at), y(p.loss)] as const)
        const dots = list.length > 15 ? [] : list
        const marks = dots.map(
          (p) =>
            `<circle cx="${px(x(p.at))}" cy="${px(y(p.loss))}" r="3" fill="${colour(i)}"><title>${html(name)}, ${p.at} ${html(p.unit)}: ${p.loss.toFixed(4)}</title></circle>`,
        )
        return path(at, `stroke="${colour(i)}" stroke-width="1.5"`) + marks.join('')
      })
      .join(''),
  )
}

/** A figure per model whose fit told its curve; nothing where none did. */
export function trainingFigures(models: readonly [string, ModelEvaluation][]): string {
  const figures = models.flatMap(([id, { training }]) => {
    if (!training || training.length === 0) return []
    const names = trainingSeries(training).map(([name], i) => swatch(i, name))
    return [
      `<figure><h3>${html(id)}</h3>${trainingPlot(id, training)}<div class="legend">${names.join('')}</div></figure>`,
    ]
  })
  return figures.length === 0 ? '' : `<div class="grid-of">${figures.join('')}</div>`
}
