import type { FoldedHistory } from '@mastery/topology/history/fold.ts'
import type { Answer } from './outcome.ts'

export type Outcome = Answer | 'unknown' | 'erased' | 'too_large' | 'expired'

export interface Rebuilt {
  student: string
  /**
   * installed: state and rows are those of the whole history. unknown: no store has a record of the student. outdated:
   * new records came faster than the rebuild; the state is as it was. other_versions: models were activated meanwhile.
   * erased: nothing may come back. refused: it went to the dead letters. too_large: the checkpoint does not fit into a
   * record of the log. expired: events of the student have left gold, and their checkpoint can't be read.
   */
  outcome: Outcome
  attempts: number
  events: number
  duplicates: number
  conflicts: number
  erased: number
  /** Whether it began from the checkpoint of events that have expired. */
  from_checkpoint: boolean
  /** Records left out, since they concern expired events; 0: the outcome is that of the whole history. */
  behind: number
  /** What it means and what to do, for a person. */
  message: string
}

export function resultOf(student: string, what: Outcome, f: FoldedHistory | null): Omit<Rebuilt, 'attempts'> {
  return {
    student,
    outcome: what,
    events: f?.events ?? 0,
    duplicates: f?.duplicates ?? 0,
    conflicts: f?.conflicts.length ?? 0,
    erased: f?.erased ?? 0,
    from_checkpoint: f?.from != null,
    behind: f?.behind ?? 0,
    message: what === 'installed' ? installedFrom(f) : MESSAGES[what],
  }
}

function installedFrom(f: FoldedHistory | null): string {
  if (f === null || f.from === null) return MESSAGES.installed
  const left =
    f.behind === 0
      ? ''
      : ` Left out are ${f.behind} later records that concern expired events: they came too late for what was kept of those.`
  return `State and rows are those of the history, begun from the checkpoint of ${f.from.events} events of which some have expired.${left}`
}

const MESSAGES: Record<Outcome, string> = {
  installed: 'State and rows are those of the whole history.',
  unknown:
    'Neither gold nor the log has a record of this student. Students are named by their pseudonym; "npx mastery pseudonym" gives it.',
  outdated:
    'New records of the student came faster than the rebuild; the state is as it was. Try again when less comes in.',
  other_versions: 'A model was activated meanwhile. The rebuild is noted as wanted and will be made by the next run.',
  erased:
    'This student has been erased: there is nothing to rebuild. Rows that are left are removed by "npx mastery erase".',
  refused: 'The stages refused the checkpoint; "npx mastery rejects list --stage features" says why.',
  too_large:
    'The checkpoint is larger than a record of the log may be (8 MiB). Lower ring.max in configs/windows.json; the state is as it was.',
  expired:
    "Events of this student have expired and their checkpoint can't be read by this build, so that the state can no longer be folded from the history; it is as it was. Run the build that wrote it, or restore gold.",
}
