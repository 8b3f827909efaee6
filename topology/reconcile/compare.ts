import type { TopicScore } from '@mastery/schemas/src/generated/mastery-score.gen.ts'
import { type FoldedHistory, featureRowsOf, type HistoryOptions, scoreRowsOf } from '../history/fold.ts'
import { isMixed } from '../history/keep.ts'
import { inForce, MODEL_IDS } from '../stages/scoring/in-force.ts'
import type { ScoreState } from '../stages/scoring/state.ts'
import type { WindowState } from '../stages/windowing/state.ts'
import { FEATURE_FIELDS, featureValues, fieldIndex, SCORE_FIELDS, scoreValues, type Values } from './fields.ts'
import { compareStates } from './states.ts'
import { type Difference, Findings } from './tally.ts'

/** A current row of gold. Values in the order of FEATURE_FIELDS. */
export interface StoredFeatures {
  topic: string
  values: Values
  approximate: boolean
}

/** A current row of gold. Values in the order of SCORE_FIELDS. */
export interface StoredScores {
  topic: string
  values: Values
  /** Model versions, in the order of the models. */
  versions: readonly string[]
}

/** What the stores hold of one student. A state is null where the store has none. */
export interface Stored {
  features: readonly StoredFeatures[]
  scores: readonly StoredScores[]
  windows: WindowState | null
  knowledge: ScoreState | null
}

export interface Comparison {
  differences: Difference[]
  tally: Float64Array
  /** The state says itself that it waits for a rebuild; nothing was compared. */
  stale: boolean
  /** Rows whose windows outgrew the ring, or count events whose records are gone; they were left out. */
  approximate: number
  /** Scores were made, at least in part, by other model versions than those in force; they were left out. */
  otherVersions: boolean
}

const FEATURES_ROW = fieldIndex('features_row')
const MASTERY_ROW = fieldIndex('mastery_row', 'all')
const FIRST_SCORE = FEATURE_FIELDS.length
const OPPORTUNITIES = SCORE_FIELDS.findIndex((f) => f.field === 'opportunities')
/** What a DateTime64 can't hold is stored as its end. */
const EARLIEST = Date.UTC(1900, 0, 1)
const LATEST = Date.UTC(2299, 11, 31, 23, 59, 59, 999)

/**
 * Compares what the stores hold of a student with the fold of the whole history. `sinceVersions`: offset in
 * learning.events from which the versions in force hold; scores of students with older opportunities were learned
 * under others and are left out, unless a state was installed after it (`installedAt`). The same holds where expired
 * events were folded with other versions than those in force.
 */
export function compareStudent(
  f: FoldedHistory,
  stored: Stored,
  options: HistoryOptions,
  versions: { since: number; firstOffset: number; installedAt: number },
): Comparison {
  const found = new Findings()
  const stale = (stored.windows?.stale ?? false) || (stored.knowledge?.stale ?? false)
  const older = versions.firstOffset < versions.since || isMixed(f, inForce(options.scoring).versions)
  const otherVersions = older && versions.installedAt < Math.max(0, versions.since)
  const out = { differences: found.differences, tally: found.tally.cells, stale, approximate: 0, otherVersions }
  if (stale) return out
  out.approximate = compareFeatures(f, stored.features, options, found)
  if (!otherVersions) compareScores(f, stored.scores, options, found)
  compareStates(f, stored, found, !otherVersions)
  return out
}

function compareFeatures(
  f: FoldedHistory,
  stored: readonly StoredFeatures[],
  options: HistoryOptions,
  found: Findings,
) {
  let approximate = 0
  const left = new Map(stored.map((s) => [s.topic, s]))
  for (const row of featureRowsOf(f, options.days)) {
    const s = left.get(row.topic)
    if (s === undefined) {
      found.row(row.topic, FEATURES_ROW, 'missing')
      continue
    }
    left.delete(row.topic)
    found.matched(FEATURES_ROW)
    if (s.approximate || row.approximate) {
      approximate++
      continue
    }
    const values = featureValues(row)
    for (let i = 0; i < values.length; i++) found.value(row.topic, i, s.values[i]!, kept(values[i]!, i < 2))
  }
  for (const s of left.values()) {
    // What was taken away leaves a row that says nothing; one that counts something has no event behind it.
    if (s.approximate) approximate++
    else if (s.values.slice(2).some((v) => v !== 0 && v !== null)) found.row(s.topic, FEATURES_ROW, 'extra')
    else found.matched(FEATURES_ROW)
  }
  return approximate
}

function compareScores(f: FoldedHistory, stored: readonly StoredScores[], options: HistoryOptions, found: Findings) {
  const left = new Map(stored.map((s) => [s.topic, s]))
  for (const row of scoreRowsOf(f, options.scoring)) {
    if (row.opportunities === 0) continue
    const s = left.get(row.topic)
    if (s === undefined) {
      found.row(row.topic, MASTERY_ROW, 'missing')
      continue
    }
    left.delete(row.topic)
    if (s.versions.join() === versionsOf(row).join()) found.matched(MASTERY_ROW)
    else found.row(row.topic, MASTERY_ROW, 'mismatch')
    const values = scoreValues(row)
    for (let i = 0; i < values.length; i++)
      // A trained model that is not in force says nothing on either side.
      if (values[i] !== null || s.values[i] !== null)
        found.value(row.topic, FIRST_SCORE + i, s.values[i]!, kept(values[i]!, i === 0))
  }
  for (const s of left.values())
    if (s.values[OPPORTUNITIES] !== 0) found.row(s.topic, MASTERY_ROW, 'extra')
    else found.matched(MASTERY_ROW)
}

/** In the order of the models; a trained model that does not know the topic gives no score, and so no version. */
function versionsOf(row: TopicScore): string[] {
  const of = new Map(row.scores.map((s) => [s.model, s.version]))
  return MODEL_IDS.map((m) => of.get(m) ?? '')
}

function kept(value: number | null, isTime: boolean): number | null {
  return isTime && value !== null ? Math.min(LATEST, Math.max(EARLIEST, value)) : value
}
