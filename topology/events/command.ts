import type { StudentCommand } from '@mastery/schemas/src/generated/student-command.gen.ts'

type Needed = 'command_id' | 'tenant' | 'student' | 'kind' | 'issued_at'

/** A command with everything left out that its kind does not need. `issued_at` is UTC milliseconds. */
export function studentCommand(given: Pick<StudentCommand, Needed> & Partial<StudentCommand>): StudentCommand {
  return {
    target_event_id: null,
    correct: null,
    score: null,
    reason: null,
    payload: null,
    after_offset: null,
    generation: null,
    topics: [],
    alert: null,
    rule: null,
    topic: null,
    until: null,
    author: null,
    ...given,
  }
}

const ABOUT_ALERTS: readonly StudentCommand['kind'][] = ['acknowledge', 'silence', 'unsilence', 'not_useful']

/** What people do about alerts: the stages before alerting pass it on as it is, and no model learns of it. */
export function concernsAlerts(kind: StudentCommand['kind']): boolean {
  return ABOUT_ALERTS.includes(kind)
}
