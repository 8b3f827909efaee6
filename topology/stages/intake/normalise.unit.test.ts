import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { normalise } from './normalise.ts'
import type { IntakeContext, IntakeOutcome } from './outcome.ts'
import { normaliseScore } from './score.ts'

const RECEIVED = Date.UTC(2026, 8, 1, 9)
const context: IntakeContext = { tenant: 'school', pseudonym: (s) => `p-${s}`, receivedAt: RECEIVED }
const answer = { id: 'e1', student: '42', kind: 'quiz_attempt', occurred_at: '2026-09-01T08:30:00Z', correct: true }

function event(input: unknown) {
  const o = normalise(input, context)
  if (o.type !== 'event') throw new Error(JSON.stringify(o))
  return o.event
}
function rejected(input: unknown) {
  const o = normalise(input, context)
  if (o.type !== 'reject') throw new Error(`${o.type} instead of a reject`)
  return o
}

describe('own JSON events', () => {
  it('reads the least that an event needs', () => {
    expect(event(answer)).toMatchObject({
      event_id: 'e1',
      tenant: 'school',
      student: 'p-42',
      kind: 'quiz_attempt',
      role: 'evidence',
      authority: 'client',
      correct: true,
      score: 1,
      score_rule: 'binary',
      occurred_at: Date.UTC(2026, 8, 1, 8, 30),
      observed_at: RECEIVED,
      opportunity_key: null,
      topics: [],
    })
  })

  it('reads every field', () => {
    const e = event({
      ...answer,
      item: 'q7',
      topics: ['fractions', 'fractions', 'decimals'],
      session: 's1',
      context: 'quiz-3',
      occurred_at: 1_788_251_400_000,
      sequence: 5,
      score: { given: 7, max: 10 },
      attempt: 2,
      hints: 1,
      response_time_ms: 1234.4,
      first_action_ms: 10,
      answer_request_ms: 900,
      actions: { play: 2 },
      video_coverage: 0.5,
      help_requests: 3,
      authority: 'server',
      source: 'quizzer',
    })
    expect(e).toMatchObject({
      item: 'q7',
      topics: ['fractions', 'decimals'],
      session: 's1',
      context: 'quiz-3',
      occurred_at: 1_788_251_400_000,
      source_sequence: 5,
      score: 0.7,
      correct: true,
      score_rule: 'raw_over_max',
      attempt_number: 2,
      hints: 1,
      response_time_ms: 1234,
      actions: { play: 2 },
      video_coverage: 0.5,
      help_requests: 3,
      authority: 'server',
      source_system: 'quizzer',
    })
    expect(e.opportunity_key).toMatch(/^[0-9a-f]{32}$/)
    expect(event({ ...answer, id: 'e2', item: 'q7', attempt: 2 }).opportunity_key).not.toBe(e.opportunity_key)
  })

  it('gives two reports of one attempt one opportunity', () => {
    const one = { ...answer, item: 'q7', session: 's1', attempt: 1 }
    expect(event({ ...one, id: 'other' }).opportunity_key).toBe(event(one).opportunity_key)
    expect(event({ ...one, session: 's2' }).opportunity_key).not.toBe(event(one).opportunity_key)
  })

  it('takes only graded attempts as evidence', () => {
    expect(event({ ...answer, kind: 'video_interaction', correct: undefined, video_coverage: 0.3 }).role).toBe(
      'context',
    )
    expect(event({ ...answer, correct: null }).role).toBe('context')
    expect(event({ ...answer, score: { given: 0, max: 0 } })).toMatchObject({ role: 'context', score: null })
    expect(event({ ...answer, kind: 'tutor_interaction' }).role).toBe('context')
    expect(event({ ...answer, kind: 'tutor_interaction', role: 'evidence' }).role).toBe('evidence')
  })

  it('drops and counts what it does not know', () => {
    const o = normalise({ ...answer, name: 'Ada', answer_text: 'forty-two' }, context)
    expect(o).toMatchObject({ type: 'event', unread: 2 })
    expect(JSON.stringify(o)).not.toMatch(/Ada|forty-two/)
  })

  it('takes ids that are whole numbers and refuses those that JSON has rounded', () => {
    expect(event({ ...answer, id: 7, student: 42 })).toMatchObject({ event_id: '7', student: 'p-42' })
    expect(rejected({ ...answer, student: 2 ** 60 })).toMatchObject({ code: 'bad_student' })
  })

  it('names every wrong field at once and repeats no value', () => {
    const o = rejected({
      student: 'Ada L.',
      kind: 'Ada L.',
      occurred_at: 'Ada L.',
      hints: -1,
      topics: ['', 'a'.repeat(600)],
    })
    expect(o.code).toBe('missing_id')
    for (const field of ['id', 'kind', 'occurred_at', 'hints', 'topics']) expect(o.message).toContain(field)
    expect(o.message).not.toContain('Ada')
  })

  it.each([
    [{ ...answer, id: undefined }, 'missing_id'],
    [{ ...answer, id: '  ' }, 'missing_id'],
    [{ ...answer, student: null }, 'missing_student'],
    [{ ...answer, kind: 'quiz' }, 'bad_kind'],
    [{ ...answer, occurred_at: 'yesterday' }, 'bad_occurred_at'],
    [{ ...answer, occurred_at: -1 }, 'bad_occurred_at'],
    [{ ...answer, occurred_at: '1970-01-01' }, 'bad_occurred_at'],
    [{ ...answer, score: 7 }, 'bad_score'],
    [{ ...answer, score: { given: 'x', max: 2 } }, 'bad_score'],
    [{ ...answer, correct: undefined, score: { given: 7 } }, 'bad_score'],
    [{ ...answer, correct: 'yes' }, 'bad_correct'],
    [{ ...answer, attempt: 0 }, 'bad_attempt'],
    [{ ...answer, topics: Array.from({ length: 33 }, (_, i) => `t${i}`) }, 'bad_topics'],
    [{ ...answer, actions: { play: -1 } }, 'bad_actions'],
    [{ ...answer, tenant: 'other' }, 'bad_tenant'],
    [{ ...answer, correct: null, supersedes: 'e0' }, 'bad_supersedes'],
    [{ id: 'c', student: '42', correction: { event: 'e1' } }, 'bad_correction'],
    [{ id: 'c', student: '42', correction: { score: 1 } }, 'bad_correction'],
    [{ id: 'c', student: '42', void: 'e1', correction: { event: 'e1', score: 1 } }, 'bad_void'],
    [[], 'not_an_object'],
    ['text', 'not_an_object'],
    [null, 'not_an_object'],
  ])('refuses %j', (input, code) => {
    expect(rejected(input).code).toBe(code)
  })

  it('accepts events from the future; the features stage clamps them', () => {
    expect(event({ ...answer, occurred_at: '2030-01-01T00:00:00Z' }).occurred_at).toBe(Date.UTC(2030, 0, 1))
  })

  it('makes commands of voids and corrections', () => {
    expect(normalise({ id: 'v', student: '42', void: 'e1' }, context)).toMatchObject({
      type: 'command',
      command: { command_id: 'v', student: 'p-42', kind: 'void', target_event_id: 'e1', issued_at: RECEIVED },
    })
    const o = normalise(
      {
        id: 'c',
        student: '42',
        occurred_at: '2026-09-01',
        by: 'teacher 7',
        correction: { event: 'e1', score: 0.4, reason: 'mistyped' },
      },
      context,
    )
    expect(o).toMatchObject({
      type: 'command',
      unread: 0,
      command: {
        kind: 'correction',
        score: 0.4,
        correct: false,
        reason: 'mistyped',
        author: 'p-teacher 7',
        issued_at: Date.UTC(2026, 8, 1),
      },
    })
    // Of whoever answers nothing is read.
    expect(normalise({ ...answer, by: 'teacher 7' }, context)).toMatchObject({ type: 'event', unread: 1 })
  })

  it('gives exactly one outcome for any JSON and never throws', () => {
    const key = fc.constantFrom(
      ...Object.keys(answer),
      'score',
      'topics',
      'void',
      'correction',
      'actions',
      '__proto__',
      'x',
    )
    const value = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom('e1', '2026-09-01', 'quiz_attempt', 1, 0.5, true, '\ud800', { given: 1e308, max: 1e-308 }),
    )
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.dictionary(key, value)), (input) => {
        const o: IntakeOutcome = normalise(input, context)
        expect(['event', 'command', 'reject', 'ignored']).toContain(o.type)
        if (o.type === 'reject') expect(o.message.length).toBeGreaterThan(10)
        if (o.type === 'event' && o.event.score !== null) {
          expect(o.event.score).toBeGreaterThanOrEqual(0)
          expect(o.event.score).toBeLessThanOrEqual(1)
        }
      }),
      { numRuns: 2000 },
    )
  })
})

describe('scores that lie', () => {
  it.each([
    [{ given: 7, max: 10 }, 0.7, true, 'raw_over_max'],
    [{ given: 15, max: 10 }, 1, true, 'clamped_above_max'],
    [{ given: 5, max: 1, scaled: 5 }, 1, true, 'clamped_above_max'],
    [{ given: -3, max: 10 }, 0, false, 'clamped_below_min'],
    [{ given: 50, max: 100, scaled: 0 }, 0.5, true, 'scaled_contradicts_raw'],
    [{ given: 2, max: 3, scaled: 0.67 }, 2 / 3, true, 'raw_over_max'],
    [{ given: 2, max: 3, scaled: 0.67, correct: false }, 2 / 3, false, 'raw_over_max'],
    [{ given: 3, min: 1, max: 5 }, 0.5, true, 'raw_over_max'],
    [{ max: 0 }, null, null, 'max_zero_ungraded'],
    [{ given: 0, max: 0, scaled: 0, correct: true }, null, true, 'max_zero_ungraded'],
    [{ scaled: 0.25 }, 0.25, false, 'scaled'],
    [{ scaled: -0.5 }, 0, false, 'clamped_below_min'],
    [{ correct: false }, 0, false, 'binary'],
    [{}, null, null, null],
  ])('%j', (claim, score, correct, rule) => {
    expect(normaliseScore(claim)).toEqual({ score, correct, rule })
  })
})
