import { type Cure, codeInfo } from '@mastery/topology/rejects/codes.ts'
import { contentOf } from '@mastery/topology/rejects/content.ts'
import type { Host } from '../command.ts'
import { table } from '../tables.ts'
import { shortId } from './resend.ts'
import { type Group, loadAll, type RejectRow } from './store.ts'

/** What can be done, in a word. */
const CURES: Readonly<Record<Cure, string>> = {
  transform: 'fix',
  resend: 'replay',
  source: 'send anew',
  decide: 'accept or dismiss',
}

function cureOf(row: RejectRow): string {
  const id = shortId(row.reject_id)
  switch (codeInfo(row.code).cure) {
    case 'transform':
      return `"npx mastery rejects fix ${id} --fix FILE --dry-run" tries a transform, or mend it at its source.`
    case 'resend':
      return `"npx mastery rejects replay ${id}" sends it as it is, once this installation knows what it lacked.`
    case 'source':
      return `It has to be sent again from its source; "npx mastery rejects dismiss ${id} --reason TEXT" settles this one.`
    case 'decide':
      return `"npx mastery rejects accept ${id}" makes this one count, "rejects dismiss ${id} --reason TEXT" keeps the first.`
  }
}

export function listText(rows: readonly RejectRow[]): string {
  return table(
    ['id', 'stage', 'code', 'alike', 'from', 'at', 'observed', 'tries', 'status', 'why'],
    rows.map((r) => [
      shortId(r.reject_id),
      r.stage,
      r.code,
      String(r.alike),
      r.origin_topic,
      String(r.origin_offset),
      r.observed_at.slice(0, 19),
      String(r.attempts),
      r.status,
      r.message.slice(0, 90),
    ]),
  )
}

export function summaryText(groups: readonly Group[]): string {
  return table(
    ['code', 'unsettled', 'all', 'stage', 'from', 'newest', 'cure', 'for example', 'means'],
    groups.map((g) => {
      const { means, cure } = codeInfo(g.code)
      return [
        g.code,
        String(g.unsettled),
        String(g.n),
        g.stage,
        g.origin_topic,
        g.newest.slice(0, 19),
        CURES[cure],
        shortId(g.example),
        means,
      ]
    }),
  )
}

/** Everything about one reject, with its bytes as far as a terminal may have them. */
export async function showText(host: Host, row: RejectRow): Promise<string> {
  const head = [
    `${row.stage}: ${row.code} (${codeInfo(row.code).means})`,
    row.message,
    `from ${row.origin_topic}, partition ${row.origin_partition}, at ${row.origin_offset}; observed ${row.observed_at}; refused ${row.attempts} ${row.attempts === 1 ? 'time' : 'times'}`,
    `status: ${row.status}${row.status_note ? ` (${row.status_note})` : ''}`,
  ]
  const [loaded] = await loadAll(host.installation, [row])
  if (!loaded || 'gone' in loaded) return `${head.join('\n')}\n\n${loaded?.gone}\n`
  if (row.status === 'open' || row.status === 'refused') head.push(cureOf(row))
  const { reject, bytes } = loaded
  const content = contentOf(reject, bytes, host.installation.codec)
  head.push(`${reject.content_type}, ${bytes.length} bytes`)
  switch (content.form) {
    case 'row': {
      const { format, file, line, header, row: text } = content.row
      return `${head.join('\n')}\n${file}, line ${line}, format ${format}\n\n${printable(header ? `${header}\n${text}` : text, bytes)}\n`
    }
    case 'record':
      return `${head.join('\n')}\n${content.subject}\n\n${printable(JSON.stringify(content.value, null, 2), bytes)}\n`
    case 'json':
      return `${head.join('\n')}\n\n${printable(content.text, bytes)}\n`
    case 'unreadable':
      return `${head.join('\n')}\n${content.why}\n\n${printable(bytes.toString('utf8'), bytes)}\n`
  }
}

/** The text, or the bytes in hexadecimal where a terminal would take some of it for commands. */
function printable(text: string, bytes: Buffer): string {
  for (const c of text) {
    const code = c.codePointAt(0)!
    if (code === 0xfffd || code === 127 || (code < 32 && code !== 9 && code !== 10 && code !== 13))
      return bytes.toString('hex').replace(/(.{64})/g, '$1\n')
  }
  return text
}
