import type { WeekEvaluation } from '../week/evaluation.ts'
import { ethics, section, training } from './card.ts'
import { type Described, learnerOf } from './described.ts'
import { fixed, list, mdTable, percent, plain, signed, whole } from './markdown.ts'

export interface DescribedWeek extends Omit<Described, 'evaluation'> {
  evaluation: WeekEvaluation
}

/** The model card of a version that forecasts the week after an answer. */
export function weekCard(d: DescribedWeek): string {
  const { manifest, about, evaluation: e } = d
  const id = learnerOf(manifest)
  const own = e.models[id]!
  const { measured, protocol: p } = e
  const parts = [
    `# ${plain(manifest.model)}, version ${plain(manifest.version)}`,
    `${plain(about)}\n\nOn ${whole(measured.rows)} answers of ${whole(measured.students)} students that the fit did not see, each with the week after it, its root mean squared error is **${fixed(own.rmse)}** (${fixed(own.rmse_low)} to ${fixed(own.rmse_high)}), its log loss ${fixed(own.log_loss)}, where nobody's is below ${fixed(measured.least_log_loss)}, and it explains ${percent(own.r2)} of the spread of the weeks.`,
    section(
      'What it is for',
      `${e.task} The stream gives it by student and topic right after an answer, as a score of its own: it is no mastery, and no part of the mean of the models. It says what will happen if all goes on as it did for the students of the training, help and easier items included; it is no grade.`,
    ),
    section('What it was trained on', training(d)),
    section(
      'How it was measured',
      `${p.kind === 'students kept aside' ? 'Whole students were kept from the fit.' : 'On a file of other students.'} A row counts where its ${p.days} days were over before the data end and something was answered in them; each counts as much as that week has answers. Of ${whole(e.rows.test.rows)} answers ${whole(e.rows.test.used)} count, ${whole(e.rows.test.unfinished)} come too late, after ${whole(e.rows.test.empty)} nothing was answered in time. Intervals are ${percent(p.level, 0)} percentile intervals over ${whole(p.draws)} draws of whole students.`,
    ),
    section('How good it is', quality(e, id)),
    section(
      'Calibration',
      mdTable(
        ['decile of the forecast', 'answers', 'expected', 'observed'],
        own.calibration.map((b, i) => [String(i + 1), whole(b.rows), percent(b.expected), percent(b.observed)]),
      ),
    ),
    section('On whom', groups(e)),
    section('Limits', list(limits(e, id))),
    section('Ethics and privacy', ethics(d, null)),
  ]
  return `${parts.join('\n\n')}\n`
}

function quality({ models, comparisons }: WeekEvaluation, id: string): string {
  const rows = Object.entries(models).map(([name, m]) => [
    plain(name),
    fixed(m.rmse),
    fixed(m.log_loss),
    fixed(m.r2, 3),
    fixed(m.ece),
  ])
  const against = comparisons
    .filter((c) => c.first === id)
    .map(
      ({ second, log_loss: l }) =>
        `Against ${plain(second)} its log loss differs by ${signed(l.difference, 4)} (${signed(l.low, 4)} to ${signed(l.high, 4)}), ${l.clear_of_zero ? 'clear of zero' : 'which holds zero'}.`,
    )
  return `${mdTable(['', 'RMSE', 'log loss', 'R2', 'calibration error'], rows)}\n\n${against.join(' ')}`
}

function groups({ slices, models }: WeekEvaluation): string {
  const ids = Object.keys(models)
  const rows = [
    ...slices.history.map((s) => ({ ...s, name: `${s.name} earlier answers` })),
    ...slices.seen_after.map((s) => ({ ...s, name: s.name === 'yes' ? 'seen after the week' : 'not seen after it' })),
  ].map((s) => [plain(s.name), whole(s.students), percent(s.share), ...ids.map((m) => fixed(s.models[m]!.rmse))])
  return mdTable(['', 'students', 'right', ...ids.map((m) => `RMSE of ${plain(m)}`)], rows)
}

function limits({ measured, comparisons, models }: WeekEvaluation, id: string): string[] {
  const against = comparisons.find((c) => c.first === id)
  return [
    'The weeks of one student overlap from answer to answer: the figures rest on far fewer weeks than rows.',
    'It speaks of answers that are given. Whoever answers nothing in a week has no share, and is in no figure.',
    ...(measured.students < 100 ? [`Only ${whole(measured.students)} students were measured.`] : []),
    ...(against && !(against.log_loss.high < 0)
      ? [`It is not clearly better than ${plain(against.second)}: use that instead, or fit on more weeks.`]
      : []),
    ...(models[id]!.ece > 0.02
      ? [`Its shares are off by ${percent(models[id]!.ece)} on average: read them as an order.`]
      : []),
  ]
}
