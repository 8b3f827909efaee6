import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'

/** An event of role context with nothing in it but what it is about; the caller sets the rest. `at`: UTC milliseconds. */
export function blankEvent(
  id: string,
  tenant: string,
  student: string,
  kind: LearningEvent['kind'],
  at: number,
): LearningEvent {
  return {
    event_id: id,
    tenant,
    student,
    kind,
    role: 'context',
    authority: 'client',
    item: null,
    topics: [],
    session: null,
    context: null,
    occurred_at: at,
    observed_at: at,
    source_sequence: 0,
    correct: null,
    score: null,
    score_rule: null,
    attempt_number: null,
    hints: null,
    response_time_ms: null,
    first_action_ms: null,
    answer_request_ms: null,
    actions: {},
    video_coverage: null,
    help_requests: null,
    source_system: '',
    source_dialect: '',
    adapter_version: '1',
    opportunity_key: null,
    supersedes: null,
  }
}
