import type { ComponentName } from './components.ts'

export interface ParameterSpec {
  name: string
  in: 'path' | 'query'
  required: boolean
  about: string
  type: 'string' | 'integer'
}

export interface RouteSpec {
  service: 'collector' | 'api'
  id: string
  method: 'GET' | 'POST'
  path: string
  about: string
  parameters: readonly ParameterSpec[]
  /** Media types of the request's body, the schema of one record in it, and whether JSON may be an array of them. */
  body?: { mediaTypes: readonly string[]; schema: ComponentName; array: boolean }
  /** Status to the schema of its body. Every error has the schema `Error`. */
  replies: Readonly<Record<number, { about: string; schema: ComponentName | null }>>
  /** Needs an API key. */
  keyed: boolean
}

const ERRORS = {
  400: 'The request cannot be read; the message says what to change.',
  401: 'The API key is missing or unknown.',
  403: 'The API key is not for this; the message names the role that is.',
  404: 'Nothing is known under this id or path.',
  413: 'The body or a single record is too large.',
  415: 'Content type or encoding is not taken.',
  422: 'The envelope has a version that is not read.',
  429: 'Too much is waiting, or the tenant sends too fast; Retry-After says when to try again.',
  503: 'A store does not answer; nothing was acknowledged. Try again.',
} as const

function errors(...codes: (keyof typeof ERRORS)[]): RouteSpec['replies'] {
  return Object.fromEntries(codes.map((c) => [c, { about: ERRORS[c], schema: 'Error' }]))
}

const health = (service: RouteSpec['service']): RouteSpec => ({
  service,
  id: 'health',
  method: 'GET',
  path: '/health',
  about: 'Says that the process lives.',
  parameters: [],
  replies: { 200: { about: 'It does.', schema: 'Health' } },
  keyed: false,
})

const TAKEN: RouteSpec['replies'] = {
  200: { about: 'Every record is in the log.', schema: 'Receipt' },
  207: { about: 'Some records are in the log as rejects; their results say why.', schema: 'Receipt' },
  ...errors(400, 401, 403, 413, 415, 429, 503),
}

const path = (name: string, about: string): ParameterSpec => ({
  name,
  in: 'path',
  required: true,
  about,
  type: 'string',
})
const query = (name: string, about: string, type: ParameterSpec['type'] = 'string'): ParameterSpec => ({
  name,
  in: 'query',
  required: false,
  about,
  type,
})

const STUDENT = "The tenant's own student id, or a pseudonym of 32 hexadecimal digits."

/** Every HTTP route once: the services bind handlers to it, and the OpenAPI document is made from it. */
export const ROUTES: readonly RouteSpec[] = [
  {
    service: 'collector',
    id: 'events',
    method: 'POST',
    path: '/v1/events',
    about: 'Takes learner events in the own JSON format: one object, an array, or one object per line.',
    parameters: [],
    body: { mediaTypes: ['application/json', 'application/x-ndjson'], schema: 'EventInput', array: true },
    replies: TAKEN,
    keyed: true,
  },
  {
    service: 'collector',
    id: 'xapi',
    method: 'POST',
    path: '/v1/xapi/statements',
    about: 'Takes xAPI 1.0.3 and 2.0 statements: one, or an array.',
    parameters: [],
    body: { mediaTypes: ['application/json'], schema: 'XapiStatement', array: true },
    replies: TAKEN,
    keyed: true,
  },
  {
    service: 'collector',
    id: 'caliper',
    method: 'POST',
    path: '/v1/caliper',
    about: 'Takes Caliper 1.1 and 1.2 envelopes.',
    parameters: [],
    body: { mediaTypes: ['application/json'], schema: 'CaliperEnvelope', array: false },
    replies: { ...TAKEN, ...errors(422) },
    keyed: true,
  },
  health('collector'),
  {
    service: 'api',
    id: 'mastery',
    method: 'GET',
    path: '/mastery/{student_id}',
    about: 'Current mastery of every topic of a student, explained, with the windows as of now.',
    parameters: [path('student_id', STUDENT)],
    replies: { 200: { about: 'Current mastery.', schema: 'Mastery' }, ...errors(400, 401, 403, 404, 503) },
    keyed: true,
  },
  {
    service: 'api',
    id: 'history',
    method: 'GET',
    path: '/mastery/{student_id}/{topic_id}/history',
    about: 'Mastery of a student and topic over time, oldest first.',
    parameters: [
      path('student_id', STUDENT),
      path('topic_id', 'Knowledge component.'),
      query('from', 'First as_of, ISO 8601 or epoch milliseconds.'),
      query('to', 'Last as_of, ISO 8601 or epoch milliseconds.'),
      query('source', 'Only this model: rule, bkt, elo or blend.'),
      query('limit', 'Rows at most, 1 to 1000; 100 where left out.', 'integer'),
      query('cursor', 'next_cursor of the page before.'),
    ],
    replies: { 200: { about: 'One page of history.', schema: 'MasteryHistory' }, ...errors(400, 401, 403, 404, 503) },
    keyed: true,
  },
  {
    service: 'api',
    id: 'estimates',
    method: 'GET',
    path: '/api/kt/mastery',
    about: "Knowledge tracing estimates by model: of one student's topics, or of one topic's students.",
    parameters: [
      query('student_id', `${STUDENT} Needed where topic_id is left out.`),
      query('topic_id', 'Knowledge component. Needed where student_id is left out.'),
      query('model', 'Only this model: rule, bkt, elo or blend.'),
      query('limit', 'Estimates at most, 1 to 1000; 100 where left out.', 'integer'),
    ],
    replies: { 200: { about: 'Estimates.', schema: 'Estimates' }, ...errors(400, 401, 403, 404, 503) },
    keyed: true,
  },
  {
    service: 'api',
    id: 'recommendations',
    method: 'GET',
    path: '/recommendations/{student_id}',
    about:
      'A topic to work on next and items of it near the aimed share of right answers, each with the reason. What could have been chosen is logged with its probability.',
    parameters: [
      path('student_id', STUDENT),
      query('topic_id', 'Items of this topic; where left out the policy chooses one.'),
      query('policy', 'linucb, thompson or weakest-first; linucb where left out.'),
      query('limit', 'Topics and items at most, 1 to 1000; 5 where left out.', 'integer'),
    ],
    replies: { 200: { about: 'A recommendation.', schema: 'Recommendation' }, ...errors(400, 401, 403, 404, 503) },
    keyed: true,
  },
  {
    service: 'api',
    id: 'alerts',
    method: 'GET',
    path: '/alerts',
    about:
      'Inbox of a person: what the person was told, the newest notice of each alert, the last told first. A key of the role person opens its own; admins and operators name one.',
    parameters: [
      query('recipient', 'Whose inbox, by id or pseudonym. Needed where the key is of nobody in particular.'),
      query('student_id', 'Only alerts about this student.'),
      query('class', 'Only alerts of this class.'),
      query('state', 'Only alerts in this state: firing, recovering, acknowledged, silenced, no_data or resolved.'),
      query('lang', 'Language of the words: en or de.'),
      query('limit', 'Alerts at most, 1 to 1000; 100 where left out.', 'integer'),
      query('cursor', 'next_cursor of the page before.'),
    ],
    replies: { 200: { about: 'One page of the inbox.', schema: 'Inbox' }, ...errors(400, 401, 403, 503) },
    keyed: true,
  },
  ...(
    [
      ['acknowledge', 'acknowledge', 'Says that somebody takes care of an alert: it is not told again for a while.'],
      ['silence', 'silence', 'Silences the rule of an alert for its student and topic until a time.'],
      ['unsilence', 'unsilence', 'Takes a silence back.'],
      [
        'notUseful',
        'not-useful',
        'Says that an alert was of no use: it ends like an acknowledged one, and the rules learn of it.',
      ],
    ] as const
  ).map(
    ([id, name, about]): RouteSpec => ({
      service: 'api',
      id,
      method: 'POST',
      path: `/alerts/{alert_id}/${name}`,
      about,
      parameters: [path('alert_id', 'The alert, as the inbox names it.')],
      body: { mediaTypes: ['application/json'], schema: 'AlertDeed', array: false },
      replies: {
        202: { about: 'The command is in the log; the alert changes within seconds.', schema: 'AlertCommand' },
        ...errors(400, 401, 403, 404, 413, 415, 503),
      },
      keyed: true,
    }),
  ),
  {
    service: 'api',
    id: 'unsubscribe',
    method: 'POST',
    path: '/unsubscribe',
    about: 'Takes the reader of a mail off further mails, by the token that the mail has (RFC 8058). The inbox stays.',
    parameters: [{ name: 'token', in: 'query', required: true, about: 'As the mail has it.', type: 'string' }],
    replies: { 200: { about: 'No more mails.', schema: 'Unsubscribed' }, ...errors(400, 503) },
    keyed: false,
  },
  {
    service: 'api',
    id: 'unsubscribePage',
    method: 'GET',
    path: '/unsubscribe',
    about: 'A page with one button that does the same: following a link changes nothing.',
    parameters: [{ name: 'token', in: 'query', required: true, about: 'As the mail has it.', type: 'string' }],
    replies: { 200: { about: 'The page, as HTML.', schema: null }, ...errors(400) },
    keyed: false,
  },
  {
    service: 'api',
    id: 'erase',
    method: 'POST',
    path: '/privacy/erase',
    about: 'Erases a student for good, and answers with what every store says. Takes a key with the role admin.',
    parameters: [],
    body: { mediaTypes: ['application/json'], schema: 'StudentInput', array: false },
    replies: {
      200: { about: 'Erased; every store was checked.', schema: 'ErasureReceipt' },
      202: {
        about: 'The command is in the log; waiting_for says who has yet to carry it out.',
        schema: 'ErasureReceipt',
      },
      ...errors(400, 401, 403, 413, 415, 503),
    },
    keyed: true,
  },
  {
    service: 'api',
    id: 'readmit',
    method: 'POST',
    path: '/privacy/readmit',
    about: "Lets an erased student's later events count again. Takes a key with the role admin.",
    parameters: [],
    body: { mediaTypes: ['application/json'], schema: 'StudentInput', array: false },
    replies: {
      200: { about: 'Readmitted, or never erased.', schema: 'Readmission' },
      202: { about: 'The command is in the log.', schema: 'Readmission' },
      ...errors(400, 401, 403, 413, 415, 503),
    },
    keyed: true,
  },
  {
    service: 'api',
    id: 'receipt',
    method: 'GET',
    path: '/privacy/receipts/{receipt_id}',
    about: 'The receipt of an erasure, as the stores stand now. Takes a key with the role admin.',
    parameters: [path('receipt_id', 'As the erasure gave it.')],
    replies: { 200: { about: 'The receipt.', schema: 'ErasureReceipt' }, ...errors(401, 403, 404, 503) },
    keyed: true,
  },
  {
    service: 'api',
    id: 'export',
    method: 'GET',
    path: '/privacy/export',
    about: 'Everything held about one student. Takes a key with the role admin; the bytes of rejects take operator.',
    parameters: [{ ...query('student_id', STUDENT), required: true }],
    replies: { 200: { about: 'All of it.', schema: 'StudentExport' }, ...errors(400, 401, 403, 503) },
    keyed: true,
  },
  health('api'),
  {
    service: 'api',
    id: 'ready',
    method: 'GET',
    path: '/ready',
    about: 'Says whether the stores behind the service answer.',
    parameters: [],
    replies: {
      200: { about: 'They do.', schema: 'Readiness' },
      503: { about: 'One does not.', schema: 'Readiness' },
    },
    keyed: false,
  },
  {
    service: 'api',
    id: 'openapi',
    method: 'GET',
    path: '/openapi.json',
    about: 'This document.',
    parameters: [],
    replies: { 200: { about: 'OpenAPI 3.1.', schema: null } },
    keyed: false,
  },
]
