import { schemaVersions } from '@mastery/schemas/src/subjects.ts'
import { describe, expect, it } from 'vitest'
import { AvroCodec } from './codec.ts'

const SUBJECT = 'learning-event'
const text = schemaVersions(SUBJECT).at(-1)!.text
const next = JSON.stringify({
  ...JSON.parse(text),
  fields: [...JSON.parse(text).fields, { name: 'device', type: ['null', 'string'], default: null }],
})

const event = {
  event_id: 'e-1',
  tenant: 'school',
  student: 'ab'.repeat(16),
  kind: 'quiz_attempt',
  role: 'evidence',
  authority: 'server',
  item: 'q1',
  topics: ['fractions'],
  session: null,
  context: null,
  occurred_at: 1_700_000_000_000,
  observed_at: 1_700_000_000_500,
  source_sequence: 1,
  correct: true,
  score: 1,
  score_rule: 'binary',
  attempt_number: 1,
  hints: 0,
  response_time_ms: 1200,
  first_action_ms: null,
  answer_request_ms: null,
  actions: { select: 1 },
  video_coverage: null,
  help_requests: null,
  source_system: 'quiz',
  source_dialect: 'own',
  adapter_version: '1',
  opportunity_key: null,
  supersedes: null,
}

function writing(id: number, schema: string, version = 0): AvroCodec {
  const codec = new AvroCodec(async () => null)
  codec.useWriter(SUBJECT, id, schema, version)
  return codec
}

describe('records of another schema version', () => {
  const old = Buffer.from(writing(1, text).encode(SUBJECT, event))
  const young = Buffer.from(writing(2, next).encode(SUBJECT, { ...event, device: 'tablet' }))

  it('written by an older version come out as the newest one, new fields at their defaults', () => {
    const codec = writing(2, next, 2)
    codec.addReader(SUBJECT, 1, text, 1)
    expect(codec.decode(old)).toEqual({ subject: SUBJECT, value: { ...event, device: null }, version: 1 })
    expect(codec.decode(young)).toEqual({ subject: SUBJECT, value: { ...event, device: 'tablet' }, version: 2 })
  })

  it('written by a newer version come out as what this build knows', () => {
    const codec = writing(1, text, 1)
    codec.addReader(SUBJECT, 2, next)
    expect(codec.decode(young)).toEqual({ subject: SUBJECT, value: event, version: 0 })
  })

  it('of an id that nobody has named are refused by it', () => {
    expect(() => writing(2, next).decode(old)).toThrow('no schema with id 1')
  })
})
