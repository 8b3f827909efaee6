import { STYLE } from '../../evaluation/report/style.ts'
import { html } from '../../evaluation/report/svg.ts'
import { legend } from '../../evaluation/report/tables.ts'
import { type SeriesKind, seriesName } from '../series.ts'
import { isWhole } from '../subjects.ts'
import {
  driftsSince,
  everDrifted,
  type Found,
  type FoundItem,
  type FoundSeries,
  type FoundWindow,
  largestEffect,
  newestWeek,
} from './found.ts'
import { dayOf, histogramPlot, metricPlot, qualityPlot } from './plots.ts'

/** Series that are drawn; the table has all. */
const MOST_DRAWN = 16

const name = (s: FoundSeries) => seriesName({ ...s, kind: s.kind as SeriesKind })
const count = (n: number) => Math.round(n).toLocaleString('en')
const short = (x: number | null) =>
  x === null ? '–' : x !== 0 && Math.abs(x) < 0.001 ? x.toExponential(1) : x.toFixed(3)

const REFERENCES: Record<string, string> = {
  same_phase: 'the same weeks of the school year before',
  training: 'the students kept aside in its training',
  version: "the model version's first weeks",
  weeks_before: 'the weeks before',
  none: 'nothing yet',
}

/** One HTML document that needs nothing else: no script, no network; pictures are SVG within it. */
export function driftReportHtml(found: Found): string {
  const now = found.series.filter((s) => driftsSince(s, 'week') !== null || driftsSince(s, 'count') !== null)
  const before = found.series.filter((s) => everDrifted(s) && !now.includes(s))
  const quality = found.series.filter((s) => s.kind === 'quality' && isWhole(s.name))
  const title = `Drift of ${found.tenant}`
  const drawn = [...now, ...before].slice(0, MOST_DRAWN)
  const parts = [
    `<h1>${html(title)}</h1><p class="lead">${summary(found, now, before)}</p>`,
    section('What drifts, and what did', drawn.length === 0 ? '<p>Nothing.</p>' : driftTable([...now, ...before])),
    drawn.length === 0
      ? ''
      : section(
          'Then and now',
          `<p class="soft">Left: grey bars are the reference, dots the window in which it drifted last. Right: the metric over time; dashed is the floor, the grey line what chance passes at these sizes. A red dot is a drift, a yellow one a single suspicious window.</p>${drawn.map(figures).join('')}`,
        ),
    quality.length === 0
      ? ''
      : section(
          'Quality of models by week',
          `<p class="soft">Of predictions made before the answers. A large dot is a week that drifts.</p>${legend(quality.map((s) => `${s.model}@${s.version}`))}<div class="grid-of"><figure>${qualityPlot(quality, 'log_loss', 'log loss')}</figure><figure>${qualityPlot(quality, 'ece_20_bins', 'calibration error')}</figure><figure>${qualityPlot(quality, 'residual_mean', 'answer less prediction')}</figure></div>`,
        ),
    found.items.length === 0 ? '' : section('Items', itemTable(found.items)),
    section('All series, newest week', allTable(found.series)),
    section('How to read this', NOTES),
  ]
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${html(title)}</title><style>${STYLE}.bad { color: var(--m4); font-weight: 600; } .grid-of { grid-template-columns: repeat(auto-fill, minmax(22rem, 1fr)); }</style></head>
<body>${parts.join('\n')}</body></html>
`
}

const section = (title: string, inside: string) => `<section><h2>${html(title)}</h2>${inside}</section>`

function summary(found: Found, now: readonly FoundSeries[], before: readonly FoundSeries[]): string {
  const weeks = found.series.flatMap((s) => s.windows.filter((w) => w.window_kind === 'week'))
  if (weeks.length === 0) return 'No week has ended yet: there is nothing to compare.'
  const [from, to] = [Math.min(...weeks.map((w) => w.from)), Math.max(...weeks.map((w) => w.to))]
  const of = `${found.series.length} series from ${dayOf(from)} to ${dayOf(to)}.`
  if (now.length === 0)
    return `Nothing drifts now${before.length > 0 ? `; ${before.length} series did for a while` : ''}. Watched were ${of}`
  const which = now.slice(0, 4).map((s) => `<strong>${html(name(s))}</strong>`)
  return `${which.join(', ')}${now.length > 4 ? ` and ${now.length - 4} more` : ''} ${now.length === 1 ? 'drifts' : 'drift'} now${before.length > 0 ? `; ${before.length} others did for a while` : ''}. Watched were ${of}`
}

/** The window that says most: the last one that drifts, else the newest. */
function telling(s: FoundSeries): FoundWindow {
  return s.windows.filter((w) => w.state === 'drift').at(-1) ?? newestWeek(s) ?? s.windows.at(-1)!
}

function driftTable(all: readonly FoundSeries[]): string {
  const rows = all.map((s) => {
    const w = telling(s)
    const since = driftsSince(s, w.window_kind)
    const m = largestEffect(w)
    const when = since ? `since ${dayOf(since.from)}` : `until ${dayOf(w.to)}`
    return `<tr><td>${html(name(s))}</td><td class="words${since ? ' bad' : ''}">${when}</td><td class="words">${m ? html(m.name.replaceAll('_', ' ')) : '–'}</td><td>${short(m?.value ?? null)}</td><td>${short(m?.floor ?? null)}</td><td>${short(m?.critical ?? null)}</td><td>${short(w.p_adjusted)}</td><td>${count(w.rows)}</td><td>${w.independent_rows === null ? '–' : count(w.independent_rows)}</td><td class="words">${REFERENCES[w.reference] ?? html(w.reference)}</td></tr>`
  })
  return `<div class="wide"><table><thead><tr><th>series</th><th class="words">drifts</th><th class="words">largest effect</th><th>value</th><th>floor</th><th>critical</th><th>p, corrected</th><th>rows</th><th>independent</th><th class="words">against</th></tr></thead><tbody>${rows.join('')}</tbody></table></div>`
}

function figures(s: FoundSeries): string {
  const w = telling(s)
  const against =
    w.reference_from === null
      ? ''
      : `, against ${REFERENCES[w.reference]} (${dayOf(w.reference_from)} to ${dayOf(w.reference_to!)})`
  return `<h3>${html(name(s))}</h3><p class="soft">${w.window_kind === 'week' ? 'Week' : 'Window'} from ${dayOf(w.from)}${w.phase === '' ? '' : `, ${html(w.phase)}`}${against}.</p><div class="grid-of"><figure>${histogramPlot(s, w)}</figure><figure>${metricPlot(s, w.window_kind)}</figure></div>`
}

function itemTable(items: readonly FoundItem[]): string {
  const rows = items.map(
    (i) =>
      `<tr><td>${html(i.item)}</td><td class="words">${html(i.period)} from ${dayOf(i.from)}</td><td class="words">${html(i.verdict.replaceAll('_', ' '))}</td><td>${short(i.shift)}</td><td>${short(i.robust_z)}</td><td>${short(i.p_adjusted)}</td><td>${count(i.answers)}</td></tr>`,
  )
  return `<p class="soft">Items whose answers changed more than those of the same students on other items. Shift: logits, above 0 harder.</p><div class="wide"><table><thead><tr><th>item</th><th class="words">window</th><th class="words">what</th><th>shift</th><th>robust z</th><th>p, corrected</th><th>answers</th></tr></thead><tbody>${rows.join('')}</tbody></table></div>`
}

function allTable(series: readonly FoundSeries[]): string {
  const rows = series.flatMap((s) => {
    const w = newestWeek(s)
    if (w === null) return []
    const m = largestEffect(w)
    return [
      `<tr><td>${html(name(s))}</td><td class="words${w.state === 'drift' ? ' bad' : ''}">${html(w.state.replaceAll('_', ' '))}</td><td class="words">${dayOf(w.from)}</td><td>${count(w.rows)}</td><td class="words">${m ? html(m.name.replaceAll('_', ' ')) : '–'}</td><td>${short(m?.value ?? null)}</td><td>${short(m?.floor ?? null)}</td><td>${short(m?.critical ?? null)}</td><td>${short(w.p)}</td><td>${short(w.dispersion)}</td></tr>`,
    ]
  })
  return `<details><summary>${rows.length} series</summary><div class="wide"><table><thead><tr><th>series</th><th class="words">state</th><th class="words">week from</th><th>rows</th><th class="words">largest effect</th><th>value</th><th>floor</th><th>critical</th><th>p</th><th>dispersion</th></tr></thead><tbody>${rows.join('')}</tbody></table></div></details>`
}

const NOTES = `<p>A series <strong>drifts</strong> where, in two of its last three windows, an effect lies above its floor and above what chance passes at these sizes, with a p value that stands up among all series of the round (Benjamini-Hochberg). One such window is <strong>suspect</strong>. <strong>Independent</strong> rows: how many rows would tell as much if answers of one student, class or week had nothing in common; the <strong>dispersion</strong> is by how much there are fewer of them. PSI and the Jensen-Shannon distance (base e) are over deciles of the reference; Kolmogorov-Smirnov and Wasserstein distances are from fixed bins, and the JSON says how far the exact ones can lie away.</p>`
