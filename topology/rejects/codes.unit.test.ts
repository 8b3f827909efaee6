import { describe, expect, it } from 'vitest'
import { importFormat } from '../importers/formats.ts'
import { readAll } from '../importers/testing/read-all.ts'
import { caliper } from '../stages/intake/caliper.ts'
import { intakeStage } from '../stages/intake/intake-stage.ts'
import { normalise } from '../stages/intake/normalise.ts'
import type { IntakeOutcome } from '../stages/intake/outcome.ts'
import { CONTEXT } from '../stages/intake/testing/shared-fixtures.ts'
import { xapi } from '../stages/intake/xapi.ts'
import { codeInfo, fieldCode, isRejectCode, REJECT_CODES } from './codes.ts'

/** An id that would be known again wherever it turned up. */
const SECRET = 'ada.lovelace@school.example'
const JUNK: unknown[] = [null, 7, true, SECRET, [SECRET], { name: SECRET }, Number.NaN, -1, '']
const FIELDS =
  `id student kind item topics session context occurred_at sequence correct score attempt hints response_time_ms
  first_action_ms answer_request_ms actions video_coverage help_requests role authority source supersedes void correction
  reason tenant`.split(/\s+/)

const SOUND = { id: 'e1', student: SECRET, kind: 'quiz_attempt', occurred_at: 1_700_000_000_000, correct: true }
const STATEMENT = {
  actor: { mbox: `mailto:${SECRET}` },
  verb: { id: 'http://adlnet.gov/expapi/verbs/answered' },
  object: { id: 'https://lms.example/q1' },
  timestamp: '2026-01-01T00:00:00Z',
}
const CALIPER = {
  '@context': 'http://purl.imsglobal.org/ctx/caliper/v1p2',
  id: 'urn:uuid:1',
  type: 'GradeEvent',
  actor: { id: SECRET, type: 'Person' },
  action: 'Graded',
  object: { id: 'urn:a', type: 'Attempt' },
  eventTime: '2026-01-01T00:00:00Z',
}

function outcomes(): IntakeOutcome[] {
  const all: IntakeOutcome[] = []
  for (const junk of JUNK) {
    for (const read of [normalise, xapi, caliper]) all.push(read(junk, CONTEXT))
    for (const field of FIELDS) all.push(normalise({ ...SOUND, [field]: junk }, CONTEXT))
    for (const field of ['given', 'max', 'min', 'scaled'])
      all.push(normalise({ ...SOUND, correct: null, score: { [field]: junk } }, CONTEXT))
    for (const field of ['id', 'actor', 'verb', 'object', 'result', 'context', 'timestamp'])
      all.push(xapi({ ...STATEMENT, [field]: junk }, CONTEXT))
    for (const field of ['success', 'completion', 'score'])
      all.push(xapi({ ...STATEMENT, result: { [field]: junk } }, CONTEXT))
    for (const field of Object.keys(CALIPER)) all.push(caliper({ ...CALIPER, [field]: junk }, CONTEXT))
  }
  return all
}

describe('codes of rejects', () => {
  it('say what they mean and what can be done', () => {
    for (const [code, { means, cure }] of Object.entries(REJECT_CODES)) {
      expect(code).toMatch(/^[a-z][a-z0-9_]+$/)
      expect(means.length, code).toBeGreaterThan(8)
      expect(['transform', 'resend', 'source', 'decide']).toContain(cure)
    }
    expect(codeInfo('of_another_build').cure).toBe('resend')
    expect(fieldCode('bad', 'toString')).toBe('bad_field')
    expect(fieldCode('missing', 'id')).toBe('missing_id')
  })

  it('are all that readers of requests give, and none of those that stand in for a forgotten one', () => {
    const found = new Set<string>()
    for (const o of outcomes()) if (o.type === 'reject') found.add(o.code)
    expect([...found].filter((c) => !isRejectCode(c) || c.endsWith('_field'))).toEqual([])
    expect(found.size).toBeGreaterThan(35)
  })

  it('come with messages that repeat nothing of what stood there, and with the pseudonym where it is known', () => {
    let known = 0
    for (const o of outcomes()) {
      if (o.type !== 'reject') continue
      expect(o.message).not.toContain('lovelace')
      if (o.student !== null) known++
    }
    expect(known).toBeGreaterThan(100)
    expect(normalise({ ...SOUND, kind: 'nap' }, CONTEXT)).toMatchObject({ student: `p-${SECRET}` })
    expect(xapi({ ...STATEMENT, verb: 7 }, CONTEXT)).toMatchObject({ student: `p-${SECRET}` })
    expect(caliper({ ...CALIPER, eventTime: 'soon' }, CONTEXT)).toMatchObject({
      code: 'malformed_caliper',
      student: `p-${SECRET}`,
    })
  })

  it('come from the intake stage with the pseudonym', () => {
    const stage = intakeStage({ tenants: ['school'], pseudonym: (_t, id) => `p-${id}` })
    const origin = { topic: 'learning.intake', partition: 0, offset: 0 } as const
    const value = Buffer.from(JSON.stringify({ ...SOUND, tenant: 'school', kind: 'nap' }))
    expect(stage.step({ subject: 'reject', value, key: SECRET, origin, timestamp: 0 }, null, null)).toEqual({
      type: 'dead_letter',
      code: 'bad_kind',
      message: expect.not.stringContaining('lovelace') as string,
      student: `p-${SECRET}`,
    })
  })

  it.each([
    ['csv', `student,item,topic,occurred_at,correct,attempt,hints,response_time_ms\n`, 8, {}],
    ['assistments-actions', 'user_id,seq,skill_id,correct,attempt_count,first_action,ms_first_response\n', 7, {}],
    ['assistments-gervet', 'user_id\titem_id\ttimestamp\tcorrect\tskill_id\n', 5, {}],
    ['riiid', 'timestamp,user_id,content_id,content_type_id,task_container_id,answered_correctly\n', 6, {}],
    ['datashop', 'Anon Student Id\tSession Id\tTime\tProblem Name\tStep Name\tOutcome\n', 6, {}],
    [
      'ednet-kt4',
      'timestamp,action_type,item_id,user_answer\n',
      4,
      { questions: 'question_id,bundle_id,explanation_id,correct_answer,part,tags,deployed_at\nq1,b1,e1,a,1,1,1\n' },
    ],
  ])('of rows of %s repeat no cell', (format, header, columns, companions) => {
    const tab = header.includes('\t') ? '\t' : ','
    const rows = Array.from({ length: columns + 1 }, (_, at) =>
      Array.from({ length: at === columns ? columns + 1 : columns }, (_, i) => (i === at ? SECRET : '1')).join(tab),
    )
    const text = `${header}${rows.join('\n')}\n${Array(columns).fill(SECRET).join(tab)}\n`
    const { rejects } = readAll(importFormat(format), text, { companions, fileName: 'u1.csv' })
    expect(rejects.length).toBeGreaterThan(2)
    for (const r of rejects) {
      expect(r.message).not.toContain('lovelace')
      expect(isRejectCode(r.code)).toBe(true)
    }
    expect(rejects.some((r) => r.student !== null)).toBe(true)
  })
})
