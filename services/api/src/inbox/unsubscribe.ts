import type { Secrets } from '@mastery/infra/config/secrets.ts'
import { readUnsubscribeToken } from '@mastery/infra/config/unsubscribe.ts'
import { type Call, HttpError, type Reply } from '@mastery/infra/http/call.ts'
import type { Handler } from '@mastery/infra/http/router.ts'
import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'

const PAGE = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>No more mails</title></head>
<body style="font-family:sans-serif">
<p>No more mails about learning? The inbox stays. / Keine E-Mails mehr zum Lernen? Das Postfach bleibt.</p>
<form method="post"><button>No more mails / Keine E-Mails mehr</button></form>
</body></html>
`

/** Opens with the token of a mail, and with nothing else. */
export function unsubscribeRoutes(
  secrets: Secrets,
  gold: Pick<GoldStore, 'insert'>,
  now: () => number,
): Record<'unsubscribe' | 'unsubscribePage', Handler> {
  function reader(call: Call) {
    const named = readUnsubscribeToken(secrets, call.query.get('token') ?? '')
    if (named) return named
    throw new HttpError(400, 'bad_token', 'This link is not whole. Copy it from the mail again, all of it.')
  }
  return {
    async unsubscribe(call): Promise<Reply> {
      const { tenant, recipient } = reader(call)
      await gold.insert([{ table: 'delivery_optouts', rows: [[tenant, recipient, 'mail', true, now()]] }])
      return { status: 200, body: { status: 'unsubscribed', channel: 'mail' } }
    },
    async unsubscribePage(call): Promise<Reply> {
      reader(call)
      const headers = {
        'Content-Type': 'text/html; charset=utf-8',
        'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
        'Referrer-Policy': 'no-referrer',
      }
      return { status: 200, body: Buffer.from(PAGE), headers }
    },
  }
}
