import { errors, path, query, type RouteSpec } from './route-spec.ts'

/** Inboxes, what people do about alerts, and the way off mails. */
export const INBOX_ROUTES: readonly RouteSpec[] = [
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
        202: {
          about: 'The command is in the log; the alert changes within seconds, one on a class within minutes.',
          schema: 'AlertCommand',
        },
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
]
