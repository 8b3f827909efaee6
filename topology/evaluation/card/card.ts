import { type Described, learnerOf, type Measured } from './described.ts'
import { limits } from './limits.ts'
import { day, fixed, list, mdTable, percent, plain, whole } from './markdown.ts'
import { calibration, curves, quality, subgroups } from './quality.ts'

/**
 * The model card of a version, in Markdown (Mitchell et al., FAT* 2019), generated from its manifest and evaluation: what
 * stands in it was measured, or follows from how the system is built. Without an evaluation it says so.
 */
export function modelCard(d: Described): string {
  const { manifest, evaluation } = d
  const own = evaluation?.models[learnerOf(manifest)] ?? null
  const measured: Measured | null = evaluation && own ? { ...d, evaluation, own } : null
  const parts = [
    `# ${plain(manifest.model)}, version ${plain(manifest.version)}`,
    summary(d, measured),
    section('What it is for', task(d)),
    section('What it was trained on', training(d)),
    measured ? section('How it was measured', protocol(measured)) : section('Measures', metricsOnly(d)),
    ...(measured
      ? [
          section('How good it is', quality(measured)),
          section('Calibration', calibration(measured)),
          section('On whom', subgroups(measured)),
          section('Learning', curves(measured)),
        ]
      : []),
    section('Limits', list(limits(d, measured))),
    section('Ethics and privacy', ethics(d, measured)),
  ]
  return `${parts.join('\n\n')}\n`
}

export const section = (title: string, inside: string) => `## ${title}\n\n${inside}`

function summary({ manifest, about }: Described, measured: Measured | null): string {
  const { training } = manifest
  const fitted = measured?.evaluation.data.train ?? training
  const learned = `${plain(about)}\n\nFitted on ${whole(fitted.answers)} answers of ${whole(fitted.students)} students.`
  if (!measured) return learned
  const { own, evaluation } = measured
  return `${learned} On ${whole(own.n)} answers of ${whole(evaluation.data.test.students)} students that the fit did not see its AUC is **${fixed(own.auc)}** (${fixed(own.auc_low)} to ${fixed(own.auc_high)}), its log loss ${fixed(own.log_loss)}, its calibration error ${fixed(own.ece)}.`
}

function task({ manifest }: Described): string {
  return `The chance that a student's next answer is correct, from the earlier answers of the same student, for each item and topic. The stream turns it into mastery per topic with an explanation and an uncertainty; practice and a teacher's attention are directed by it. It is no grade, and says nothing about why a student does not know something.

The version is the learner \`${learnerOf(manifest)}\`'s, kept for the model \`${manifest.model}\`. Scores name the version that made them, and a person puts it in force.`
}

export function training({ manifest }: Pick<Described, 'manifest'>): string {
  const { training: t, settings, parent } = manifest
  const time =
    t.from === null || t.to === null
      ? 'The source has no clock; its order counts.'
      : `Answered between ${day(t.from)} and ${day(t.to)}.`
  const offsets = Object.entries(t.offsets)
  const rows: [string, string][] = [
    ['source', plain(t.source)],
    [
      'answers, students, items, topics, with those kept aside',
      [t.answers, t.students, t.items, t.topics].map(whole).join(', '),
    ],
    ...(offsets.length > 0
      ? ([['cut: next offset by partition', offsets.map(([p, o]) => `${p}: ${whole(o)}`).join(', ')]] as [
          string,
          string,
        ][])
      : []),
    ['SHA-256 of the answers', `\`${t.data_sha256}\``],
    ['SHA-256 of the sorted students', `\`${t.subjects_sha256}\``],
    ['compared with, or to replace', parent === null ? 'nothing: the first' : plain(parent)],
    ...Object.entries(settings)
      // Told elsewhere, or another one for each fit of the same.
      .filter(([k, v]) => v !== null && !k.startsWith('held_out') && k !== 'fit_seconds')
      .map(([k, v]): [string, string] => [plain(k.replaceAll('_', ' ')), plain(String(v))]),
  ]
  return `${time} The same answers, settings and backend give the same bytes.\n\n${mdTable(['', ''], rows).replace('---:', '---')}`
}

function protocol({ evaluation, manifest }: Measured): string {
  const { data, protocol: p } = evaluation
  const aside = Number(manifest.settings['folds'])
  const files = data.test.files.map((f) => `\`${f.name}\``).join(', ')
  const split =
    aside > 0
      ? `Whole students: one in ${aside}, by a hash of seed and student, was kept from the fit, and all answers of the others were fitted on.`
      : p.kind === 'students kept aside'
        ? 'Whole students, those of the least hashes of seed and student, were kept from the fit; there are too few for more.'
        : `By files: ${files} was kept from the fit; ${data.students_in_both === 0 ? 'no student stands in both' : `**${whole(data.students_in_both)} students stand in both, so the figures are too good**`}.`
  return `${split} Every answer of the ${data.test.students === 1 ? 'student' : `${whole(data.test.students)} students`} kept aside was predicted from the same student's earlier answers alone; answers given together do not see each other, and what was fitted stayed as it was. Intervals are ${percent(p.level, 0)} percentile intervals over ${whole(p.draws)} draws of whole students.`
}

function metricsOnly({ manifest }: Described): string {
  const rows = Object.entries(manifest.metrics).map(([k, v]) => [plain(k.replaceAll('_', ' ')), fixed(v)])
  return `No evaluation was kept with this version; its manifest has these figures.\n\n${mdTable(['', 'value'], rows)}`
}

export function ethics({ manifest }: Pick<Described, 'manifest'>, measured: Measured | null): string {
  const gold = manifest.training.source.startsWith('gold')
  // Gold's groups are of work and sources, not of persons.
  const groups = measured && !gold ? Object.keys(measured.evaluation.slices.groups) : []
  return list([
    gold
      ? 'Students came into the fit as pseudonyms (HMAC-SHA256 under the key of the tenant); names and addresses are not in gold.'
      : 'Students came into the fit under the names that the files give them; whoever has the files decides whether these are pseudonyms. They are in no file of this version.',
    'What is kept are numbers by item and topic, and for networks weights over them: no file of the version names a student. The hash of the students tells whether two versions had the same ones, not who they were.',
    'Erasing a student later does not change this version, which stays fitted on the answers that were there at its cut. Train again after erasures, and put the new version in force.',
    `Inputs are items, topics, right and wrong, times, hints and tries. Neither sex nor origin nor any other attribute of a person is one, yet the model may serve groups unequally: ${groups.length > 0 ? `see "On whom" for ${groups.map(plain).join(', ')}` : 'the data name no groups of persons, so that nothing is known about it'}.`,
    'Students who are thought weak on a topic are offered more of it, and answer more of it: what the model learns from later is partly its own doing.',
    'A wrong estimate costs a student practice time or help that was due. Teachers see the reasons with each score and can correct it; corrections are left out of later fits.',
  ])
}
