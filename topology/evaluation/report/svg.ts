/** Text as it may stand in HTML and in attributes. */
export function html(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`)
}

/** Coordinates to a tenth of a pixel: more is weight. */
export const px = (x: number): string => String(Math.round(x * 10) / 10)

export type Scale = (value: number) => number

export interface Frame {
  width: number
  height: number
  x: readonly [number, number]
  y: readonly [number, number]
  xTicks: readonly (number | readonly [number, string])[]
  yTicks: readonly (number | readonly [number, string])[]
  xLabel: string
  yLabel: string
  /** For who can't see the picture. */
  about: string
}

const LEFT = 48
const RIGHT = 12
const TOP = 10
const BOTTOM = 40

/** A picture with axes; `draw` gets the scales from values to pixels. */
export function chart(f: Frame, draw: (x: Scale, y: Scale) => string): string {
  const x: Scale = (v) => LEFT + ((v - f.x[0]) / (f.x[1] - f.x[0] || 1)) * (f.width - LEFT - RIGHT)
  const y: Scale = (v) => f.height - BOTTOM - ((v - f.y[0]) / (f.y[1] - f.y[0] || 1)) * (f.height - TOP - BOTTOM)
  const floor = f.height - BOTTOM
  const ticks = [
    ...f.xTicks.map((t) => {
      const [v, text] = typeof t === 'number' ? [t, label(t)] : t
      return `<text class="tick" x="${px(x(v))}" y="${floor + 15}" text-anchor="middle">${html(text)}</text>`
    }),
    ...f.yTicks.map((t) => {
      const [v, text] = typeof t === 'number' ? [t, label(t)] : t
      const at = px(y(v))
      return `<line class="grid" x1="${LEFT}" x2="${f.width - RIGHT}" y1="${at}" y2="${at}"/><text class="tick" x="${LEFT - 6}" y="${at}" dy="0.32em" text-anchor="end">${html(text)}</text>`
    }),
  ].join('')
  const middle = px((LEFT + f.width - RIGHT) / 2)
  const across = px((TOP + floor) / 2)
  return picture(
    f.width,
    f.height,
    f.about,
    `${ticks}<line class="axis" x1="${LEFT}" x2="${f.width - RIGHT}" y1="${floor}" y2="${floor}"/>${draw(x, y)}<text class="label" x="${middle}" y="${f.height - 6}" text-anchor="middle">${html(f.xLabel)}</text><text class="label" transform="translate(12 ${across}) rotate(-90)" text-anchor="middle">${html(f.yLabel)}</text>`,
  )
}

export function picture(width: number, height: number, about: string, inside: string): string {
  return `<svg role="img" aria-label="${html(about)}" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">${inside}</svg>`
}

export function path(points: readonly (readonly [number, number])[], attributes: string): string {
  const d = points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${px(x)} ${px(y)}`).join('')
  return `<path d="${d}" fill="none" ${attributes}/>`
}

/** The colour of the i-th model, as CSS: the same one in every picture. */
export const colour = (i: number): string => `var(--m${i % 10})`

/** Round values that cover [low, high], about `count` of them. */
export function niceTicks(low: number, high: number, count = 5): number[] {
  const rough = (high - low || 1) / count
  const power = Number(`1e${Math.floor(Math.log10(rough))}`)
  const step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((s) => s >= rough)!
  const ticks: number[] = []
  for (let k = Math.floor(low / step); k * step < high + step * 0.999; k++)
    ticks.push(Number((k * step).toPrecision(10)))
  return ticks
}

/** Round ticks around all values, and the range that they span; 0 to 1 where there is no value. */
export function niceRange(values: readonly number[], count = 5): { range: [number, number]; ticks: number[] } {
  const known = values.length > 0 ? values : [0, 1]
  const ticks = niceTicks(Math.min(...known), Math.max(...known), count)
  return { range: [ticks[0]!, ticks.at(-1)!], ticks }
}

function label(v: number): string {
  return String(Number(v.toPrecision(6)))
}
