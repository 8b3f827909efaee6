import type { TopicFeatures, WindowCounts } from '@mastery/schemas/src/generated/feature-record.gen.ts'
import { explainInWords } from '@mastery/topology/features/words.ts'
import { topicScore } from '@mastery/topology/stages/scoring/topic-score.ts'
import type { WindowState } from '@mastery/topology/stages/windowing/state.ts'
import { DAY_MS, topicWindows } from '@mastery/topology/stages/windowing/windows.ts'
import type { Scores } from './states.ts'

export function iso(ms: number): string {
  return new Date(ms).toISOString()
}

/** Every topic of a student: mastery as of its newest opportunity, windows as of now. */
export function topicsNow(
  scores: Scores,
  windows: WindowState | null,
  lengths: readonly number[],
  now: number,
): unknown[] {
  return scores.topics
    .map((t) => {
      const row = topicScore(scores.state, t, scores.meta, null, now)
      const at = windows ? windows.sets.topics.find(row.topic) : -1
      const newest = windows && at >= 0 ? topicWindows(windows, at, lengths).as_of : 0
      const features = windows && at >= 0 ? topicWindows(windows, at, lengths, now) : null
      return {
        topic_id: row.topic,
        mastery: row.scores.at(-1)!.mastery,
        scores: row.scores,
        uncertainty: row.uncertainty,
        standing: row.standing,
        explanation: explainInWords(row),
        opportunities: row.opportunities,
        as_of: iso(row.as_of),
        last_activity_at: newest > 0 ? iso(newest) : null,
        days_since_last_activity: newest > 0 ? Math.max(0, Math.floor((now - newest) / DAY_MS)) : null,
        windows: features?.windows.map(ratios) ?? [],
        ...trends(features),
      }
    })
    .sort((a, b) => (a.topic_id < b.topic_id ? -1 : 1))
}

function trends(f: TopicFeatures | null) {
  return {
    trend_per_day: f?.trend_per_day ?? null,
    decayed_accuracy: f?.decayed_accuracy ?? null,
    approximate: f?.approximate ?? false,
  }
}

const over = (sum: number, n: number): number | null => (n > 0 ? sum / n : null)

function ratios(w: WindowCounts) {
  return {
    days: w.days,
    attempts: w.attempts,
    correct: w.correct,
    accuracy: over(w.score_micro / 1e6, w.attempts),
    mean_response_ms: over(w.response_ms, w.response_n),
    practice_attempts: w.practice_attempts,
    practice_success: over(w.practice_correct, w.practice_attempts),
    hint_rate: over(w.hinted, w.attempts),
    hints: w.hints,
    revisit_rate: over(w.revisits, w.attempts),
    video_events: w.video_events,
    video_coverage: over(w.video_coverage_micro / 1e6, w.video_events),
    help_requests: w.help_requests,
    teacher_feedback: over(w.feedback_micro / 1e6, w.feedback_n),
  }
}
