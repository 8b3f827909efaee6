import { type Column, from, type GoldTable, LC, TIME } from './table.ts'

const known = (name: string, about: string): Column => [name, 'Nullable(Float64)', about]

/** What the drift service found. */
export const DRIFT_TABLES: readonly GoldTable[] = [
  {
    name: 'feature_drift',
    about: 'What was found of every watched series in every window, whether it drifts or not.',
    columns: [
      ['tenant', LC, 'Organisation.'],
      ['kind', LC, 'feature, score, missing, mix, volume or quality.'],
      ['name', LC, 'The series within its kind and model version.'],
      ['model', LC, 'Model; empty where it is not about one.'],
      ['model_version', LC, 'Its version.'],
      ['window_kind', LC, 'week (by event time) or count (whole days, until there are enough rows).'],
      ['window_from', TIME, 'Begin of the window.'],
      ['window_to', TIME, 'Its end, which does not belong to it.'],
      ['state', LC, 'stable, suspect, drift (two of three windows), insufficient, no_reference or between_terms.'],
      ['changed', 'Bool', 'Whether it began or ended to drift with this window.'],
      ['reference', LC, 'same_phase, training, version, weeks_before or none: what it was compared with.'],
      ['reference_from', `Nullable(${TIME})`, 'Begin of the reference.'],
      ['reference_to', `Nullable(${TIME})`, 'Its end.'],
      ['phase', 'String', 'Where the window lies in the school year.'],
      ['rows', 'UInt64', 'Rows in the window.'],
      ['reference_rows', 'UInt64', 'Rows in the reference.'],
      known('independent_rows', 'Rows that would tell as much if none had anything in common.'),
      known('dispersion', 'By how much more than independent rows the figures spread.'),
      known('p', 'Chance of such a difference without drift, for this series alone.'),
      known('p_adjusted', 'Corrected over all series of the round (Benjamini-Hochberg).'),
      ['series_in_round', 'UInt32', 'How many series were compared in the round.'],
      ['metrics', `Array(${LC})`, 'Names of the figures, each with its variant.'],
      ['metric_values', 'Array(Float64)', 'The figures.'],
      ['metric_floors', 'Array(Nullable(Float64))', 'Below them effects are none; null: told, not judged.'],
      ['metric_criticals', 'Array(Nullable(Float64))', 'What chance passes at these sizes at the allowed rate.'],
      ['metric_errors', 'Array(Nullable(Float64))', 'How far figures from bins can lie from those of the values.'],
      ['detected', `Array(${LC})`, 'Detectors on daily means that fired since the last window.'],
      ['scale', LC, 'Bins of the counts (topology/drift/scales.ts), or labels.'],
      ['labels', 'Array(String)', 'Names of the bins, where they are not numbers.'],
      ['counts', 'Array(UInt64)', 'Rows of the window by bin.'],
      ['reference_counts', 'Array(UInt64)', 'Rows of the reference by bin.'],
      ...from(
        'Partition of the record in drift.partials that made the windows whole.',
        "Which of that record's verdicts this is.",
        true,
      ),
    ],
    order: ['generation', 'tenant', 'kind', 'name', 'model', 'model_version', 'window_kind', 'window_from'],
    version: null,
    month: 'window_from',
    age: 'window_from',
    shard: ['tenant'],
  },
]
