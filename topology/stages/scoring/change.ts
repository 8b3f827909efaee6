import type { FeatureRecord, FoldOp } from '@mastery/schemas/src/generated/feature-record.gen.ts'
import type { RevisedAnswer } from '@mastery/schemas/src/generated/mastery-score.gen.ts'
import { hash53 } from '../../events/hash.ts'
import type { ScoreState } from './state.ts'

/** What a record did to the topics that it is about, as a factor of their scores: its code and the figure that a reader sees. */
export interface Change {
  code: 'latest_answer' | 'teacher_feedback' | 'corrected_answer' | 'voided_answer'
  value: number
  topics: readonly string[]
}

/** Codes of what people did: it is told however little it moved. */
export const BY_PEOPLE: readonly string[] = ['teacher_feedback', 'corrected_answer', 'voided_answer']

const RIGHT = 500_000

/** What an opportunity is worth as the models hold it, in millionths; -1 where the ring does not hold it. */
function held({ ring }: ScoreState, id: number): number {
  const i = ring.n === 0 ? -1 : ring.find(id)
  return i < 0 ? -1 : ring.score[i]!
}

/**
 * `own`: the opportunity that the record itself brought. Null where nothing is to be told, as of better evidence. To be
 * asked before the ops are applied, since an op that removes says what its opportunity is worth now.
 */
export function changeOf(
  s: ScoreState,
  f: FeatureRecord,
  ops: readonly FoldOp[],
  own: FoldOp | undefined,
): Change | null {
  if (own) {
    const code = own.kind === 'teacher_feedback' ? 'teacher_feedback' : 'latest_answer'
    return { code, value: own.score_micro / 1e6, topics: own.topics }
  }
  if (f.disposition !== 'corrected' && f.disposition !== 'superseded') return null
  const id = hash53(f.event_id)
  if (ops.some((o) => o.event_hash === id)) return null
  const found = ops.find((o) => o.op === (f.disposition === 'corrected' ? 'insert' : 'remove'))
  if (found === undefined) return null
  if (f.disposition === 'corrected')
    return { code: 'corrected_answer', value: found.score_micro / 1e6, topics: found.topics }
  return { code: 'voided_answer', value: Math.max(0, held(s, found.event_hash)) / 1e6, topics: found.topics }
}

const NONE: RevisedAnswer[] = []

/** Answers, other than the record's own, that come to count otherwise. What teachers judged is no answer. Asked likewise. */
export function revisedBy(s: ScoreState, ops: readonly FoldOp[], own: FoldOp | undefined): RevisedAnswer[] {
  if (ops.length === 1 && ops[0] === own) return NONE
  const found = new Map<number, RevisedAnswer>()
  for (const o of ops) {
    if (o === own || o.kind === 'teacher_feedback' || o.op === 'reset') continue
    let r = found.get(o.event_hash)
    if (r === undefined) {
      const was = held(s, o.event_hash)
      r = { answered_at: o.occurred_at, topics: [...o.topics], before: was < 0 ? null : was >= RIGHT, after: null }
      found.set(o.event_hash, r)
    }
    if (o.op === 'insert') r.after = o.score_micro >= RIGHT
  }
  return [...found.values()].filter((r) => r.before !== r.after)
}
