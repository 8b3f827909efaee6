import type { ClickHouseGold } from '@mastery/infra/adapters/clickhouse/gold.ts'
import { type FoundSeries, type FoundWindow, largestEffect } from '@mastery/topology/drift/report/found.ts'
import { type SeriesKind, seriesName } from '@mastery/topology/drift/series.ts'
import { DAY, planSpan } from '@mastery/topology/school/calendar.ts'
import type { PlantedDrift } from '@mastery/topology/school/planted.ts'
import { foundDrift } from './drift.ts'

/** When the simulated school begins. */
export const SCHOOL_STARTS = Date.UTC(2025, 8, 1)
const SLOWER = 1.5
/** Of the days of the year: there is enough before it to compare with, and enough after it to be noticed in. */
const PLANTED_AFTER = 0.57
const WEEKS = 60
const SHOWN = 5

/** What is planted in the demo's school: from a Monday on, everybody takes half as long again over each answer. */
export function demoDrift(students: number, events: number): PlantedDrift & { kind: 'seconds' } {
  const { days } = planSpan(SCHOOL_STARTS, students, events)
  return { kind: 'seconds', factor: SLOWER, day: Math.floor((days * PLANTED_AFTER) / 7) * 7 }
}

export interface DemoDrift {
  planted: { at: number; factor: number }
  /** Series that were called drifting after it was planted, the earliest first. */
  found: {
    series: string
    days: number
    rows: number
    metric: string
    value: number
    floor: number
    critical: number
  }[]
  /** Series that were called drifting before anything was planted. */
  before: string[]
  watched: number
}

const begins = (s: FoundSeries): FoundWindow | undefined => s.windows.find((w) => w.state === 'drift' && w.changed)

/** What drift detection made of the year. `days` and `rows`: from the planting to the end of the window that said it. */
export async function driftInTheEnd(gold: ClickHouseGold, tenant: string, planted: PlantedDrift): Promise<DemoDrift> {
  const { series } = await foundDrift(gold, tenant, WEEKS)
  const at = SCHOOL_STARTS + planted.day * DAY
  const named = (s: FoundSeries) => seriesName({ ...s, kind: s.kind as SeriesKind })
  const drifted = series.flatMap((s) => {
    const w = begins(s)
    return w === undefined ? [] : [{ s, w }]
  })
  const after = drifted.filter(({ w }) => w.to > at).sort((a, b) => a.w.to - b.w.to)
  return {
    planted: { at, factor: SLOWER },
    found: after.map(({ s, w }) => {
      const m = largestEffect(w)!
      const since = s.windows.filter((x) => x.window_kind === w.window_kind && x.to > at && x.to <= w.to)
      return {
        ...{ series: named(s), days: Math.ceil((w.to - at) / DAY), rows: since.reduce((n, x) => n + x.rows, 0) },
        ...{ metric: m.name, value: m.value, floor: m.floor!, critical: m.critical ?? 0 },
      }
    }),
    before: drifted.filter(({ w }) => w.to <= at).map(({ s }) => named(s)),
    watched: series.length,
  }
}

const figure = (x: number) => x.toFixed(2)

/** The same in words. */
export function driftText({ planted, found, before, watched }: DemoDrift): string {
  const day = new Date(planted.at).toISOString().slice(0, 10)
  const what = `Planted: from ${day} on, everybody takes ${planted.factor} times as long over each answer.`
  const lines = found
    .slice(0, SHOWN)
    .map(
      (f) =>
        `  ${f.series} drifts: noticed after ${f.days} days and ${f.rows.toLocaleString('en')} rows (${f.metric} ${figure(f.value)}; floor ${figure(f.floor)}, by chance up to ${figure(f.critical)})`,
    )
  const more = found.length > SHOWN ? [`  and ${found.length - SHOWN} more series`] : []
  const early = before.length > 0 ? ` Before it was planted ${before.join(', ')} had been called drifting.` : ''
  return `What has changed
  ${what}
${found.length === 0 ? '  It was not noticed.' : [...lines, ...more].join('\n')}
  Watched were ${watched} series.${early} "npx mastery drift report --out FILE.html" draws them.
`
}
