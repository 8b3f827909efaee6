import type { EventKind } from '@mastery/schemas/src/generated/learning-event.gen.ts'

/** Order is part of stored states: append only. */
export const EVENT_KINDS: readonly EventKind[] = [
  'quiz_attempt',
  'assignment_submission',
  'practice_attempt',
  'video_interaction',
  'tutor_interaction',
  'teacher_feedback',
  'other',
]

export function kindIndex(kind: EventKind): number {
  return EVENT_KINDS.indexOf(kind)
}
