/** One logical record of delimited text: `raw` without its line end, `line` the 1-based number of its first line. */
export interface LogicalRecord {
  raw: string
  line: number
}

export type Delimiter = ',' | '\t' | ';'

/** The delimiter that a header uses most; the tab wins a tie, since a tab is never part of a column's name. */
export function detectDelimiter(header: string): Delimiter {
  const outside = header.includes('"') ? header.replace(/"[^"]*"/g, '') : header
  let best: Delimiter = ','
  let most = 0
  for (const candidate of ['\t', ',', ';'] as const) {
    const count = outside.split(candidate).length - 1
    if (count > most) {
      most = count
      best = candidate
    }
  }
  return best
}

/**
 * Characters after which an open quote is taken for a stray one. It bounds memory, and what one stray quote costs:
 * the record it stands in, not the rest of the file.
 */
const LONGEST_QUOTED_RECORD = 262_144

/**
 * Splits text, given in chunks of any size, into logical records. Quotes as in RFC 4180: a quote that opens a field
 * hides line ends until it closes, and `""` inside is one quote. LF and CRLF both end a record; a byte order mark and
 * empty lines are dropped. The records do not depend on where the chunks were cut.
 *
 * A quote that never closes, or closes with text after it, gives its first physical line as a record of its own, for
 * which `splitFields` gives null.
 */
export class RecordSplitter {
  readonly #quoting: boolean
  #delimiter: Delimiter | null
  #rest = ''
  #searched = 0
  #quoted = false
  #line = 1
  #atStart = true
  #quoteAt = -1

  /** Without a delimiter the first line decides. `quoting: 'none'` is for formats in which a quote is a plain character. */
  constructor(options: { delimiter?: Delimiter; quoting?: 'rfc4180' | 'none' } = {}) {
    this.#delimiter = options.delimiter ?? null
    this.#quoting = options.quoting !== 'none'
  }

  push(chunk: string): LogicalRecord[] {
    if (this.#atStart && chunk.length > 0) {
      this.#atStart = false
      if (chunk.charCodeAt(0) === 0xfeff) chunk = chunk.slice(1)
    }
    this.#quoteAt = -1
    const out: LogicalRecord[] = []
    this.#split(this.#rest === '' ? chunk : this.#rest + chunk, out)
    return out
  }

  /** The last record, where the file does not end in a line end. */
  end(): LogicalRecord[] {
    const out: LogicalRecord[] = []
    this.#quoteAt = -1
    if (this.#rest !== '') this.#split(`${this.#rest}\n`, out)
    while (this.#rest !== '') {
      const text = this.#rest
      const first = text.indexOf('\n')
      this.#giveUpQuote(text, 0, first, out)
      this.#split(text, out, first + 1)
    }
    return out
  }

  #split(text: string, out: LogicalRecord[], from = 0): void {
    let start = from
    let at = from > 0 ? from : this.#searched
    for (;;) {
      const end = text.indexOf('\n', at)
      if (end < 0) break
      this.#delimiter ??= detectDelimiter(text.slice(start, end))
      const quotes = this.#quoting ? this.#follow(text, start, at, end) : 'closed'
      if (quotes === 'open' && end - start <= LONGEST_QUOTED_RECORD) {
        at = end + 1
      } else if (quotes === 'closed') {
        this.#emit(text, start, end, out)
        start = at = end + 1
      } else {
        const first = text.indexOf('\n', start)
        this.#giveUpQuote(text, start, first, out)
        start = at = first + 1
      }
    }
    this.#rest = text.slice(start)
    this.#searched = at - start
  }

  /** Follows the quotes of text[at, end): whether one is open at `end`, or the closing one is none since text follows it. */
  #follow(text: string, start: number, at: number, end: number): 'open' | 'closed' | 'broken' {
    let i = at
    for (;;) {
      if (this.#quoteAt < i) {
        const found = text.indexOf('"', i)
        this.#quoteAt = found < 0 ? Number.POSITIVE_INFINITY : found
      }
      const q = this.#quoteAt
      if (q >= end) return this.#quoted ? 'open' : 'closed'
      i = q + 1
      if (!this.#quoted) {
        this.#quoted = q === start || text[q - 1] === this.#delimiter
      } else if (text.charCodeAt(i) === 34) {
        i++
      } else {
        this.#quoted = false
        const next = text[i]
        if (next !== this.#delimiter && next !== '\n' && next !== '\r') return 'broken'
      }
    }
  }

  #giveUpQuote(text: string, start: number, end: number, out: LogicalRecord[]): void {
    this.#quoted = false
    this.#quoteAt = -1
    this.#emit(text, start, end, out)
  }

  #emit(text: string, start: number, end: number, out: LogicalRecord[]): void {
    const line = this.#line
    this.#line += 1
    for (let at = text.indexOf('\n', start); at >= 0 && at < end; at = text.indexOf('\n', at + 1)) this.#line += 1
    const stop = end > start && text.charCodeAt(end - 1) === 13 ? end - 1 : end
    if (stop > start) out.push({ raw: text.slice(start, stop), line })
  }
}

/**
 * Fields of one record. Null where the quotes do not fit RFC 4180: one that never closes, or text after a closing one.
 * A quote inside a field that does not begin with one is a plain character.
 */
export function splitFields(raw: string, delimiter: string): string[] | null {
  if (raw.indexOf('"') < 0) return raw.split(delimiter)
  const fields: string[] = []
  let at = 0
  for (;;) {
    if (raw.charCodeAt(at) !== 34) {
      const end = raw.indexOf(delimiter, at)
      if (end < 0) {
        fields.push(raw.slice(at))
        return fields
      }
      fields.push(raw.slice(at, end))
      at = end + 1
      continue
    }
    let value = ''
    let from = at + 1
    for (;;) {
      const quote = raw.indexOf('"', from)
      if (quote < 0) return null
      value += raw.slice(from, quote)
      if (raw.charCodeAt(quote + 1) !== 34) {
        at = quote + 1
        break
      }
      value += '"'
      from = quote + 2
    }
    fields.push(value)
    if (at === raw.length) return fields
    if (raw[at] !== delimiter) return null
    at += 1
  }
}
