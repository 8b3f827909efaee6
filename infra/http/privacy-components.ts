import { exact, list, nullable, text, time, whole } from './schema-parts.ts'

/** Bodies of the requests and replies about one student's data. */
export const PRIVACY_COMPONENTS = {
  StudentInput: {
    type: 'object',
    required: ['student_id'],
    properties: {
      student_id: { type: 'string', maxLength: 512, description: "The tenant's own id, or a pseudonym." },
      reason: { type: 'string', maxLength: 500, description: 'Kept with the command. No personal data.' },
    },
  },
  ErasureReceipt: exact({
    receipt_id: text,
    tenant: text,
    student_id: text,
    status: { enum: ['complete', 'pending'] },
    waiting_for: list(text),
    erased_at: time,
    readmitted_at: nullable(time),
    checked_at: time,
    state: list(
      exact({
        generation: whole,
        store: { enum: ['features', 'scoring', 'alerts'] },
        found: { enum: ['erased', 'readmitted', 'none', 'data'] },
      }),
    ),
    gold: list(exact({ table: text, removed: whole, left: whole, verified: { type: 'boolean' } })),
    kept: list(exact({ table: text, why: text })),
    roster: exact({
      checked: { type: 'boolean' },
      person: { type: 'boolean' },
      guardians: whole,
      version: nullable(text),
      former_versions: whole,
      note: text,
    }),
    jobs: exact({ checked: { type: 'boolean' }, with_the_pseudonym: whole, note: text }),
    topics: list(exact({ topic: text, gone_by: nullable(time), removed: whole, note: text })),
    models: exact({ trained_on_subject: list(text), not_recorded: list(text), note: text }),
    late_dropped: whole,
  }),
  Readmission: exact({
    tenant: text,
    student_id: text,
    status: { enum: ['readmitted', 'not_erased', 'pending'] },
    from: nullable(time),
  }),
  StudentExport: exact({
    tenant: text,
    student_id: text,
    exported_at: time,
    readme: text,
    gold: { type: 'object', additionalProperties: list({ type: 'object' }), description: 'Rows by table.' },
    state: { type: 'object', additionalProperties: { type: 'object' } },
    identity: nullable(exact({ pseudonym: text, name: text, email: nullable(text), language: nullable(text) })),
    jobs: list({ type: 'object' }),
    known: { type: 'boolean' },
  }),
} as const
