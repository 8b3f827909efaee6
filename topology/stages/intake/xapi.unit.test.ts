import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { durationMs } from './iso-duration.ts'
import { CONTEXT, describeWithFixtures, documents, gzippedLines, nameOf, tally } from './testing/shared-fixtures.ts'
import { playedShare } from './video-coverage.ts'
import { xapi } from './xapi.ts'

const OPENEDX = 'event-routing-backends/event_routing_backends/processors'
const ID = '8f87ccde-bb56-4c2e-ab83-44982ef22df0'
const answered = {
  id: ID,
  actor: { account: { homePage: 'https://lms.example.org', name: '42' }, name: 'Ada L.' },
  verb: { id: 'http://adlnet.gov/expapi/verbs/answered' },
  object: {
    id: 'https://lms.example.org/q/7',
    definition: { type: 'http://adlnet.gov/expapi/activities/cmi.interaction' },
  },
  result: { success: true, response: 'a secret', duration: 'PT12.5S' },
  context: {
    registration: '11111111-2222-4333-8444-555555555555',
    contextActivities: {
      grouping: {
        id: 'https://case.example.org/fractions',
        definition: { type: 'http://adlnet.gov/expapi/activities/objective' },
      },
    },
  },
  timestamp: '2026-01-01T08:00:00+01:00',
}
const events = (json: unknown): LearningEvent[] =>
  (Array.isArray(json) ? json : [json]).flatMap((s) => {
    const o = xapi(s, CONTEXT)
    return o.type === 'event' ? [o.event] : []
  })

describe('xapi statements', () => {
  it('reads an answer and drops names and responses', () => {
    const [e] = events(answered)
    expect(e).toMatchObject({
      event_id: ID,
      student: 'p-42',
      kind: 'quiz_attempt',
      role: 'evidence',
      item: 'https://lms.example.org/q/7',
      topics: ['https://case.example.org/fractions'],
      context: answered.context.registration,
      occurred_at: Date.UTC(2026, 0, 1, 7),
      score: 1,
      score_rule: 'binary',
      response_time_ms: 12_500,
    })
    expect(JSON.stringify(e)).not.toMatch(/Ada|secret/)
  })

  it('makes a command of a voiding statement, for the actor or the learner that it names', () => {
    const voiding = {
      actor: { mbox: 'mailto:42@example.org' },
      verb: { id: 'http://adlnet.gov/expapi/verbs/voided' },
      object: { objectType: 'StatementRef', id: ID },
    }
    expect(xapi(voiding, CONTEXT)).toMatchObject({
      type: 'command',
      command: { kind: 'void', target_event_id: ID, student: 'p-42@example.org' },
    })
    const named = { ...voiding, context: { extensions: { 'urn:mastery-stream:learner': '7' } } }
    expect(xapi(named, CONTEXT)).toMatchObject({ command: { student: 'p-7' } })
  })

  it('gives a statement without an id the same id again, and does not count a review', () => {
    const { id: _id, ...rest } = answered
    expect(events(rest)[0]!.event_id).toMatch(/^xapi:[0-9a-f]{32}$/)
    expect(events(rest)[0]!.event_id).toBe(events(structuredClone(rest))[0]!.event_id)
    const mode = 'https://w3id.org/xapi/cmi5/context/extensions/launchmode'
    expect(events({ ...answered, context: { extensions: { [mode]: 'Review' } } })[0]!.role).toBe('context')
  })

  it.each([
    [{ ...answered, id: 'no-uuid' }, 'reject bad_id'],
    [{ ...answered, actor: undefined }, 'reject bad_actor'],
    [{ ...answered, actor: { mbox: 'mailto:a@b', openid: 'https://b' } }, 'reject bad_actor'],
    [{ ...answered, actor: { objectType: 'Group', member: [] } }, 'reject not_a_learner'],
    [{ ...answered, verb: { id: 'answered' } }, 'reject bad_verb'],
    [{ ...answered, object: { objectType: 'Agent', mbox: 'mailto:a@b' } }, 'reject not_an_activity'],
    [{ ...answered, timestamp: 'now' }, 'reject bad_timestamp'],
    [{ ...answered, result: { score: { raw: '7' } } }, 'reject bad_score'],
    [
      { ...answered, verb: { id: 'http://adlnet.gov/expapi/verbs/registered' }, result: {} },
      'ignored not_about_learning',
    ],
    [7, 'reject not_an_object'],
  ])('%# gives %s', (statement, name) => {
    expect(nameOf(xapi(statement, CONTEXT))).toBe(name)
  })

  it('never throws, however it is nested', () => {
    let deep: unknown = 1
    for (let i = 0; i < 100_000; i++) deep = [deep]
    expect(nameOf(xapi({ ...answered, extra: deep }, CONTEXT))).toBe('reject nested_too_deeply')
    const field = fc.constantFrom(...Object.keys(answered), '__proto__')
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom(...Object.values(answered)))
    fc.assert(
      fc.property(fc.dictionary(field, value), (more) => {
        expect(nameOf(xapi({ ...answered, ...more }, CONTEXT))).toMatch(/\w+ \w+/)
      }),
      { numRuns: 500 },
    )
  })

  it.each([
    ['PT05M21S', 321_000],
    ['PT3M14.381S', 194_381],
    ['PT03M15S', 195_000],
    ['P1DT1H', 90_000_000],
    ['P1M', null],
    ['PT', null],
    ['3 min', null],
  ])('duration %s is %s ms', (text, ms) => {
    expect(durationMs(text)).toBe(ms)
  })

  it.each([
    ['0[.]42.608[,]43.168[.]124.692[,]176.4', 263.24, null, (42.608 + 81.524) / 263.24],
    ['0[.]10[,]5[.]20[,]15', 40, 30, 0.75],
    ['0[.]500', 100, null, 1],
    ['', 100, null, null],
    ['0[.]x', 100, null, null],
    ['0[.]10', 0, null, null],
  ])('segments %s of %s', (segments, length, position, share) => {
    const got = playedShare(segments, length, position)
    if (share === null) expect(got).toBeNull()
    else expect(got).toBeCloseTo(share, 9)
  })
})

describeWithFixtures(
  'xapi of real systems',
  ['event-routing-backends', 'lrs-conformance', 'ralph-marsha-statements'],
  () => {
    it('reads what Open edX sends', () => {
      const found = documents(`${OPENEDX}/xapi/tests/fixtures/expected`)
      const outcomes = found.flatMap(([, json]) => (Array.isArray(json) ? json : [json]).map((s) => xapi(s, CONTEXT)))
      expect(found).toHaveLength(51)
      expect(tally(outcomes)).toEqual({
        'ignored not_about_learning': 21,
        'video_interaction context': 12,
        'quiz_attempt evidence': 10,
        'quiz_attempt view': 4,
        'quiz_attempt context': 3,
        'other context': 4,
        'assignment_submission context': 2,
        'tutor_interaction context': 1,
      })
    })

    it('tells one answer from its other reports', () => {
      const all = new Map(documents(`${OPENEDX}/xapi/tests/fixtures/expected`))
      const of = (file: string) => events(all.get(file))
      const [browser] = of('problem_check(browser).json')
      const [server] = of('problem_check(server).json')
      const [grade] = of('edx.grades.problem.submitted.json')
      expect([browser, server, grade].map((e) => e!.role)).toEqual(['view', 'evidence', 'view'])
      expect(browser).toMatchObject({ item: server!.item, context: server!.context, student: server!.student })
      expect(server).toMatchObject({ attempt_number: 10, authority: 'server', source_system: 'openedx' })
      expect(server!.opportunity_key).toMatch(/^[0-9a-f]{32}$/)
      const parts = of('problem_check(server,multiple_questions,partial_correct).json')
      expect(parts.map((e) => [e.role, e.score_rule, e.correct])).toEqual([
        ['context', 'raw_over_max', false],
        ['evidence', 'binary', true],
        ['evidence', 'binary', true],
        ['evidence', 'binary', false],
      ])
      expect(of('edx.grades.problem.submitted.weighted_possible_0.json')[0]).toMatchObject({
        score: null,
        score_rule: 'max_zero_ungraded',
      })
      expect(of('edx.problem.hint.demandhint_displayed.json')[0]).toMatchObject({ help_requests: 1, role: 'context' })
    })

    it('refuses raw tracking events, and every broken conformance statement', () => {
      const raw = documents(`${OPENEDX}/tests/fixtures/current`).map(([, json]) => xapi(json, CONTEXT))
      expect(tally(raw)).toEqual({ 'reject bad_verb': 54 })
      const statements = documents('lrs-conformance/v1_0_3/templates/statements')
      const named = Object.fromEntries(statements.map(([f, json]) => [f, nameOf(xapi(json, CONTEXT))]))
      for (const f of ['no_actor.json', 'no_object.json', 'no_verb.json', 'object_statementref_no_id.json'])
        expect(named[f]).toMatch(/^reject/)
      expect(named).toMatchObject({ 'voiding.json': 'command void', 'default.json': 'ignored not_about_learning' })
      const parts = documents('lrs-conformance').map(([, json]) => xapi(json, CONTEXT))
      expect(parts).toHaveLength(119)
    })

    it('reads 22,000 video statements, half of them with a coverage', () => {
      const outcomes = gzippedLines('ralph-marsha-statements/statements.json.gz').map((l) =>
        xapi(JSON.parse(l), CONTEXT),
      )
      expect(tally(outcomes)).toEqual({ 'video_interaction context': 22_000 })
      const shares = outcomes.flatMap((o) => (o.type === 'event' ? (o.event.video_coverage ?? []) : []))
      expect(shares).toHaveLength(10_449)
      expect(shares.every((s) => s >= 0 && s <= 1)).toBe(true)
    })
  },
)
