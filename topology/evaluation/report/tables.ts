import type { DataFacts, Evaluation, ModelEvaluation, SliceTable } from '../evaluation.ts'
import { intervalMark } from './plots.ts'
import { colour, html } from './svg.ts'

export const count = (n: number): string => n.toLocaleString('en')
export const digits = (x: number | null, of = 4): string => (x === null || Number.isNaN(x) ? '–' : x.toFixed(of))

type Named = [id: string, model: ModelEvaluation][]

export function swatch(at: number, text: string): string {
  return `<span><i class="swatch" style="background:${colour(at)}"></i>${html(text)}</span>`
}

export function legend(ids: readonly string[], observed = false): string {
  const dots = observed
    ? '<span><i class="swatch" style="background:var(--ink);border-radius:50%"></i>observed</span>'
    : ''
  return `<div class="legend">${dots}${ids.map((id, i) => swatch(i, id)).join('')}</div>`
}

const COLUMNS = [
  { title: 'accuracy', of: 'accuracy', more: true },
  { title: 'RMSE', of: 'rmse', more: false },
  { title: 'log loss', of: 'log_loss', more: false },
  { title: 'ECE', of: 'ece', more: false },
  { title: 'ECE, equal mass', of: 'ece_equal_mass', more: false },
  { title: 'AUC without first encounters', of: 'auc_without_first_encounters', more: true },
] as const

/** One row per model; the best of each column stands out. */
export function modelsTable(models: Named): string {
  const known = models.flatMap(([, m]) => [m.auc_low, m.auc, m.auc_high]).filter((v) => !Number.isNaN(v))
  const range = [Math.min(...known), Math.max(...known)] as const
  const best = (of: 'auc' | (typeof COLUMNS)[number]['of'], more: boolean) => {
    const values = models.map(([, m]) => m[of]).filter((v) => !Number.isNaN(v))
    return more ? Math.max(...values) : Math.min(...values)
  }
  const cell = (value: number, top: number, of = 4) =>
    `<td${value === top ? ' class="best"' : ''}>${digits(value, of)}</td>`
  const head = COLUMNS.map((c) => `<th>${c.title.replace(/, | without /, (s) => `${s.trimEnd()}<br>`)}</th>`).join('')
  const rows = models.map(
    ([id, m], i) =>
      `<tr><td>${swatch(i, id)}</td>${cell(m.auc, best('auc', true))}<td class="range">${digits(m.auc_low)} – ${digits(m.auc_high)}</td><td class="words">${intervalMark(m.auc_low, m.auc, m.auc_high, range, i)}</td>${COLUMNS.map((c) => cell(m[c.of], best(c.of, c.more))).join('')}<td>${m.fit_seconds === null ? '–' : `${digits(m.fit_seconds, 1)} s`}</td></tr>`,
  )
  return `<div class="wide"><table><thead><tr><th>model</th><th>AUC</th><th>interval</th><th></th>${head}<th>fit</th></tr></thead><tbody>${rows.join('')}</tbody></table></div>`
}

export function aboutTable(models: Named): string {
  const source = { fitted: 'fitted here', loaded: 'a kept artefact', file: 'a file of predictions' }
  const rows = models.map(
    ([id, m], i) =>
      `<tr><td>${swatch(i, id)}</td><td class="words long">${html(m.about)}</td><td class="words">${source[m.source]}</td><td class="words">${m.artefact_sha256 ? `<code>${m.artefact_sha256.slice(0, 12)}</code>` : '–'}</td></tr>`,
  )
  return `<div class="wide"><table><thead><tr><th>model</th><th class="words">what it is</th><th class="words">came from</th><th class="words">artefact, SHA-256</th></tr></thead><tbody>${rows.join('')}</tbody></table></div>`
}

/** AUC of each part of a cross-validation, their mean and standard deviation; nothing for models without parts. */
export function foldTable(models: Named): string {
  const parted = models.flatMap(([id, m], i) => (m.folds ? [{ id, i, aucs: m.folds.map((f) => f.auc) }] : []))
  if (parted.length === 0) return ''
  const rows = parted.map(({ id, i, aucs }) => {
    const mean = aucs.reduce((a, b) => a + b, 0) / aucs.length
    const spread = Math.sqrt(aucs.reduce((sum, a) => sum + (a - mean) * (a - mean), 0) / Math.max(1, aucs.length - 1))
    return `<tr><td>${swatch(i, id)}</td>${[...aucs, mean, spread].map((a) => `<td>${digits(a)}</td>`).join('')}</tr>`
  })
  const parts = parted[0]!.aucs.map((_, f) => `<th>part ${f + 1}</th>`).join('')
  return `<h3>AUC of each part</h3><div class="wide"><table><thead><tr><th>model</th>${parts}<th>mean</th><th>std. dev.</th></tr></thead><tbody>${rows.join('')}</tbody></table></div>`
}

export function brierTable(models: Named): string {
  const rows = models.map(([id, { brier, brier_parts: b }], i) => {
    const cells = [brier, b.reliability, b.resolution, b.uncertainty, b.within_bins].map(
      (v) => `<td>${digits(v, 5)}</td>`,
    )
    return `<tr><td>${swatch(i, id)}</td>${cells.join('')}</tr>`
  })
  return `<div class="wide"><table><thead><tr><th>model</th><th>Brier</th><th>= reliability</th><th>− resolution</th><th>+ uncertainty</th><th>+ within bins</th></tr></thead><tbody>${rows.join('')}</tbody></table></div>`
}

/** AUC per slice and model. */
export function sliceTable(
  { slices, left_out: out }: SliceTable,
  what: string,
  ids: readonly string[],
  most: number,
): string {
  const rows = slices.slice(0, most).map((s) => {
    const top = Math.max(...ids.map((id) => s.models[id]!.auc).filter((v) => !Number.isNaN(v)))
    const cells = ids.map((id) => {
      const { auc } = s.models[id]!
      return `<td${auc === top ? ' class="best"' : ''}>${digits(auc, 3)}</td>`
    })
    return `<tr><td>${html(s.name === '' ? '(empty)' : s.name)}</td><td>${count(s.n)}</td><td>${count(s.students)}</td><td>${digits(s.rate, 3)}</td>${cells.join('')}</tr>`
  })
  const more = slices.length - rows.length
  const rest = [
    more > 0 ? `${more} more are in the JSON` : '',
    out.slices > 0 ? `${out.slices} with too few answers are left out (${count(out.rows)} answers)` : '',
  ].filter((t) => t !== '')
  return `<div class="wide"><table><thead><tr><th>${html(what)}</th><th>answers</th><th>students</th><th>correct</th>${ids.map((id, i) => `<th>${swatch(i, id)}</th>`).join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div>${rest.length > 0 ? `<p class="soft">${rest.join('; ')}.</p>` : ''}`
}

/** What was read, and how it was parted. */
export function dataList({ data, protocol }: Evaluation): string {
  const one = (d: DataFacts) => {
    const date = (t: number) => new Date(t).toISOString().slice(0, 10)
    const time = d.from === null || d.to === null ? 'no clock, file order' : `${date(d.from)} to ${date(d.to)}`
    const files = d.files.map((f) => `<code>${html(f.name)}</code> (SHA-256 <code>${f.sha256.slice(0, 12)}</code>)`)
    const shown = files.length > 4 ? [...files.slice(0, 3), `${files.length - 3} more`] : files
    const odd = [
      d.untagged > 0 ? `${count(d.untagged)} name no topic` : '',
      d.rejected > 0 ? `${count(d.rejected)} more could not be read and are left out` : '',
    ].filter((t) => t !== '')
    return `${count(d.answers)} answers of ${count(d.students)} students, ${count(d.items)} items, ${count(d.topics)} topics, ${(100 * d.rate).toFixed(1)} % correct; ${time}${odd.length > 0 ? `; ${odd.join(', ')}` : ''}<br>${shown.join(', ')}`
  }
  const split =
    protocol.kind === 'prequential'
      ? 'none: each answer was predicted by the stream before it was seen, with the version in force then'
      : protocol.kind === 'students kept aside'
        ? 'whole students, by hash of seed and name: those predicted were kept from the fit'
        : protocol.folds === null
          ? `by file, ${data.students_in_both === 0 ? 'no student in both' : `<strong>${count(data.students_in_both)} students in both: the figures are too good</strong>`}`
          : `${protocol.folds} parts of the students by hash of their names; each part predicted by models fitted on the others`
  const rows: [string, string][] = [
    ...(data.train && protocol.folds === null ? ([['Fitted on', one(data.train)]] as [string, string][]) : []),
    [protocol.folds === null ? 'Predicted' : 'Fitted and predicted', one(data.test)],
    ['Format', html(data.test.format)],
    ['Split', split],
    [
      'Intervals',
      `${protocol.level * 100} %, percentile bootstrap over students, ${count(protocol.draws)} draws, seed ${protocol.seed}`,
    ],
  ]
  return `<dl>${rows.map(([k, v]) => `<dt>${k}</dt><dd>${v}</dd>`).join('')}</dl>`
}
