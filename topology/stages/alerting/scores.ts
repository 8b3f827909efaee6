import type { MasteryScore } from '@mastery/schemas/src/generated/mastery-score.gen.ts'
import { moved } from '../../classes/movement.ts'
import type { Evaluation } from './evaluate.ts'
import { USUAL_GAP_MS } from './in-force.ts'
import type { Shown } from './machine.ts'
import type { AlertState } from './state.ts'

/**
 * Takes what a score says of a student, and holds the rules against the topics that it is about. Only the student's own
 * answer is evidence: what a repair or another topic's answer did to a score changes the score. An answer that was voided
 * or corrected counts as what it came to be among the last ones, too.
 */
export function learn(s: AlertState, v: MasteryScore, now: number, open: { e: Evaluation } | null): void {
  const own = v.correct !== null
  const policy = open?.e.tenant.book.policy
  const answered: boolean[] = []
  const touched = v.rows.map((row) => {
    const at = s.topic(row.topic)
    const t = s.topics[at]!
    const mastery = row.scores.at(-1)?.mastery ?? -1
    answered.push(own && !row.revision)
    if (row.opportunities === 0) {
      t.clear()
      return at
    }
    if (own && !row.revision && open?.e.tenant.classes) t.moved = moved(t.moved, t.mastery, mastery, v.occurred_at, now)
    for (const r of v.revised)
      if (r.topics.includes(row.topic))
        t.revise(r.answered_at, r.before, r.after, mastery, policy?.sessionGap ?? USUAL_GAP_MS)
    t.mastery = mastery
    t.opportunities = row.opportunities
    if (own && !row.revision)
      t.answer(v.occurred_at, v.correct!, row.haste !== null, mastery, policy?.sessionGap ?? USUAL_GAP_MS)
    else if (t.last === 0) t.first = t.last = Math.floor(row.as_of / 1000)
    if (policy && mastery >= policy.mastered) t.reached = true
    return at
  })
  if (own) s.lastAnswer = Math.max(s.lastAnswer, v.occurred_at)
  if (!open) return
  const shown: Shown = { at: v.occurred_at, age: now - v.occurred_at }
  touched.forEach((at, i) => {
    open.e.topic(at, answered[i] ? shown : null)
    if (open.e.tenant.dependents.size > 0) open.e.dependents(at)
  })
  open.e.idle()
}
