import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import type { StudentCommand } from '@mastery/schemas/src/generated/student-command.gen.ts'
import { studentCommand } from '../events/command.ts'
import { hash128 } from '../events/hash.ts'
import { graded, timeOf } from '../stages/windowing/entry.ts'
import { NO_VALUE } from '../stages/windowing/ring.ts'

/** What the first event under an id was, as far as gold still knows. */
export type FirstEvent = Pick<
  LearningEvent,
  'occurred_at' | 'observed_at' | 'item' | 'kind' | 'role' | 'topics' | 'score' | 'correct'
>

/** Records that make the second event of a conflict the one that counts. */
export interface Resolution {
  commands: StudentCommand[]
  events: LearningEvent[]
  /** What this does, for people. */
  said: string
}

/**
 * The second of two events under one id is right. Where they differ in the score alone the first is corrected; else it
 * is voided and the second gets an id of its own. The ids of all of it come from the second's content, so that
 * resolving the conflict again, or the same conflict met twice, changes nothing more. `now` is UTC milliseconds.
 */
export function acceptSecond(first: FirstEvent | null, second: LearningEvent, now: number): Resolution {
  const short = hash128('conflict', JSON.stringify({ ...second, observed_at: 0 })).slice(0, 8)
  const base = {
    tenant: second.tenant,
    student: second.student,
    target_event_id: second.event_id,
    reason: 'the later of two events under one id was accepted',
    issued_at: now,
  }
  if (first !== null && scoreAlone(first, second)) {
    const command_id = `${second.event_id}~accept-${short}`
    const { score, correct } = second
    return {
      commands: [studentCommand({ ...base, command_id, kind: 'correction', score, correct })],
      events: [],
      said: 'they differ in the score alone: the first is corrected to the score of the second',
    }
  }
  return {
    commands: [studentCommand({ ...base, command_id: `${second.event_id}~void-${short}`, kind: 'void' })],
    events: [{ ...second, event_id: `${second.event_id}~${short}` }],
    said:
      first === null
        ? 'gold no longer has the first: it is voided, and the second sent under an id of its own'
        : 'they differ in more than the score: the first is voided, and the second sent under an id of its own',
  }
}

/** A correction can carry a score and nothing else. */
function scoreAlone(first: FirstEvent, second: LearningEvent): boolean {
  const same = (name: 'item' | 'kind' | 'role') => first[name] === second[name]
  return (
    graded(second) !== NO_VALUE &&
    second.role === 'evidence' &&
    timeOf(first as LearningEvent) === timeOf(second) &&
    same('item') &&
    same('kind') &&
    same('role') &&
    first.topics.join('\u001f') === second.topics.join('\u001f')
  )
}
