import type { Evidence } from '@mastery/schemas/src/generated/alert.gen.ts'
import type { AlertRule, RuleKind } from '../../alerts/policy.ts'
import type { Verdict } from './judge.ts'
import type { AlertState, Instance } from './state.ts'
import type { TopicRecord } from './topic-record.ts'

const DAY = 86_400_000
/** Kinds whose threshold is one of mastery. */
const BY_MASTERY: readonly RuleKind[] = ['mastery_below', 'mastery_above', 'prerequisite_gap']
const WEEK = 7
/** Over this the trend is told, whatever the rule looks at. */
const TREND_WINDOW = 30 * DAY

const fact = (code: string, value: number | null, text: string | null = null): Evidence => ({ code, value, text })

/** What an alert rests on, the strongest first. Codes with values; topology/alerts/words.ts has the words. */
export function evidenceOf(i: Instance, rule: AlertRule, t: TopicRecord | null, v: Verdict | null): Evidence[] {
  const found: Evidence[] = []
  if (t !== null && t.mastery >= 0) {
    if (rule.kind === 'falling' && v) found.push(fact('fall', v.value))
    if (rule.kind === 'rapid_guessing') found.push(fact('rapid_of_last_ten', t.recent().rapid))
    if (rule.kind === 'stalled') found.push(fact('answers_without_mastery', t.opportunities))
    found.push(fact('mastery', t.mastery))
    if (v?.prerequisite) found.push(fact('prerequisite', v.prerequisite.mastery, v.prerequisite.name))
    if (BY_MASTERY.includes(rule.kind)) found.push(fact('threshold', rule.enter))
    if (i.base !== 'pending') found.push(fact('mastery_at_entry', i.entry))
    const line = t.line(TREND_WINDOW)
    // Through fewer days a line says little of a week.
    if (line !== null && line.days >= WEEK) found.push(fact('trend_per_week', line.perDay * WEEK))
    const { correct, answers } = t.recent()
    found.push(fact('attempts', t.opportunities), fact('recent_correct', correct), fact('recent_answers', answers))
    found.push(fact('sessions', t.sessions))
    if (t.last > 0) {
      found.push(fact('days', Math.floor((t.last - t.first) / 86_400) + 1), fact('last_answer', t.last * 1000))
    }
  }
  return found
}

/** The same of a student who does nothing. */
export function idleEvidence(s: AlertState, idle: number): Evidence[] {
  return [fact('idle_days', Math.floor(idle / DAY)), fact('last_answer', s.lastAnswer)]
}
