import { phaseOf, samePhase } from './calendar.ts'
import type { DriftPolicy } from './policy.ts'
import type { Series, SeriesKind } from './series.ts'
import { isWhole } from './subjects.ts'
import type { ClosedWindow } from './window.ts'

/**
 * same_phase: the same weeks of the school year before. training: the weeks of students kept aside when the model version
 * was trained. version: its own first weeks. weeks_before: the windows before the present one, but for the last few.
 */
export type ReferenceKind = 'same_phase' | 'training' | 'version' | 'weeks_before' | 'none'

export interface Reference {
  kind: ReferenceKind
  windows: readonly ClosedWindow[]
}

/** How a version did when it was trained; windows that end at or before `since` are not compared with it. */
export interface TrainedReference {
  since: number
  windows: readonly ClosedWindow[]
}

/** By `versionKey`. */
export type References = ReadonlyMap<string, TrainedReference>
export const NO_REFERENCES: References = new Map()
export const versionKey = (model: string, version: string): string => JSON.stringify([model, version])
export const isVersionOf = (key: string, model: string): boolean => (JSON.parse(key) as [string, string])[0] === model

/** What a window of a version's quality may be compared with while the version has no weeks of its own. */
export function trainedOf(references: References, s: Series, window: ClosedWindow): readonly ClosedWindow[] {
  if (s.kind !== 'quality' || !isWhole(s.name)) return []
  const found = references.get(versionKey(s.model, s.version))
  return found !== undefined && window.to > found.since ? found.windows : []
}

const NONE: Reference = { kind: 'none', windows: [] }
/** Of fewer windows it is not known how much one differs from the next. */
const LEAST_BEFORE = 3

/**
 * What a week is compared with. `past`: earlier weeks of the series, oldest first. Weeks between terms are nobody's
 * reference, nor are those with fewer rows than a verdict needs.
 */
export function weekReference(
  policy: DriftPolicy,
  kind: SeriesKind,
  past: readonly ClosedWindow[],
  now: number,
  trained: readonly ClosedWindow[] = [],
): Reference {
  const usable = past.filter((w) => w.n >= policy.leastRows && phaseOf(policy.terms, w.from).term !== null)
  if (kind === 'quality') {
    // How well a version predicts does not hang on the time of the year, and is promised by its first weeks.
    const first = usable.slice(0, policy.referenceWindows)
    return first.length >= LEAST_BEFORE && past.length > policy.referenceWindows
      ? { kind: 'version', windows: first }
      : training(policy, trained)
  }
  const phase = phaseOf(policy.terms, now)
  const same = usable.filter((w) => samePhase(phase, phaseOf(policy.terms, w.from)))
  const latest = Math.max(...same.map((w) => w.from))
  const year = same.filter((w) => latest - w.from < 5 * 7 * 86_400_000)
  if (year.length >= 2) return { kind: 'same_phase', windows: year }
  return before(policy, usable, past)
}

/** What a window by count is compared with. */
export function countReference(
  policy: DriftPolicy,
  kind: SeriesKind,
  past: readonly ClosedWindow[],
  trained: readonly ClosedWindow[] = [],
): Reference {
  if (kind === 'quality') {
    const first = past.slice(0, policy.referenceWindows)
    return past.length >= policy.referenceWindows ? { kind: 'version', windows: first } : training(policy, trained)
  }
  return before(policy, past, past)
}

function training(policy: DriftPolicy, trained: readonly ClosedWindow[]): Reference {
  const windows = trained.filter((w) => w.n >= policy.leastRows)
  return windows.length >= LEAST_BEFORE ? { kind: 'training', windows } : NONE
}

function before(policy: DriftPolicy, usable: readonly ClosedWindow[], past: readonly ClosedWindow[]): Reference {
  const gap = new Set(past.slice(Math.max(0, past.length - policy.gapWindows)))
  const windows = usable.filter((w) => !gap.has(w)).slice(-policy.referenceWindows)
  return windows.length >= LEAST_BEFORE ? { kind: 'weeks_before', windows } : NONE
}
