import type { Comparison, Evaluation, ModelEvaluation } from '../evaluation.ts'
import { curvePlot, forestPlot, reliabilityPlot, rocPlot, slicePlot } from './plots.ts'
import { STYLE } from './style.ts'
import { html } from './svg.ts'
import {
  aboutTable,
  brierTable,
  count,
  dataList,
  digits,
  foldTable,
  legend,
  modelsTable,
  sliceTable,
  swatch,
} from './tables.ts'
import { trainingFigures } from './training-plot.ts'

/** Pairs that fit one picture; of more models only the best is compared with each other one. */
const MOST_PAIRS = 21
const TOPICS_SHOWN = 30

/** One HTML document that needs nothing else: no script, no network; pictures are SVG within it. */
export function reportHtml(e: Evaluation): string {
  const models = Object.entries(e.models)
  const ids = models.map(([id]) => id)
  const title = `Evaluation of ${ids.length === 1 ? ids[0] : `${ids.length} models`} on ${e.data.test.files
    .map((f) => f.name)
    .slice(0, 2)
    .join(', ')}`
  const training = trainingFigures(models)
  const parts = [
    `<h1>${html(title)}</h1><p class="lead">${summary(e, models)}</p>`,
    section(
      'Results',
      `<p class="soft">${html(e.task)} Bold is the best of its column, which says nothing about chance: the comparisons below do.</p>${modelsTable(models)}${foldTable(models)}`,
    ),
    section('Data and split', dataList(e)),
    e.comparisons.every((c) => Number.isNaN(c.auc.low)) ? '' : section('Paired comparisons', comparisons(e, ids)),
    section(
      'Reliability',
      `<p class="soft">A model is reliable where its dots lie on the dashed line: of answers given a chance of 70 %, 70 % are correct. Grey bars show how often such chances were given. Pale dots stand for fewer than 50 answers.</p><div class="grid-of">${models.map(([id, m], i) => `<figure><h3>${swatch(i, id)}</h3>${reliabilityPlot(id, m, i)}<figcaption>ECE ${digits(m.ece)}; mean prediction ${digits(m.mean_p, 3)}, correct ${digits(e.data.test.rate, 3)}</figcaption></figure>`).join('')}</div><h3>Brier score and its parts</h3><p class="soft">Reliability is the cost of wrong chances, resolution the gain from telling answers apart, uncertainty what the data leave to nobody's skill.</p>${brierTable(models)}`,
    ),
    section('ROC curves', `${legend(ids)}<figure>${rocPlot(models)}</figure>`),
    section(
      'By length of history',
      `<p class="soft">AUC of answers that came after so many earlier ones of the same student: how fast a model gets to know somebody. Answers of one stretch only are set against each other, so a stretch can lie below the whole.</p>${legend(ids)}<figure class="wide">${slicePlot(e.slices.history, ids, 'earlier answers of the student')}</figure><details><summary>As a table</summary>${sliceTable(e.slices.history, 'earlier answers', ids, 100)}</details>`,
    ),
    e.learning_curves.length === 0 ? '' : section('Learning curves', curves(e, ids)),
    training === ''
      ? ''
      : section(
          'Fitting',
          `<p class="soft">Log loss while the model was fitted. A fit ends where the loss of students that it does not learn from no longer falls.</p>${training}`,
        ),
    ...Object.entries(e.slices.groups).map(([name, t]) =>
      section(
        `By ${name}`,
        `${legend(ids)}${t.slices.length > 0 && t.slices.length <= 10 ? `<figure class="wide">${slicePlot(t, ids, name)}</figure>` : ''}${sliceTable(t, name, ids, 40)}`,
      ),
    ),
    section(
      'By topic',
      `<p class="soft">AUC within the answers on one topic, largest topics first; a row with several topics counts in each.</p>${sliceTable(e.slices.topic, 'topic', ids, TOPICS_SHOWN)}`,
    ),
    section('Models', aboutTable(models)),
    section('How to read this', NOTES),
  ]
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${html(title)}</title><style>${STYLE}</style></head>
<body>${parts.join('\n')}</body></html>
`
}

function section(title: string, inside: string): string {
  return `<section><h2>${html(title)}</h2>${inside}</section>`
}

/** The first thing a reader wants to know, in a sentence or two. */
function summary({ data, comparisons: pairs }: Evaluation, models: [string, ModelEvaluation][]): string {
  const sorted = models.filter(([, m]) => !Number.isNaN(m.auc)).sort(([, a], [, b]) => b.auc - a.auc)
  if (sorted.length === 0) return `All ${count(data.test.answers)} answers are alike: there is nothing to tell apart.`
  const [best, next] = sorted
  const told = `${html(best![0])} tells correct from wrong answers best: AUC ${digits(best![1].auc)} (${digits(best![1].auc_low)} to ${digits(best![1].auc_high)}) over ${count(data.test.answers)} answers of ${count(data.test.students)} students.`
  if (!next) return told
  const d = oriented(pairs, best![0]).find((c) => c.second === next[0])!.auc
  return `${told} It is ahead of ${html(next[0])} by ${digits(d.difference)} (${digits(d.low)} to ${digits(d.high)}), which is ${d.clear_of_zero ? 'clear of zero' : 'not clear of zero: these data do not tell the two apart'}.`
}

/** Comparisons of one model with each other one, that model first. */
function oriented(pairs: readonly Comparison[], id: string): Comparison[] {
  const turned = ({ difference, low, high, clear_of_zero }: Comparison['auc']) => ({
    difference: -difference,
    low: -high,
    high: -low,
    clear_of_zero,
  })
  return pairs.flatMap((c) => {
    if (c.first === id) return [c]
    if (c.second !== id) return []
    return [{ first: id, second: c.first, auc: turned(c.auc), rmse: turned(c.rmse), log_loss: turned(c.log_loss) }]
  })
}

function comparisons(e: Evaluation, ids: readonly string[]): string {
  const [best] = [...ids].sort((a, b) => e.models[b]!.auc - e.models[a]!.auc)
  const all = e.comparisons.length <= MOST_PAIRS
  const better = (c: Comparison) => (c.auc.difference < 0 ? oriented([c], c.second)[0]! : c)
  const shown = all ? e.comparisons.map(better) : oriented(e.comparisons, best!)
  shown.sort((a, b) => b.auc.difference - a.auc.difference)
  return `<p class="soft">Both models are measured on the same answers and the same draws of students, so that what is hard for both cancels. An interval that holds zero is grey: the data do not tell the two apart. ${all ? '' : `Only pairs with ${html(best!)} are drawn; the JSON has all. `}No correction is made for the number of pairs.</p><figure class="wide">${forestPlot(shown, ids)}</figure>`
}

function curves(e: Evaluation, ids: readonly string[]): string {
  const figures = e.learning_curves.map(
    (c) =>
      `<figure><h3>${html(c.name === 'all topics' ? 'All topics' : `Topic ${c.name}`)}</h3>${curvePlot(c, ids)}</figure>`,
  )
  return `<p class="soft">Share of wrong answers at the first, second, … opportunity on a topic: observed, and as predicted. Those who know a topic stop practising it, so later points hold other students; a model that fits follows the dots all the same.</p>${legend(ids, true)}<div class="grid-of">${figures.join('')}</div>`
}

const NOTES = `<p><strong>AUC</strong>: the chance that a correct answer was given a higher chance than a wrong one; 0.5 is guessing. <strong>RMSE</strong>, <strong>Brier</strong>, <strong>log loss</strong>: distance of the predicted chance from what happened, smaller is better. <strong>ECE</strong>: mean distance between predicted chance and share correct, over ten bins. <strong>First encounters</strong>: answers on a topic that the student meets for the first time, at which only the item's difficulty and other topics can tell.</p>
<p>Each prediction was made from earlier answers of the same student alone; answers given together in one bundle do not see each other. Intervals draw whole students, because answers of one student hang together. Figures of other splits or other preparations of the same data are not comparable with these.</p>`
