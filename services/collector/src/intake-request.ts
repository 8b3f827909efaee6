import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import { setImmediate as turn } from 'node:timers/promises'
import { bodyChunks, type Encoding, EncodingError, SentPrefix } from '@mastery/infra/http/body.ts'
import { HttpError } from '@mastery/infra/http/call.ts'
import { JsonElementSplitter } from '@mastery/topology/importers/json-array.ts'
import type { RejectCode } from '@mastery/topology/rejects/codes.ts'
import type { Admission } from './admission.ts'
import type { Format, Opened } from './format.ts'
import type { CollectorLimits } from './limits.ts'
import { type Line, LineSplitter } from './lines.ts'
import type { Refusal, Submission, Unread } from './submission.ts'

/** Records handled before other requests get a turn. */
const TURN = 500
const JSON_TYPE = 'application/json'
const LINE_TYPE = 'application/x-ndjson'

const EMPTY = new HttpError(
  400,
  'empty_body',
  'The body is empty: send a JSON object, an array of them, or one per line.',
)

/** Reads the body of one request into a submission. Throws HttpError, after which nothing counts as acknowledged. */
export class IntakeRequest {
  private readonly request: IncomingMessage
  private readonly encoding: Encoding
  private readonly limits: CollectorLimits
  private readonly admission: Admission
  private readonly submission: Submission
  private readonly sent: SentPrefix
  private held = 0

  constructor(
    request: IncomingMessage,
    encoding: Encoding,
    limits: CollectorLimits,
    admission: Admission,
    submission: Submission,
  ) {
    this.request = request
    this.encoding = encoding
    this.limits = limits
    this.admission = admission
    this.submission = submission
    this.sent = new SentPrefix(limits.recordBytes)
  }

  async read(format: Format, mediaType: string): Promise<void> {
    try {
      if (mediaType === JSON_TYPE) await this.document(format)
      else await this.lines()
      await this.submission.flush()
    } catch (error) {
      if (!(error instanceof EncodingError)) throw error
      await this.refuse(
        400,
        { bytes: this.sent.bytes(), total: this.sent.total, contentType: `application/${this.encoding}` },
        'bad_encoding',
        `The body is not the ${this.encoding} that Content-Encoding says, or it breaks off.`,
      )
    } finally {
      this.admission.release(this.held)
    }
  }

  private async *chunks(): AsyncGenerator<Buffer> {
    yield* bodyChunks(this.request, this.encoding, this.limits, this.sent)
  }

  private hold(bytes: number): void {
    this.held += bytes
    this.admission.hold(bytes)
  }

  private async document(format: Format): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of this.chunks()) {
      this.hold(chunk.length)
      chunks.push(chunk)
    }
    const bytes = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
    if (bytes.length === 0) throw EMPTY
    const whole: Unread = { bytes, total: bytes.length, contentType: JSON_TYPE }
    if (!isUtf8(bytes)) await this.refuse(400, whole, 'bad_utf8', 'The body is no UTF-8: send JSON in UTF-8.')
    const text = withoutMark(bytes.toString('utf8'))
    if (text.trim() === '') throw EMPTY
    let opened: Opened
    try {
      opened = format.open(JSON.parse(text))
    } catch {
      return this.refuse(
        400,
        whole,
        'malformed_json',
        'The body is no JSON: send one object, an array, or one object per line as application/x-ndjson.',
      )
    }
    if (opened.type === 'problem') return this.refuse(opened.status, whole, opened.code, opened.message)
    if (opened.layout === 'single' && bytes.length > this.limits.recordBytes) throw tooLarge(this.limits.recordBytes)
    await this.records(opened, text, whole)
  }

  private async records(opened: Extract<Opened, { type: 'records' }>, text: string, whole: Unread): Promise<void> {
    let texts: string[] | null = null
    const textOf = (i: number): string => {
      texts ??= opened.layout === 'array' ? elementTexts(text) : opened.records.map((r) => JSON.stringify(r))
      return texts[i]!
    }
    const raw = (i: number): Unread => {
      if (opened.layout === 'single') return whole
      const bytes = Buffer.from(textOf(i))
      return { bytes, total: bytes.length, contentType: JSON_TYPE }
    }
    const maybeLarge = opened.layout !== 'single' && whole.total > this.limits.recordBytes
    for (const [i, record] of opened.records.entries()) {
      if (maybeLarge && Buffer.byteLength(textOf(i)) > this.limits.recordBytes)
        this.submission.reject(raw(i), tooLargeRecord(this.limits.recordBytes))
      else this.submission.record(record, () => raw(i))
      if (this.submission.full) await this.submission.flush()
      else if (i % TURN === TURN - 1) await turn()
    }
  }

  private async lines(): Promise<void> {
    const splitter = new LineSplitter(this.limits.recordBytes)
    let first = true
    let n = 0
    const take = async (lines: Line[]): Promise<void> => {
      for (const line of lines) {
        this.line(line, first)
        first = false
        if (this.submission.full) await this.submission.flush()
        else if (++n % TURN === 0) await turn()
      }
    }
    for await (const chunk of this.chunks()) {
      this.hold(chunk.length)
      await take(splitter.push(chunk))
      this.admission.release(chunk.length)
      this.held -= chunk.length
    }
    await take(splitter.end())
    if (this.submission.receipt.records === 0) throw EMPTY
  }

  private line({ bytes, length }: Line, first: boolean): void {
    const raw = (): Unread => ({ bytes, total: length, contentType: LINE_TYPE })
    if (length > this.limits.recordBytes) {
      this.submission.reject(raw(), tooLargeRecord(this.limits.recordBytes))
      return
    }
    if (!isUtf8(bytes)) {
      this.submission.reject(raw(), { code: 'bad_utf8', message: 'The line is no UTF-8: send JSON in UTF-8.' })
      return
    }
    const text = first ? withoutMark(bytes.toString('utf8')) : bytes.toString('utf8')
    if (text.trim() === '') return
    let json: unknown
    try {
      json = JSON.parse(text)
    } catch {
      this.submission.reject(raw(), {
        code: 'malformed_json',
        message: 'The line is no JSON: send one JSON object per line.',
      })
      return
    }
    this.submission.record(json, raw)
  }

  /** The whole body becomes one reject; the answer names it once it is kept. */
  private async refuse(status: number, unread: Unread, code: RejectCode, message: string): Promise<never> {
    const rejectId = this.submission.reject(unread, { code, message })
    await this.submission.flush()
    throw new HttpError(status, code, message, { more: { reject_id: rejectId } })
  }
}

function elementTexts(text: string): string[] {
  const splitter = new JsonElementSplitter()
  return [...splitter.push(text), ...splitter.end()].map((e) => e.raw)
}

function withoutMark(text: string): string {
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
}

function largeMessage(limit: number): string {
  return `The record has more than ${limit} bytes: send less in it.`
}

function tooLargeRecord(limit: number): Refusal {
  return { code: 'record_too_large', message: largeMessage(limit) }
}

function tooLarge(limit: number): HttpError {
  return new HttpError(413, 'record_too_large', largeMessage(limit), { more: { limit } })
}
