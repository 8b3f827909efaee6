import { describe, expect, it } from 'vitest'
import { intakeStage } from './intake-stage.ts'

const stage = intakeStage({ tenants: ['school'], pseudonym: (tenant, id) => `${tenant}:${id}` })
const step = (value: string | Buffer) =>
  stage.step(
    {
      subject: 'reject',
      value: Buffer.from(value as string),
      key: 'theirs',
      origin: { topic: 'learning.intake', partition: 2, offset: 7 },
      timestamp: 1_788_000_000_000.4,
    },
    null,
    null,
  )
const event = {
  tenant: 'school',
  id: 'e1',
  student: '42',
  kind: 'quiz_attempt',
  occurred_at: '2026-09-01T08:30:00Z',
  correct: false,
}

describe('intake of raw records', () => {
  it('sends an event to the partition of its student, observed when the log took it', () => {
    const r = step(JSON.stringify(event))
    expect(r).toMatchObject({
      type: 'ok',
      outputs: [
        {
          topic: 'learning.events',
          byKey: true,
          subject: 'learning-event',
          key: 'school:42',
          value: { event_id: 'e1', observed_at: 1_788_000_000_000 },
        },
      ],
    })
  })

  it('sends a void as a command', () => {
    const r = step(JSON.stringify({ tenant: 'school', id: 'v1', student: '42', void: 'e1' }))
    expect(r).toMatchObject({ type: 'ok', outputs: [{ subject: 'student-command', key: 'school:42', byKey: true }] })
  })

  it.each([
    ['{"tenant": ', 'malformed_json'],
    ['[]', 'not_an_object'],
    ['7', 'not_an_object'],
    [Buffer.from([0xff, 0xfe]), 'bad_utf8'],
    [JSON.stringify({ ...event, tenant: 'nobody' }), 'unknown_tenant'],
    [JSON.stringify({ ...event, tenant: undefined }), 'unknown_tenant'],
    [JSON.stringify({ ...event, id: null }), 'missing_id'],
    [JSON.stringify({ ...event, note: 'x'.repeat(300_000) }), 'record_too_large'],
  ])('sets %j aside as %s', (value, code) => {
    expect(step(value)).toMatchObject({ type: 'dead_letter', code })
  })
})
