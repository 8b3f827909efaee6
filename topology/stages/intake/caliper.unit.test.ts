import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { caliper } from './caliper.ts'
import { CONTEXT, describeWithFixtures, documents, nameOf, tally } from './testing/shared-fixtures.ts'

const LEARNER = { id: 'https://example.edu/users/42', type: 'Person', name: 'Ada L.' }
const ITEM = {
  id: 'https://example.edu/items/3',
  type: 'AssessmentItem',
  learningObjectives: [{ id: 'urn:lo:1', type: 'LearningObjective' }],
}
const ATTEMPT = {
  id: 'https://example.edu/items/3/attempts/2',
  type: 'Attempt',
  assignee: LEARNER.id,
  assignable: ITEM,
  isPartOf: 'https://example.edu/attempts/1',
  count: 2,
  startedAtTime: '2026-01-01T08:00:00.000Z',
  endedAtTime: '2026-01-01T08:00:10.000Z',
}
const completed = {
  '@context': ['http://purl.imsglobal.org/ctx/caliper/v1p2'],
  id: 'urn:uuid:1',
  type: 'AssessmentItemEvent',
  actor: LEARNER,
  action: 'Completed',
  object: ITEM,
  generated: { id: 'https://example.edu/r/1', type: 'Response', attempt: ATTEMPT, value: 'a secret' },
  eventTime: '2026-01-01T08:00:10.000Z',
}
const graded = {
  id: 'urn:uuid:2',
  type: 'GradeEvent',
  actor: { id: 'https://example.edu/autograder', type: 'SoftwareApplication' },
  action: 'Graded',
  object: ATTEMPT,
  generated: { id: 'https://example.edu/s/1', type: 'Score', maxScore: 5, scoreGiven: 4 },
  eventTime: '2026-01-01T08:01:00.000Z',
}
const read = (json: unknown) => {
  const o = caliper(json, CONTEXT)
  if (o.type !== 'event') throw new Error(JSON.stringify(o))
  return o.event
}

describe('caliper events', () => {
  it('takes the assignee of a grade for the learner, and the completion for a view of it', () => {
    const view = read(completed)
    const grade = read(graded)
    expect(grade).toMatchObject({
      student: `p-${LEARNER.id}`,
      role: 'evidence',
      authority: 'server',
      score: 0.8,
      score_rule: 'raw_over_max',
      attempt_number: 2,
      topics: ['urn:lo:1'],
      response_time_ms: 10_000,
    })
    expect(view).toMatchObject({ role: 'view', score: null, source_dialect: 'caliper-1.2' })
    expect(view.opportunity_key).toBe(grade.opportunity_key)
    expect(JSON.stringify([view, grade])).not.toMatch(/Ada|secret/)
  })

  it.each([
    [{ ...graded, object: { ...ATTEMPT, assignee: undefined } }, 'reject missing_learner'],
    [{ ...completed, actor: 'http://purl.imsglobal.org/caliper/Person' }, 'ignored anonymous_learner'],
    [{ ...completed, membership: { id: 'urn:m', type: 'Membership', roles: ['Instructor'] } }, 'ignored not_a_learner'],
    [LEARNER, 'ignored entity_description'],
    [{ ...completed, action: 'Deleted' }, 'reject malformed_caliper'],
    [{ ...completed, id: null }, 'reject malformed_caliper'],
    [{ ...completed, object: LEARNER }, 'reject malformed_caliper'],
    ['urn:uuid:1', 'reject not_an_object'],
  ])('%# gives %s', (entry, name) => {
    expect(nameOf(caliper(entry, CONTEXT))).toBe(name)
  })

  it('never throws and repeats no names that the format does not have', () => {
    const odd = caliper({ ...completed, 'Ada Lovelace': { id: 7 } }, CONTEXT)
    expect(odd).toMatchObject({ type: 'reject', message: expect.not.stringContaining('Ada') as string })
    let deep: unknown = 1
    for (let i = 0; i < 100_000; i++) deep = { deep }
    expect(nameOf(caliper({ ...completed, extensions: deep }, CONTEXT))).toBe('reject nested_too_deeply')
    const field = fc.constantFrom(...Object.keys(completed), 'target', 'session', 'membership', 'extensions')
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom(...Object.values(completed), ATTEMPT))
    fc.assert(
      fc.property(fc.constantFrom(completed, graded), fc.dictionary(field, value), (base, more) => {
        expect(nameOf(caliper({ ...base, ...more }, CONTEXT))).toMatch(/\w+ \w+/)
      }),
      { numRuns: 500 },
    )
  })
})

/** Events of a document: an envelope's data, a Canvas sample's payload, or the document itself. */
function entries(json: unknown): unknown[] {
  const sample = json as { examples?: { payload: unknown }[]; sendTime?: string; data?: unknown[] }
  if (sample.examples) return entries(sample.examples[0]!.payload)
  return sample.sendTime !== undefined && sample.data ? sample.data : [json]
}

describeWithFixtures('caliper of real systems', ['caliper', 'canvas-live-events', 'event-routing-backends'], () => {
  const outcomes = (folder: string) =>
    documents(folder)
      .filter(([, json]) => json !== undefined)
      .flatMap(([, json]) => entries(json))
      .map((e) => caliper(e, CONTEXT))

  it('reads the valid documents, entities and thinned ones among them', () => {
    expect(tally(outcomes('caliper/v1p1'))).toEqual({
      'ignored entity_description': 79,
      'ignored not_about_learning': 41,
      'ignored not_a_learner': 6,
      'assignment_submission context': 6,
      'assignment_submission evidence': 1,
      'quiz_attempt view': 1,
      'quiz_attempt context': 3,
      'video_interaction context': 2,
    })
  })

  it('refuses every document that is wrong on purpose', () => {
    const found = documents('caliper/v1p2-errors')
    expect(found.filter(([, json]) => json === undefined)).toHaveLength(1)
    expect(tally(outcomes('caliper/v1p2-errors'))).toEqual({ 'reject malformed_caliper': 138 })
  })

  it('reads scores that lie', () => {
    const scores = (folder: string) =>
      outcomes(folder).flatMap((o) =>
        o.type === 'event' && o.event.score_rule ? [[o.event.score, o.event.score_rule]] : [],
      )
    expect(scores('caliper/before-1d41974/fixtures/v1p1')).toEqual([
      [10 / 15, 'raw_over_max'],
      [1, 'raw_over_max'],
    ])
    expect(scores('canvas-live-events/caliper')).toEqual([[1, 'clamped_above_max']])
    expect(scores('caliper/v1p1').filter(([, rule]) => rule === 'max_zero_ungraded')).toHaveLength(2)
  })

  it('reads what Open edX sends', () => {
    const folder = 'event-routing-backends/event_routing_backends/processors/caliper/tests/fixtures/expected'
    expect(tally(outcomes(folder))).toEqual({
      'video_interaction context': 11,
      'ignored not_about_learning': 8,
      'quiz_attempt view': 3,
      'quiz_attempt evidence': 1,
      'tutor_interaction context': 1,
    })
  })
})
