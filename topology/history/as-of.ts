import type { TopicFeatures } from '@mastery/schemas/src/generated/feature-record.gen.ts'
import type { TopicScore } from '@mastery/schemas/src/generated/mastery-score.gen.ts'
import { nextCorrect } from '../features/next-correct.ts'
import { timeOf } from '../stages/windowing/entry.ts'
import { topicWindows } from '../stages/windowing/windows.ts'
import { type FoldedHistory, foldHistory, type HistoryOptions, type HistoryRecord, scoreRowsOf } from './fold.ts'
import type { HistoryCheckpoint } from './kept.ts'

/** One topic of a student at a time, whether or not anything happened then. */
export interface ScoreAsOf {
  score: TopicScore
  /** Each model's probability that an answer at that time would be right, then the blend's, by model id. */
  next: ReadonlyMap<string, number>
  /** The windows end at that time. Null for a topic whose events have left every store. */
  features: TopicFeatures | null
}

/** Newest event of a checkpoint, milliseconds. */
function newestIn({ windows }: HistoryCheckpoint): number {
  const { ring, evicted } = windows
  return Math.max(evicted.t, ring.n > 0 ? ring.t[ring.n - 1]! : Number.NEGATIVE_INFINITY)
}

/**
 * A student's history as of a time, by the fold that the stages do and with the versions that `options` name: of the
 * events that had occurred by then, with every correction that is known now. Null where a checkpoint holds events of
 * after that time: what lies before can't be told apart any more.
 */
export function foldAsOf(
  student: string,
  records: Iterable<HistoryRecord>,
  options: HistoryOptions,
  from: HistoryCheckpoint | null,
  asOf: number,
): FoldedHistory | null {
  if (from !== null && newestIn(from) > asOf) return null
  // An event that supersedes another one is no event of its own to the fold, but what is known of the other.
  const until = [...records].filter(
    (r) => r.subject === 'student-command' || r.value.supersedes !== null || timeOf(r.value) <= asOf,
  )
  return foldHistory(student, until, options, from)
}

/** What such a fold says, trained models in force included once they have spoken. Only topics with an opportunity. */
export function rowsAsOf(folded: FoldedHistory, options: HistoryOptions, asOf: number): ScoreAsOf[] {
  const { windows } = folded
  return scoreRowsOf(folded, options.scoring).flatMap((score, t) => {
    if (score.opportunities === 0) return []
    const at = windows.sets.topics.find(score.topic)
    return [
      {
        score,
        next: nextCorrect(folded.scores, t, options.scoring, asOf),
        features: at < 0 ? null : topicWindows(windows, at, options.days, asOf),
      },
    ]
  })
}
