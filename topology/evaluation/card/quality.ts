import type { SliceTable } from '../evaluation.ts'
import { trainingSeries } from '../report/training-plot.ts'
import { learnerOf, type Measured } from './described.ts'
import { fixed, mdTable, percent, plain, signed, whole } from './markdown.ts'

const TOPICS_SHOWN = 15
const GROUPS_SHOWN = 20
const CURVE_POINTS = 12

export function quality({ own, evaluation, manifest }: Measured): string {
  const interval = (of: 'auc' | 'accuracy' | 'rmse' | 'log_loss' | 'brier') => [
    fixed(own[of]),
    fixed(own[`${of}_low`]),
    fixed(own[`${of}_high`]),
  ]
  const rows = [
    ['AUC', ...interval('auc')],
    ['accuracy at one half', ...interval('accuracy')],
    ['RMSE', ...interval('rmse')],
    ['log loss', ...interval('log_loss')],
    ['Brier score', ...interval('brier')],
    ['AUC without first encounters of a topic', fixed(own.auc_without_first_encounters), '', ''],
  ]
  const { rate } = evaluation.data.test
  return `${mdTable(['', 'value', 'low', 'high'], rows)}

Of the answers kept aside ${percent(rate)} are correct: to say that of every one gives an AUC of 0.5 and an accuracy of ${fixed(Math.max(rate, 1 - rate))}.

${gain(manifest)}`
}

/** Against what it would replace, in words. */
function gain({ metrics: m, parent }: Measured['manifest']): string {
  const low = m['gain_log_loss_low']
  const high = m['gain_log_loss_high']
  if (parent === null || low === undefined || high === undefined)
    return parent === null
      ? 'It was compared with no other version.'
      : `It was not compared with ${plain(parent)}: no students were kept from the fits of both.`
  const verdict = low > 0 ? 'It is **better**' : high < 0 ? 'It is **worse**' : 'The two **can not be told apart**'
  return `${verdict}: against ${plain(parent)}, on the same answers and draws of students, its log loss is lower by ${fixed(m['gain_log_loss'])} (${fixed(low)} to ${fixed(high)}), its AUC higher by ${fixed(m['gain_auc'])} (${fixed(m['gain_auc_low'])} to ${fixed(m['gain_auc_high'])}).`
}

export function calibration({ own }: Measured): string {
  const { brier_parts: b } = own
  const rows = own.reliability.equal_width.map((bin) => [
    fixed(bin.mean_p, 3),
    fixed(bin.rate, 3),
    whole(bin.n),
    signed(bin.rate - bin.mean_p),
  ])
  return `Expected calibration error ${fixed(own.ece)} over ten bins of equal width, ${fixed(own.ece_equal_mass)} over bins of equally many answers. The Brier score is ${fixed(b.reliability, 5)} reliability − ${fixed(b.resolution, 5)} resolution + ${fixed(b.uncertainty, 5)} uncertainty ${b.within_bins < 0 ? '−' : '+'} ${fixed(Math.abs(b.within_bins), 5)} within bins.

${mdTable(['predicted', 'came true', 'answers', 'difference'], rows)}`
}

export function subgroups(m: Measured): string {
  const { slices } = m.evaluation
  const groups = Object.entries(slices.groups)
  const part = (title: string, table: SliceTable, most: number) =>
    `### By ${plain(title)}\n\n${sliceRows(m, title, table, most)}${spread(m, table)}`
  return [
    ...groups.map(([name, table]) => part(name, table, GROUPS_SHOWN)),
    groups.length === 0 ? 'The data name no groups of students to measure apart.' : '',
    part('number of earlier answers', slices.history, GROUPS_SHOWN),
    part('topic', slices.topic, TOPICS_SHOWN),
  ]
    .filter((t) => t !== '')
    .join('\n\n')
}

function sliceRows(m: Measured, title: string, { slices, left_out: out }: SliceTable, most: number): string {
  const id = learnerOf(m.manifest)
  const intervals = slices.some((s) => !Number.isNaN(s.models[id]!.auc_low))
  const rows = slices.slice(0, most).map((s) => {
    const own = s.models[id]!
    const shift = own.mean_p - s.rate
    return [
      plain(s.name === '' ? '(empty)' : s.name),
      whole(s.n),
      whole(s.students),
      fixed(s.rate, 3),
      fixed(own.auc, 3),
      ...(intervals ? [`${fixed(own.auc_low, 3)} to ${fixed(own.auc_high, 3)}`] : []),
      fixed(own.log_loss, 3),
      signed(shift),
    ]
  })
  const more = [
    slices.length > most ? `${whole(slices.length - most)} more are in evaluation.json` : '',
    out.slices > 0 ? `${whole(out.slices)} with fewer than 50 answers are left out (${whole(out.rows)} answers)` : '',
  ].filter((t) => t !== '')
  const head = [
    plain(title),
    'answers',
    'students',
    'correct',
    'AUC',
    ...(intervals ? ['interval'] : []),
    'log loss',
    'predicted − correct',
  ]
  return `${mdTable(head, rows)}${more.length > 0 ? `\n\n${more.join('; ')}.` : ''}`
}

/** Where predictions lean most, up and down. */
function spread(m: Measured, { slices }: SliceTable): string {
  const id = learnerOf(m.manifest)
  const lean = slices
    .map((s) => ({ name: s.name, shift: s.models[id]!.mean_p - s.rate }))
    .sort((a, b) => a.shift - b.shift)
  const [low] = lean
  const high = lean.at(-1)
  if (!low || !high || low === high) return ''
  const said = ({ name, shift }: typeof low) => `${plain(name === '' ? '(empty)' : name)} (${signed(shift)})`
  return `\n\nPredictions lean lowest for ${said(low)} and highest for ${said(high)}.`
}

export function curves(m: Measured): string {
  const id = learnerOf(m.manifest)
  const all = m.evaluation.learning_curves.find((c) => c.name === 'all topics')
  const observed = all
    ? mdTable(
        ['opportunity on a topic', 'answers', 'wrong', 'predicted wrong'],
        all.points
          .slice(0, CURVE_POINTS)
          .map((p) => [String(p.opportunity), whole(p.n), fixed(p.error, 3), fixed(p.predicted[id], 3)]),
      )
    : 'No topic has enough opportunities for a learning curve.'
  const training = m.own.training ?? []
  if (training.length === 0) return observed
  const series = trainingSeries(training)
  const at = [...new Set(training.map((p) => p.at))].sort((a, b) => a - b)
  const step = Math.ceil(at.length / CURVE_POINTS)
  const shown = at.filter((_, i) => i % step === 0 || i === at.length - 1)
  const rows = shown.map((n) => [String(n), ...series.map(([, points]) => fixed(points.find((p) => p.at === n)?.loss))])
  return `${observed}\n\nMean log loss during the fit; \`report.html\` draws it.\n\n${mdTable([training[0]!.unit, ...series.map(([name]) => plain(name))], rows)}`
}
