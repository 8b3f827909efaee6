import { exact, list, nullable, number, text, time, whole } from './schema-parts.ts'

/** Bodies of the requests and replies about alerts. */
export const INBOX_COMPONENTS = {
  Inbox: exact({
    recipient: text,
    tenant: text,
    alerts: list(
      exact({
        alert_id: text,
        sequence: whole,
        kind: { enum: ['firing', 'resolved', 'escalated'] },
        state: text,
        rule: text,
        scope: text,
        severity: text,
        role: text,
        student_id: nullable(text),
        student_name: nullable(text),
        class: nullable(text),
        topic: nullable(text),
        occurred_at: time,
        told_at: time,
        place: { enum: ['text', 'more', 'muted'] },
        mutes: whole,
        headline: text,
        words: list(text),
        next: nullable(text),
        evidence: list(exact({ code: text, value: nullable(number), text: nullable(text) })),
      }),
    ),
    next_cursor: nullable(text),
  }),
  AlertDeed: {
    type: 'object',
    properties: {
      reason: { type: 'string', maxLength: 500, description: 'Why; needed for a silence. No personal data.' },
      until: { anyOf: [time, { type: 'integer' }], description: 'When it ends; needed for a silence.' },
      recipient: { type: 'string', maxLength: 512, description: 'On whose behalf, for keys of nobody in particular.' },
    },
  },
  AlertCommand: exact({ command_id: text, alert_id: text, kind: text }),
  Unsubscribed: exact({ status: { enum: ['unsubscribed'] }, channel: { enum: ['mail'] } }),
} as const
