import type { EventKind, LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import type { Marker } from '@mastery/schemas/src/generated/marker.gen.ts'
import type { StudentCommand } from '@mastery/schemas/src/generated/student-command.gen.ts'
import { blankEvent } from '../events/blank.ts'
import { studentCommand } from '../events/command.ts'
import { Random } from '../school/random.ts'
import type { Input } from './topology-driver.ts'

/** 1 September 2025, midnight UTC: day 0 of hand-made logs. */
export const DAY_ZERO = Date.UTC(2025, 8, 1)
export const MINUTE = 60_000
export const DAY = 86_400_000

/** A right answer on topic `algebra` at DAY_ZERO, but for what is given. `observed_at` follows `occurred_at`. */
export function answer(event_id: string, given: Partial<LearningEvent> = {}): LearningEvent {
  const occurred_at = given.occurred_at ?? DAY_ZERO
  const score = given.score === undefined ? 1 : given.score
  return {
    ...blankEvent(event_id, 'school', 'student-1', 'quiz_attempt', occurred_at),
    role: 'evidence',
    authority: 'server',
    item: 'item-1',
    topics: ['algebra'],
    correct: score === null ? null : score >= 0.5,
    score,
    source_system: 'test',
    source_dialect: 'test',
    ...given,
  }
}

export function view(event_id: string, given: Partial<LearningEvent> = {}): LearningEvent {
  return answer(event_id, { role: 'view', authority: 'client', ...given })
}

/** An event that voids another one. */
export function voiding(event_id: string, supersedes: string, given: Partial<LearningEvent> = {}): LearningEvent {
  return answer(event_id, { role: 'context', score: null, item: null, topics: [], ...given, supersedes })
}

export function command(command_id: string, kind: StudentCommand['kind'], given: Partial<StudentCommand> = {}): Input {
  return {
    subject: 'student-command',
    value: studentCommand({
      command_id,
      tenant: 'school',
      student: 'student-1',
      kind,
      issued_at: DAY_ZERO,
      ...given,
    }),
  }
}

export function marker(
  action: Marker['action'],
  name: string,
  version: string,
  payload: unknown = null,
  subject: Marker['subject'] = 'model',
): Input {
  return {
    subject: 'marker',
    value: {
      marker_id: `${action} ${name} ${version}`,
      action,
      subject,
      name,
      version,
      payload: payload === null ? null : JSON.stringify(payload),
      issued_at: DAY_ZERO,
    },
  }
}

export const eventInput = (value: LearningEvent): Input => ({ subject: 'learning-event', value })

export function shuffled<T>(all: readonly T[], seed: number): T[] {
  const random = new Random(seed)
  const found = [...all]
  for (let i = found.length - 1; i > 0; i--) {
    const j = Math.floor(random.uniform() * (i + 1))
    ;[found[i], found[j]] = [found[j]!, found[i]!]
  }
  return found
}

const KINDS: readonly EventKind[] = ['quiz_attempt', 'practice_attempt', 'video_interaction', 'teacher_feedback']

/**
 * Events of a few students with everything that makes folding hard: bundles that share a time, several topics to an
 * event, browser and server evidence for one opportunity, views, voids, corrections, corrections of corrections,
 * ungraded work, clocks that run ahead. In order of event time.
 */
export function troublesomeLog(seed: number, count: number): LearningEvent[] {
  const random = new Random(seed)
  const below = (n: number) => Math.floor(random.uniform() * n)
  const events: LearningEvent[] = []
  const ids: string[] = []
  let at = DAY_ZERO
  for (let i = 0; i < count; i++) {
    if (random.uniform() < 0.7) at += Math.floor(random.uniform() * random.uniform() * 2 * DAY)
    const student = `student-${below(3)}`
    const id = `e${i}`
    const kind = KINDS[Math.floor(random.uniform() * random.uniform() * KINDS.length)]!
    const topics = ['algebra', 'fractions', 'geometry', 'ratios'].filter(() => random.uniform() < 0.35)
    const common: Partial<LearningEvent> = { student, kind, topics, occurred_at: at, source_sequence: below(3) }
    const what = random.uniform()
    if (what < 0.08 && ids.length > 0) {
      const supersedes = ids[Math.max(0, ids.length - 1 - below(40))]!
      const target = events.find((e) => e.event_id === supersedes)!
      const score = random.uniform() < 0.5 ? below(5) / 4 : null
      const role = score === null ? 'context' : 'evidence'
      events.push(answer(id, { ...common, student: target.student, topics: [], supersedes, score, role }))
    } else {
      const graded = kind === 'quiz_attempt' || kind === 'practice_attempt'
      const opportunity_key = random.uniform() < 0.4 ? `${student} opportunity ${below(count / 6)}` : null
      events.push(
        answer(id, {
          ...common,
          role: !graded ? 'context' : random.uniform() < 0.15 ? 'view' : 'evidence',
          authority: random.uniform() < 0.6 ? 'server' : 'client',
          item: `item-${below(12)}`,
          score: graded && random.uniform() < 0.9 ? below(5) / 4 : null,
          hints: random.uniform() < 0.3 ? below(4) : null,
          response_time_ms: random.uniform() < 0.7 ? below(90_000) : null,
          video_coverage: kind === 'video_interaction' ? random.uniform() : null,
          observed_at: random.uniform() < 0.03 ? at - 20 * MINUTE : at,
          opportunity_key,
        }),
      )
    }
    ids.push(id)
  }
  return events
}
