import type { Factor, Haste, TopicScore } from '@mastery/schemas/src/generated/mastery-score.gen.ts'

import { SERVED } from '../served/catalog.ts'
import { SEEN_BY } from '../stages/scoring/explain.ts'

const points = (effect: number): string => {
  const p = Math.round(effect * 100)
  return p === 0
    ? 'hardly any effect'
    : `${p > 0 ? '+' : '\u2212'}${Math.abs(p)} ${Math.abs(p) === 1 ? 'point' : 'points'}`
}
const percent = (x: number): string => `${Math.round(x * 100)} %`

/** One factor as a sentence that a teacher can check. Effects are points of 100. */
function factorInWords(f: Factor): string {
  const e = points(f.effect)
  switch (f.code) {
    case 'latest_answer':
      return f.value >= 0.5
        ? f.value === 1
          ? `The latest answer was right (${e}).`
          : `The latest answer earned ${percent(f.value)} (${e}).`
        : f.value === 0
          ? `The latest answer was wrong (${e}).`
          : `The latest answer earned only ${percent(f.value)} (${e}).`
    case 'teacher_feedback':
      return `A teacher judged it at ${percent(f.value)} (${e}).`
    case 'corrected_answer':
      return `An answer was corrected to ${percent(f.value)} (${e}).`
    case 'voided_answer':
      return `An answer that had earned ${percent(f.value)} does not count any more (${e}).`
    case 'recent_answers':
      return `Answers on this topic average ${percent(f.value)}, older ones counting less (${e}).`
    case 'hints':
      return `Hints took ${percent(f.value)} of the credit (${e}).`
    case 'practice':
      if (f.value === 1)
        return `One answer so far ${f.effect >= 0 ? 'counts for the skill' : 'does not show the skill yet'} (${e}).`
      return `The sequence of ${f.value} answers ${f.effect >= 0 ? 'suggests that the skill is there' : 'does not show the skill yet'} (${e}).`
    case 'topic_answers':
      return `Of the answers on this topic ${percent(f.value)} were right, seen against how hard it is (${e}).`
    case 'all_answers':
      return `Of the answers on all topics ${percent(f.value)} were right (${e}).`
    case 'last_answers':
      return `Of the last answers, five at most, ${percent(f.value)} were right (${e}).`
    case 'in_a_row':
      return f.value === 0
        ? `Other topics were practised since (${e}).`
        : `The last ${f.value === 1 ? 'answer was' : `${f.value} answers were all`} on this topic (${e}).`
    case 'overall_ability':
      return f.value >= 0 ? `Does well across all topics (${e}).` : `Has trouble across all topics (${e}).`
    case 'topic_ability':
      return f.value >= 0
        ? `Does better here than on other topics (${e}).`
        : `Does worse here than on other topics (${e}).`
    default:
      if (f.code.startsWith(SEEN_BY)) return seenInWords(f, e)
      return `${f.code.replaceAll('_', ' ')}: ${f.value} (${e}).`
  }
}

/** What a trained model makes of the answers, beside the others. */
function seenInWords(f: Factor, e: string): string {
  const model = SERVED.find((m) => `${SEEN_BY}${m.id}` === f.code)
  const how = model === undefined ? 'seen by another model' : model.sees
  return `All answers, ${how}, come to ${percent(f.value)} (${e}).`
}

const STANDINGS: Record<string, string> = {
  strength: 'A strength',
  weakness: 'Needs attention',
  developing: 'Developing',
  insufficient: 'Too few answers to say',
}

function secondsOf(ms: number): string {
  const s = ms / 1000
  return `${s < 10 ? s.toFixed(1) : s.toFixed(0)} s`
}

/** Why the latest answer counted less: what it took, and what answers to its item usually take. */
function hasteInWords({ weight, response_ms, threshold_ms, usual_ms }: Haste): string {
  const most =
    usual_ms === null ? `less than ${secondsOf(threshold_ms)} is a guess` : `most need ${secondsOf(usual_ms)}`
  const counted = weight === 0 ? 'did not count' : weight === 0.5 ? 'counts half' : `counts only ${percent(weight)}`
  return `The latest answer ${counted}: answered in ${secondsOf(response_ms)}, where ${most}.`
}

/**
 * Why a score is what it is. `text` is one line; `reasons` the same factor by factor, largest first, and last that the
 * latest answer counted less.
 */
export function explainInWords(row: TopicScore): { text: string; reasons: string[] } {
  const blend = row.scores.at(-1)
  const reasons = row.factors.map(factorInWords)
  const head = `${STANDINGS[row.standing] ?? row.standing}: ${blend ? percent(blend.mastery) : '?'} give or take ${Math.round(row.uncertainty * 100)}.`
  if (row.haste !== null) reasons.push(hasteInWords(row.haste))
  return { text: [head, ...reasons].join(' '), reasons }
}
