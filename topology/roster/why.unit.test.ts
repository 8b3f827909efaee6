import { describe, expect, it } from 'vitest'
import { EVERYBODY, openRoster } from './recipients.ts'
import { bulk, check, enrolled, SMALL } from './testing/small.ts'
import { explainRecipients } from './why.ts'

const AT = Date.UTC(2026, 9, 1)
const relations = (files = bulk(), deny: string | null = null) => ({
  ...check(files, {}, deny).built.relations,
  version: 'v',
})
const lines = (r: ReturnType<typeof relations>, student: string, topic: string | null = null, at = AT) => {
  const { told, notTold } = explainRecipients(r, `p-${student}`, topic, at, EVERYBODY)
  expect(told.map(({ why: _, ...t }) => t)).toEqual(openRoster(r).recipientsOf(`p-${student}`, topic, at, EVERYBODY))
  return {
    told: told.map((t) => `${t.user.slice(2)} ${t.role}: ${t.why}`),
    notTold: notTold.map((t) => `${t.user.slice(2)} ${t.as}: ${t.why}`),
  }
}

describe('the reasons', () => {
  it('of those who are told', () => {
    expect(lines(relations(), 'ben', 'fractions').told).toEqual([
      'tom teacher: teaches the topic in the class, and answers for it',
      'tina teacher: teaches the topic in the class, beside another',
      'dora guardian: is parent by agentSourcedIds and role',
      'tom guardian: is parent by agentSourcedIds and role',
      'ben student: is the student',
    ])
  })

  it('of those who are not: relatives, other topics, the deny list, disabled accounts, and dates', () => {
    expect(lines(relations(), 'ann', 'drawing').notTold).toEqual([
      'tom teacher: teaches the student other topics',
      'emil guardian: is a relative, who are told only where the school says so',
    ])
    const users = SMALL.users.map((u) => (u['sourcedId'] === 'tina' ? { ...u, enabledUser: 'false' } : u))
    const barred = lines(relations(bulk({ users }), 'student,user\nann,dora\n'), 'ann')
    expect(barred.notTold).toEqual(
      expect.arrayContaining(['dora guardian: stands on the deny list', 'tina teacher: is disabled in the roster']),
    )
    const roles = SMALL.roles.map((r) => (r['userSourcedId'] === 'dora' ? { ...r, endDate: '2026-09-01' } : r))
    const enrollments = SMALL.enrollments.map((e) =>
      e['sourcedId'] === 'm6-tom' ? { ...e, beginDate: '2026-12-01' } : e,
    )
    const dated = lines(relations(bulk({ roles, enrollments })), 'ann')
    expect(dated.notTold).toEqual(
      expect.arrayContaining([
        'dora guardian: has a role that ended on 2026-08-31',
        'tom teacher: has an enrolment that begins on 2026-11-30',
      ]),
    )
    const left = relations(
      bulk({
        enrollments: [enrolled('m6', 'ann', 'student', { endDate: '2026-09-01' }), enrolled('m6', 'tom', 'teacher')],
      }),
    )
    expect(lines(left, 'ann').notTold).toContain(
      "tom teacher: teaches a class in which the student's enrolment ended on 2026-08-31",
    )
  })
})
